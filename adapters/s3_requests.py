"""One bucket over HTTP, by botocore: single requests, and what their failures mean. Needs the extra `s3`."""

import os
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from hashlib import md5
from threading import Lock
from typing import Any, NamedTuple, TypeVar

from adapters.s3_failures import (
    Changed,
    NoConditions,
    Nothing,
    ended_early,
    met,
    require_extra,
    translated,
    unexpected,
)
from domain.errors import Refusal

Answer = TypeVar("Answer")
CONNECT_S = 4.0
READ_S = 12.0
"""Seconds until a server that says nothing is given up, per attempt."""
ATTEMPTS = 3
REGION = "us-east-1"
"""What servers that know no regions are told."""


class Found(NamedTuple):
    """An object as it was read."""

    data: bytes
    etag: str
    age_s: float
    """How long ago it was written, by the clock of the server."""


class Requests:
    """Requests to one bucket. Every method raises a `Refusal` that says what is wrong in one sentence."""

    def __init__(self, bucket: str) -> None:
        require_extra()
        self.bucket = bucket
        self._making = Lock()

    def get(self, key: str, *, most: int) -> Found | None:
        """Return an object, at most one byte more than `most` of it; None where there is none."""

        def read() -> Found:
            answer = self._client.get_object(Bucket=self.bucket, Key=key)
            with answer["Body"] as body:
                data = body.read(most + 1)
                rest = answer["ContentLength"] > most + 1
                if not rest and len(data) != answer["ContentLength"]:
                    raise ConnectionError("the answer ended early")
            return Found(data, answer["ETag"], _age(answer))

        try:
            return self._asked(read, Nothing)
        except Nothing:
            return None

    def put(self, key: str, data: bytes, *, absent: bool = False, etag: str | None = None) -> str:
        """Write an object in one request, and so whole or not at all; return its tag.

        Only where there is none (`absent`), or in the place of the one with that tag. Raises `Changed` otherwise, and
        `NoConditions` where the server says that it knows no such conditions; some know none and do not say so.
        """
        condition: dict[str, str] = {"IfNoneMatch": "*"} if absent else {"IfMatch": etag} if etag else {}
        digest = b64encode(md5(data, usedforsecurity=False).digest()).decode()
        found: str = self._asked(
            lambda: self._client.put_object(
                Bucket=self.bucket, Key=key, Body=data, ContentMD5=digest, ContentLength=len(data), **condition
            )["ETag"],
            *((Changed, NoConditions) if condition else ()),
        )
        return found

    def keys(self, prefix: str, *, after: str = "", folders: bool = False) -> Iterator[tuple[str, int | None]]:
        """Yield the keys that begin so and come after that one, with sizes; a thousand come with each request.

        If folders are asked for, of keys with a slash behind the prefix only the part up to it, without a size.
        """
        words: dict[str, str] = {"Bucket": self.bucket, "Prefix": prefix}
        words |= {"StartAfter": after} if after else {}
        words |= {"Delimiter": "/"} if folders else {}
        while True:
            page = self._asked(lambda: self._client.list_objects_v2(**words))
            for each in page.get("CommonPrefixes", ()):
                yield each["Prefix"], None
            for each in page.get("Contents", ()):
                yield each["Key"], each["Size"]
            words["ContinuationToken"] = page.get("NextContinuationToken", "")
            if not page.get("IsTruncated") or not words["ContinuationToken"]:
                return

    def copy(self, key: str, new: str) -> None:
        """Copy an object inside the server."""
        source = {"Bucket": self.bucket, "Key": key}
        self._asked(lambda: self._client.copy_object(Bucket=self.bucket, Key=new, CopySource=source))

    def delete(self, key: str) -> None:
        """Delete an object; one that is gone already is fine."""
        with suppress(Nothing):
            self._asked(lambda: self._client.delete_object(Bucket=self.bucket, Key=key), Nothing)

    def _asked(self, ask: Callable[[], Answer], *expected: type[Exception]) -> Answer:
        """Ask, and say what goes wrong. botocore repeats requests itself, but not an answer that ends early."""
        for attempt in range(ATTEMPTS):
            try:
                return ask()
            except met() as error:
                if ended_early(error) and attempt < ATTEMPTS - 1:
                    continue
                found = translated(error, self.bucket, self._endpoint)
                raise found if isinstance(found, (Refusal, *expected)) else unexpected(found, self.bucket) from error
        raise AssertionError  # the last attempt returns or raises

    @property
    def _endpoint(self) -> str:
        client = self.__dict__.get("_made")
        return str(client.meta.endpoint_url) if client is not None else ""

    @property
    def _client(self) -> Any:
        with self._making:  # several threads may ask first
            return self._made

    @cached_property
    def _made(self) -> Any:
        """The client: credentials, region and endpoint are found as every program that speaks S3 finds them."""
        import botocore.session
        from botocore.config import Config

        session = botocore.session.get_session()
        known = {} if "AWS_MAX_ATTEMPTS" in os.environ else {"total_max_attempts": ATTEMPTS}
        return session.create_client(
            "s3",
            region_name=session.get_config_variable("region") or REGION,
            config=Config(
                connect_timeout=CONNECT_S,
                read_timeout=READ_S,
                retries={"mode": "standard", **known},
                # every file has an MD5 on its way and a SHA-256 in its manifest; older servers know no other sums
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                max_pool_connections=16,
            ),
        )


def _age(answer: Any) -> float:
    """Return how long ago an object was written: both times are the server's, so no clock of ours matters."""
    written: datetime = answer["LastModified"]
    said = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    return (parsedate_to_datetime(said) - written).total_seconds() if said else 0.0
