"""Backups in a bucket of a storage that speaks S3: one object for each file, written in one request each."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from shlex import join

from adapters.backup_storage import LOCK
from adapters.s3_failures import Changed, NoConditions
from adapters.s3_lease import Lease
from adapters.s3_requests import Requests
from domain.errors import AlreadyExists, Unavailable

AT_ONCE = 8
"""So many requests at a time, where there are many."""


class S3Bucket:
    """A prefix in a bucket as a `Storage`.

    An object is written in one request, never in parts, and so is there as a whole or not at all. Nothing is written
    over: the server is asked to refuse it, and where it knows no such condition, it is looked first.
    """

    def __init__(self, bucket: str, prefix: str, *, requests: Requests | None = None) -> None:
        self._requests = requests or Requests(bucket)
        self._prefix = f"{prefix}/" if prefix else ""
        self.where = f"s3://{bucket}/{prefix}" if prefix else f"s3://{bucket}"
        self._lease = Lease(self._requests, f"{self._prefix}{LOCK}")
        self._seen: dict[str, str | None] = {}
        """The tag of what was read or written last, by name; None where there was nothing."""

    def named(self, name: str) -> str:
        """Return the address of a file."""
        return f"{self.where}/{name}"

    def away(self, name: str) -> str:
        """Return the command that moves a file elsewhere."""
        words = ["--recursive"] if name.startswith("copy-") and "/" not in name else []
        return join(["aws", "s3", "mv", self.named(name), "elsewhere", *words])

    def names(self, folder: str = "", *, begins: str = "", after: str = "") -> dict[str, int]:
        """Return what lies below a prefix, up to the next slash."""
        at = f"{self._prefix}{folder}/" if folder else self._prefix
        start = f"{at}{after}" if after else ""
        found: dict[str, int] = {}
        for key, size in self._requests.keys(f"{at}{begins}", after=start, folders=True):
            name = key.removeprefix(at)
            if name > after and not name.startswith("."):  # not every server begins where it is told
                found[name] = size or 0
        return found

    def read(self, name: str, *, most: int) -> bytes | None:
        """Return the bytes of an object."""
        found = self._requests.get(f"{self._prefix}{name}", most=most)
        self._seen[name] = found.etag if found else None
        return found.data if found else None

    def reads(self, names: Sequence[str], *, most: int) -> Iterator[bytes | None]:
        """Yield the bytes of each object; the way there and back is what takes the time."""
        if len(names) < 2:
            yield from (self.read(name, most=most) for name in names)
            return
        pool = ThreadPoolExecutor(AT_ONCE)
        try:
            yield from pool.map(lambda name: self.read(name, most=most), names)
        finally:
            pool.shutdown(cancel_futures=True)

    def add(self, name: str, data: bytes) -> None:
        """Write an object where there is none."""
        self._lease.judge()
        key = f"{self._prefix}{name}"
        try:
            if not self._lease.conditional and self._requests.get(key, most=0) is not None:
                raise Changed
            self._put(name, data, absent=True)
        except Changed:
            if not self._is(name, data):  # otherwise it was us: the answer to our first attempt was lost
                raise AlreadyExists(f"{self.named(name)} exists already.") from None

    def replace(self, name: str, data: bytes) -> None:
        """Write an object in the place of the one that was read or written last, and of no other."""
        self._lease.judge()
        if name not in self._seen:
            self.read(name, most=0)
        try:
            self._put(name, data, absent=self._seen[name] is None, etag=self._seen[name])
        except Changed:
            if not self._is(name, data):
                raise Unavailable(f"Somebody else has changed {self.named(name)} meanwhile. Run it again.") from None

    def copy(self, name: str, new: str) -> None:
        """Copy an object inside the server."""
        self._lease.judge()
        if self._requests.get(f"{self._prefix}{new}", most=0) is not None:
            raise AlreadyExists(f"{self.named(new)} exists already.")
        self._requests.copy(f"{self._prefix}{name}", f"{self._prefix}{new}")

    def remove(self, name: str) -> None:
        """Delete an object."""
        self._lease.judge()
        self._requests.delete(f"{self._prefix}{name}")

    def remove_folder(self, folder: str) -> None:
        """Delete every object below a prefix."""
        self._lease.judge()
        keys = [key for key, _ in self._requests.keys(f"{self._prefix}{folder}/")]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for _ in pool.map(self._requests.delete, keys):
                self._lease.judge()

    @contextmanager
    def turn(self, *, timeout_s: float) -> Iterator[None]:
        """Hold the lease of this prefix. An object is never there by half, so nothing has to be cleared away."""
        with self._lease.held(timeout_s=timeout_s):
            yield

    def _put(self, name: str, data: bytes, *, absent: bool, etag: str | None = None) -> None:
        key = f"{self._prefix}{name}"
        if self._lease.conditional:
            with suppress(NoConditions):  # a server may know one condition and not the other
                self._seen[name] = self._requests.put(key, data, absent=absent, etag=etag)
                return
        self._seen[name] = self._requests.put(key, data)

    def _is(self, name: str, data: bytes) -> bool:
        return self.read(name, most=len(data)) == data
