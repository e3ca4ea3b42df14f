"""No path of the server is in anything that it says, whatever the folders are called and whatever refuses."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from errno import ENOSPC
from pathlib import Path
from shlex import join, quote
from shutil import rmtree
from subprocess import run
from sys import executable
from typing import NamedTuple

import orjson
import pytest

from adapters.places import Places
from adapters.service_work import EVENTS
from api import progressing
from api.known_places import places_known, without_places
from tests.api.served import IN_SILENCE, Client, Reply, environment, issued, opened, served
from usecases.project import Project

SECRET = 's3cret, place (old) ünï "x"'
"""What stands above every place of the project; nothing of it may be told."""
WORDS = ("s3cret", "(old)", "ünï", "\\u00fc", "\\xfc", "%C3%BC")
ROOT = Path('/srv/my, place (old) ünï/it\'s "x"')
FOREIGN = "/mnt/it's, his/x's"
PHASE = "st01-audio-engine"
SPEC = {"objectives": ["Round trip below 10 ms"]}
PLACES = Places(
    root=ROOT,
    state=Path("/var/the store, 2/state"),
    templates=Path("/t, u/templates"),
    settings=ROOT / ".orch/config.toml",
    timeout_ms=1,
)


@pytest.mark.parametrize(
    ("text", "said", "typed"),
    [
        (f"{ROOT}/dev/a.md: no.", "dev/a.md: no.", "dev/a.md: no."),
        (f"There is nothing at {ROOT}.", 'There is nothing at it\'s "x".', "There is nothing at .."),
        (join(["cd", str(ROOT)]), "cd 'it'\"'\"'s \"x\"'", "cd '.'"),
        (join(["rm", "-r", f"{ROOT}/.orch/a b"]), "rm -r '.orch/a b'", "rm -r '.orch/a b'"),
        (f"[Errno 2] No such file: {f'{ROOT}/a, b'!r}", "[Errno 2] No such file: 'a, b'", None),
        (f"Said in {f'{ROOT}/dev/x'!a}.", "Said in 'dev/x'.", None),
        (orjson.dumps({"at": f"{ROOT}/dev/x"}).decode(), '{"at":"dev/x"}', None),
        (f"{PLACES.log}: full.", "log.db: full.", "state_dir/log.db: full."),
        (join(["rm", f"{PLACES.state}/a b"]), "rm 'a b'", "rm 'state_dir/a b'"),
        ("df -h '/var/the store, 2'", "df -h 'the store, 2'", None),
        ("No backups at /mnt/b, c (d)/them.", "No backups at them.", "No backups at backup.dir."),
        (f"{ROOT}/dev/x: no. /mnt/x y/z: no.", "dev/x: no. z: no.", None),
        ("/mnt/b, c (d)/them/copy-0001 lacks 1.", "copy-0001 lacks 1.", "backup.dir/copy-0001 lacks 1."),
        ("'/mnt/b, c (d)/them, too/x' is none.", "'x' is none.", None),
        (f"It leads to {quote('/mnt/what, is (it)/the end')}.", "It leads to 'the end'.", None),
        (f"It leads to {quote(FOREIGN)}.", "It leads to 'x'\"'\"'s'.", None),
        ("dev/x was edited; 3/4 done, and/or", "dev/x was edited; 3/4 done, and/or", None),
    ],
)
def test_a_place_that_is_known_is_cut_out_to_the_letter(text: str, said: str, typed: str | None) -> None:
    known = places_known(PLACES, {"backup.dir": "/mnt/b, c (d)/them"})
    assert without_places(text, known, typed=False) == said
    if typed is not None:
        assert without_places(text, known, typed=True) == typed


class World(NamedTuple):
    """A project whose places all lie below a folder with a secret name, and where each is."""

    project: Project
    backups: Path
    anchor: Path
    above: Path


@contextmanager
def world(tmp_path: Path, *, together: bool) -> Iterator[tuple[World, Client]]:
    """Serve a project whose folder has all that it needs, or whose settings name a folder elsewhere for each."""
    above = tmp_path / SECRET
    folder, other = above / 'my, project "x"', above / "elsewhere, (too)"
    folder.mkdir(parents=True)
    other.mkdir()
    backups, anchor = (folder / ".orch/backups" if together else other / "the backups"), other / "a, anchor"
    said = {"checkpoints.anchor": str(anchor), "backup.dir": str(backups)}
    if not together:
        said |= {"state_dir": str(other / "the store"), "template_dir": str(other / "the templates")}
        said |= {"log.dir": str(other / "the logs")}
    (folder / ".orch").mkdir(mode=0o700)
    lines = [f"{name} = {orjson.dumps(value).decode()}" for name, value in said.items()]
    (folder / ".orch/config.toml").write_text("\n".join(lines), "utf-8")
    run([executable, "-m", "cli.main", "init", "--host", "example.org"], cwd=folder, env=environment(), check=True)
    with opened(folder) as project, served(project, settings=IN_SILENCE) as anybody:
        yield World(project, backups, anchor, above), anybody.shows(issued(project))


def everything(client: Client) -> Iterator[tuple[str, Reply]]:
    """Ask for what can go wrong, also with an event stream."""
    for path in (
        *("/health/ready", "/health/orchestrator", "/doctor", f"/doctor?phase={PHASE}", "/config", "/templates"),
        *("/templates/spec", "/backups", "/backups/status", "/recover/plan?to=position:2"),
        *("/recover/plan?to=now&from_backups=true", f"/phases/{PHASE}/spec"),
        *("/search?q=round", "/audit/proofs/2", "/log/checkpoints", "/context", f"/phases/{PHASE}/gate/spec"),
    ):
        yield path, client.get(path)
    words = {"to": "position:2"}
    for path, body in (
        ("/phases/st02-mixer/spec", SPEC),
        (f"/phases/{PHASE}/spec/request", {}),
        (f"/phases/{PHASE}/retitle", {"title": os.urandom(4).hex()}),
        (f"/phases/{PHASE}/workflow", {"steps": {"spec": SPEC}}),
        ("/import", {"files": {"specs/001-mixer/spec.md": "# Mixer\n"}, "called": "legacy", "yes": True}),
        *(("/audit/checkpoint", {}), ("/audit/verify", {}), ("/audit/key/rotate", {"reason": "x"}), ("/rebuild", {})),
        *(("/backups/verify", {}), ("/backups/drill", {}), ("/recover/run", words)),
        ("/batch", {"commands": [{"method": "POST", "path": "/backups"}]}),
    ):
        yield path, client.post(path, body)
    for path, body in (("/rebuild", {}), ("/backups", {}), ("/recover/run", {**words, "from_backups": True})):
        yield f"{path}, as a stream", client.post(path, body, Accept=EVENTS)
    yield "/doctor, as a stream", client.get("/doctor", Accept=EVENTS)


def instead(path: Path, make: Callable[[Path], object]) -> Callable[[], None]:
    """Put something else in the place of a file or a folder; what is returned puts it back."""
    aside, was_there = path.with_name(f"{path.name}.aside"), os.path.lexists(path)
    if was_there:
        path.rename(aside)
    path.parent.mkdir(parents=True, exist_ok=True)
    make(path)

    def back() -> None:
        if path.is_dir() and not path.is_symlink():
            rmtree(path)
        else:
            path.unlink(missing_ok=True)
        if was_there:
            aside.rename(path)

    return back


def overwritten(path: Path) -> Callable[[], None]:
    """Write zeros over most of a file; what is returned leaves it so."""
    data = path.read_bytes()
    path.write_bytes(data[:8192].ljust(len(data), b"\0"))
    return lambda: None


def nothing(_: Path) -> None:
    """Let nothing be there."""


def a_file(path: Path) -> None:
    path.write_text("in the way")


def broken_in(world: World) -> dict[str, Callable[[], Callable[[], None]]]:
    """Return what breaks a world, by its name."""
    places = world.project.places
    spec, templates = places.phase(PHASE), places.templates
    return {
        "a template with a mistake": lambda: instead(
            templates / "spec.md.j2", lambda it: it.write_text("{{ d.no.x }}")
        ),
        "a template that is a folder": lambda: instead(templates / "spec.md.j2", Path.mkdir),
        "templates that are a file": lambda: instead(templates, a_file),
        "backups that are away": lambda: instead(world.backups, nothing),
        "backups that are a file": lambda: instead(world.backups, a_file),
        "a list of backups that is garbage": lambda: instead(world.backups / "backups.json", a_file),
        "keys that are away": lambda: instead(places.keys, nothing),
        "keys that are a file": lambda: instead(places.keys, a_file),
        "checkpoints that are a file": lambda: instead(places.checkpoints, a_file),
        "an anchor that is a folder": lambda: instead(world.anchor, Path.mkdir),
        "drills that are a folder": lambda: instead(places.drills, Path.mkdir),
        "a cache that is a file": lambda: instead(places.state / "cache", a_file),
        "locks that are a file": lambda: instead(places.state / "locks", a_file),
        "recovered stores that are a file": lambda: instead(places.state / "recovered", a_file),
        "settings that are garbage": lambda: instead(places.settings, a_file),
        "settings that say too much": lambda: instead(places.settings, lambda it: it.write_text('nothing = "x"')),
        "documents that are elsewhere": lambda: instead(
            spec, lambda it: it.symlink_to(world.above.parent, target_is_directory=True)
        ),
        "a document that is a folder": lambda: instead(spec / "spec.md", Path.mkdir),
        "a document that is a link": lambda: instead(spec / "spec.md", lambda it: it.symlink_to(world.anchor)),
        "a folder of documents that is a file": lambda: instead(places.root / "dev", a_file),
        "a log that is away": lambda: instead(places.log, nothing),
        "a log that is damaged": lambda: overwritten(places.log),
    }


@pytest.mark.parametrize("together", [True, False], ids=["together", "elsewhere"])
def test_whatever_refuses_no_answer_says_where_it_lies(
    together: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progressing, "PATIENCE_S", 0.0)
    with world(tmp_path, together=together) as (it, client):
        assert client.post(f"/phases/{PHASE}/spec", SPEC).status == 200
        assert client.post("/backups").status == 200 and client.post("/audit/checkpoint").status == 200
        refused: dict[str, int] = {}
        silent(everything(client), "nothing is wrong")
        silent(iter([erased_from_a_recovered_store(client)]), "a text is erased")
        with monkeypatch.context() as there:
            there.setattr(os, "replace", no_room)
            there.setattr(os, "statvfs", lambda _: os.statvfs_result((4096, 4096, 10, 0, 0, 10, 0, 0, 0, 255)))
            refused["a disk that is full"] = silent(everything(client), "a disk that is full")
        for name, breaks in broken_in(it).items():
            mend = breaks()
            try:
                refused[name] = silent(everything(client), name)
                if "template" in name:
                    silent(iter([("/templates/check", client.get("/templates/check"))]), name)
            finally:
                mend()
        assert all(refused.values()), refused


def erased_from_a_recovered_store(client: Client) -> tuple[str, Reply]:
    """Erase a text that a recovered store holds, too, which is said of it."""
    position = client.post("/directives", {"text": "Call 555 0123"}).data["position"]
    assert client.post("/recover/run", {"to": "now"}).status == 200
    told = client.post("/audit/redact", {"position": position, "reason": "It named a person"})
    assert "recovered/" in "".join(told.data["out_of_reach"])
    return "/audit/redact", told


def no_room(old: object, new: object) -> None:
    """Say what a full disk does."""
    raise OSError(ENOSPC, os.strerror(ENOSPC), str(old), None, str(new))


def silent(replies: Iterator[tuple[str, Reply]], why: str) -> int:
    """See that nothing of a place is in what was answered, and return how many were refusals."""
    count = 0
    for path, reply in replies:
        told = (reply.body + str(dict(reply.headers)).encode()).decode("utf-8", "replace")
        assert not [word for word in WORDS if word in told], (why, path, told)
        assert '"code":"BUG"' not in told, (why, path, told)
        count += reply.status >= 400 or '"status":5' in told or '"level":"damage"' in told or "unhealthy" in told
    return count
