"""Let what follows the log follow it: to its end, or again and again until somebody says stop."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import monotonic

from adapters.follower_files import running_lock
from adapters.log_notes import refuse_ended
from adapters.one_at_a_time import alone
from adapters.places import Places
from adapters.stores import changes_of
from cli.followers import WHY, Following, followings
from cli.progress import Progress
from cli.project import opened
from cli.screen import clean
from cli.stopping import Stop
from domain.errors import Unavailable
from domain.event_log import EventLog
from domain.following import Changes, Step, advance
from usecases.documents_following import DocumentsFollower
from usecases.project import Project

SLICE_S = 0.25
"""So soon it notices that it should stop."""
LOOK_S = 5.0
"""So often it looks at the log although nothing was heard."""
BREATH_S = 0.02
"""So long it lets commands come in before it looks again: many of them are one batch then."""
AGAIN_S, LONGEST_S = 1.0, 30.0
"""So long it leaves alone what was not available: at first, and where that does not end."""


class Told:
    """What one follower did while it ran."""

    def __init__(self) -> None:
        self.events = 0
        self.made_anew: list[str] = []
        self.edited: dict[str, None] = {}
        self.failures = 0
        self.refusal: Unavailable | None = None
        """Why the last attempt failed."""
        self._pause, self._again = AGAIN_S, 0.0

    @property
    def is_due(self) -> bool:
        """Whether the time has come for another attempt."""
        return monotonic() >= self._again

    def failed(self, error: Unavailable) -> None:
        """Note why an attempt failed; the next one comes after a pause that grows."""
        self.failures += 1
        self.refusal = error
        self._again, self._pause = monotonic() + self._pause, min(self._pause * 2, LONGEST_S)

    def succeeded(self) -> None:
        """Note that it follows again."""
        self.refusal, self._pause, self._again = None, AGAIN_S, 0.0


class Runner:
    """Those that were asked for, and what each of them did."""

    def __init__(self, names: Sequence[str], stop: Stop) -> None:
        self._names, self._stop = names, stop
        self.told = {name: Told() for name in names}

    def once(self) -> None:
        """Let each follow to the end of the log; one that cannot keeps none of the others from it."""
        with opened() as project:
            refuse_ended(project.places.state, project.log.notes())
            for following in followings(project):
                if following.name in self._names and self.told[following.name].is_due:
                    self._try(following, project.log)

    def until_stopped(self, changes: Changes) -> None:
        """Follow whenever there is word of changes, and now and then without."""
        heard, looked = True, 0.0
        while not self._stop.is_set():
            if heard or self._is_time(looked):
                looked = monotonic()
                try:
                    self.once()
                except Unavailable as error:  # the log itself; it may be about to change places with another one
                    self._failed(None, error)
                self._stop.wait(BREATH_S)
            heard = changes.wait(SLICE_S)

    def _is_time(self, looked: float) -> bool:
        """Tell whether it has to look at the log although nothing was heard."""
        return monotonic() - looked > LOOK_S or any(told.refusal and told.is_due for told in self.told.values())

    def rebuild(self) -> None:
        """Make each anew; what serves readers goes on to do so until the fresh one takes its place."""
        with opened() as project:
            refuse_ended(project.places.state, project.log.notes())
            for following in followings(project):
                if following.name in self._names:
                    self._rebuild(following, project)

    def _try(self, following: Following, log: EventLog) -> None:
        told = self.told[following.name]
        try:
            self._catch_up(following, log, told)
            told.succeeded()
        except Unavailable as error:
            self._failed(following.name, error)

    def _catch_up(self, following: Following, log: EventLog, told: Told) -> None:
        step = self._batch(following, log, told)
        with Progress(step.end - step.before, f"events for {following.file.what}") as progress:
            progress.advance(step.position - step.before)
            while step.behind and not self._stop.is_set():
                step = self._batch(following, log, told)
                progress.advance(step.position - step.before)

    def _batch(self, following: Following, log: EventLog, told: Told) -> Step:
        """Hold it for one batch only, so that others get their turn in between."""
        with following.file.held(following.opened) as follower:
            step = advance(follower, log)
            if isinstance(follower, DocumentsFollower):
                told.edited.update(dict.fromkeys(follower.edited))
        if step.doubt is not None:
            told.made_anew.append(step.doubt)
            say(f"{following.file.what}: made anew, because {WHY[step.doubt]}")
        told.events += step.position - step.before
        return step

    def _rebuild(self, following: Following, project: Project) -> None:
        told = self.told[following.name]
        told.made_anew.append("asked")
        if following.name == "documents":  # each file changes by itself, whole; there is no copy of all of them
            with following.file.held(following.opened) as follower:
                follower.begin_anew()
            self._catch_up(following, project.log, told)
            return
        with Progress(project.log.moment().position, f"events for {following.file.what}") as progress:

            def done(step: Step) -> None:
                told.events += step.position - step.before
                progress.advance(step.position - step.before)
                if self._stop.is_set():
                    raise Unavailable(
                        f"It was ended before {following.file.what} was made anew; the old one goes on serving.",
                        fix=(f"orch follow --rebuild --name {following.name}",),
                    )

            following.file.rebuild(following.opened, project.log, done=done)

    def _failed(self, name: str | None, error: Unavailable) -> None:
        """Say why it failed, once; it is tried again."""
        failed = [self.told[name]] if name else [*self.told.values()]
        if any(told.refusal is None or told.refusal.message != error.message for told in failed):
            say(f"{name or 'the log'} cannot be followed now: {error.message}")
        for told in failed:
            told.failed(error)


@contextmanager
def the_only_one(places: Places, names: Sequence[str]) -> Iterator[Changes]:
    """Be the one that follows in the background, leave word of what, and listen for changes."""
    from adapters.follower_store import files_spoken

    lock = running_lock(places)
    with files_spoken():
        lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    otherwise = Unavailable("orch follow runs here already.", fix=("orch follow --status",))
    with alone(lock, otherwise=otherwise):
        with files_spoken():
            lock.write_text(" ".join(names))
        changes = changes_of(places)  # before the first look at the log: nothing gets lost in between
        try:
            yield changes
        finally:
            changes.close()


def say(line: str) -> None:
    """Say something to whoever watches."""
    print(clean(line), file=sys.stderr, flush=True)
