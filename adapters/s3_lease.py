"""One writer at a time in a bucket: an object that says who, renewed while the work goes on, free again after that."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from secrets import token_hex
from socket import gethostname
from threading import Event, Thread

import orjson

from adapters.s3_failures import Changed, NoConditions
from adapters.s3_requests import Requests
from domain.errors import Refusal, Unavailable

LASTS_S = 20.0
"""A lease that was not renewed for so long is over: its holder was cut off. The clock is the server's."""
RENEWED_S = 5.0
PAUSE_S = 0.5
SETTLED_S = 0.5
BLINK_S = 0.05
LARGEST = 64 * 1024


class Lease:
    """The right to write below a prefix. Where the server knows no conditional writes, `conditional` is False."""

    def __init__(self, requests: Requests, key: str) -> None:
        self._requests = requests
        self._key = key
        self._etag = ""
        self._until = 0.0
        self._lost = False
        self.conditional: bool | None = None
        """Whether the server keeps to the conditions of a write; None before the first lease."""

    @contextmanager
    def held(self, *, timeout_s: float) -> Iterator[None]:
        """Hold the lease, waiting so long for it at most. Raises `Unavailable`."""
        note = orjson.dumps({"host": gethostname()[:64], "process": os.getpid(), "lease": token_hex(16)})
        self._wait(note, timeout_s)
        done = Event()
        keeper = Thread(target=self._keep, args=(note, done), daemon=True)
        keeper.start()
        try:
            yield
        finally:
            done.set()
            keeper.join()
            self._release(note)

    def judge(self) -> None:
        """Refuse to write on without the lease: somebody else may hold it by now."""
        if self._lost or _now() > self._until:
            raise Unavailable(
                "The right to write these backups was lost while the storage could not be reached, or this machine"
                " slept; nothing is half done. Run it again.",
                fix=("orch backup list",),
            )

    def _wait(self, note: bytes, timeout_s: float) -> None:
        until = _now() + timeout_s
        while not self._taken(note):
            if _now() > until:
                raise Unavailable(f"Other writers have held these backups for {timeout_s:.0f} s.")
            time.sleep(PAUSE_S)

    def _taken(self, note: bytes) -> bool:
        """Try once: where nobody holds a lease, or its holder was cut off."""
        began = _now()
        held = self._requests.get(self._key, most=LARGEST)
        if held is None and not self.conditional:  # some servers show nothing for a moment while an object is replaced
            time.sleep(BLINK_S)
            held = self._requests.get(self._key, most=LARGEST)
        ours = held is not None and held.data == note  # we got it, and the answer that said so was lost
        if held is not None and held.age_s < LASTS_S and not ours:
            return False
        try:
            etag = self._put(note, absent=held is None, etag=held.etag if held else None)
        except Changed:
            return False
        if self.conditional is None:
            self._try_conditions(note)
        if not self.conditional:  # whoever wrote last within a moment has it
            time.sleep(SETTLED_S)
            if self._holder() != note:
                return False
        self._etag, self._until, self._lost = etag, began + LASTS_S, False
        return True

    def _try_conditions(self, note: bytes) -> None:
        """Write what is there already once more, as something new: a server that keeps to conditions refuses."""
        try:
            self._put(note, absent=True)
            self.conditional = False
        except Changed:
            self.conditional = True

    def _put(self, note: bytes, *, absent: bool = False, etag: str | None = None) -> str:
        try:
            return self._requests.put(self._key, note, absent=absent, etag=etag)
        except NoConditions:
            self.conditional = False
            return self._requests.put(self._key, note)

    def _keep(self, note: bytes, done: Event) -> None:
        """Renew the lease until the work is done. What fails is tried again, until the lease is over."""
        while not done.wait(min(RENEWED_S, LASTS_S / 4)):
            began = _now()
            if began > self._until:
                return
            try:
                if not self.conditional and self._holder() != note:
                    raise Changed
                self._etag = self._put(note, etag=self._etag)
                self._until = began + LASTS_S
            except Changed:
                found = None
                with suppress(Refusal):
                    found = self._requests.get(self._key, most=LARGEST)
                if found is None or found.data != note:  # otherwise a renewal's answer was lost, and it was ours
                    self._lost = True
                    return
                self._etag, self._until = found.etag, began + LASTS_S
            except Refusal:
                continue

    def _holder(self) -> bytes | None:
        found = self._requests.get(self._key, most=LARGEST)
        return found.data if found else None

    def _release(self, note: bytes) -> None:
        """Let the next one in, unless somebody has taken over; what cannot be removed lapses by itself."""
        with suppress(Refusal):
            if self._lost or _now() > self._until:
                return
            self._requests.delete(self._key)


def _now() -> float:
    """Return seconds that go on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
