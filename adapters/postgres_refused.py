"""Why a server lets nobody in, and what would: what it says before there is a session has words, and no code."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from shlex import join
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from adapters.places import NAME_IT, SOME_DATABASE
from adapters.postgres_words import first_line, no_room
from domain.errors import HandsNeeded

FULL = re.compile(
    r"connection slots are reserved|too many clients already|too many connections for|no more connections"
)
NO_DATABASE = re.compile(r'database "(.*)" does not exist')
WANTS = (
    (
        re.compile("(?:password|SASL) authentication failed|no password supplied"),
        "Give the right password in ~/.pgpass (PGPASSFILE) or PGPASSWORD.",
        ("${EDITOR:-vi} ~/.pgpass  # host:port:database:user:password, and chmod 0600",),
    ),
    (
        re.compile('role ".*" does not exist|not permitted to log in|authentication failed for user'),
        "Name a role that the server lets in.",
        (NAME_IT,),
    ),
    (
        re.compile("no pg_hba.conf entry"),
        "Whoever runs the server has to let this role in from here, in its pg_hba.conf.",
        (),
    ),
    (
        re.compile("certificate verify failed|does not match host name|root certificate file"),
        "Name the server as its certificate does, and the authority that signed it.",
        (f"export ORCHESTRATOR_DATABASE_URL='{SOME_DATABASE}?sslmode=verify-full&sslrootcert=FILE'",),
    ),
    (
        re.compile('permission denied for database "'),
        "Whoever owns the database has to let this role in.",
        ("GRANT CONNECT ON DATABASE … TO …;  -- as its owner, in psql",),
    ),
)
"""What the server or libpq says, what is needed, and what does it."""


@contextmanager
def refusals(url: str, where: str) -> Iterator[None]:
    """Say what lets us in, where the server was reached and lets nobody in. Everything else is raised as it is."""
    try:
        yield
    except psycopg.OperationalError as error:
        told = [line for line in str(error).splitlines() if "failed: " in line]
        if not told or error.sqlstate is not None:
            raise
        said = f"{where.capitalize()} is not available: {first_line(error)}."
        if any(FULL.search(line) for line in told):
            raise no_room(where, error) from error
        if all(NO_DATABASE.search(line) for line in told):
            raise HandsNeeded(f"{said} Make it, or name another one.", fix=(_makes(url, told[0]), NAME_IT)) from error
        for words, wanted, fix in WANTS:
            if all(words.search(line) for line in told):
                raise HandsNeeded(f"{said} {wanted}", fix=fix) from error
        raise


def _makes(url: str, said: str) -> str:
    """Return the command that makes the database which the server does not have."""
    found = NO_DATABASE.search(said)
    given: Mapping[str, Any] = conninfo_to_dict(url)
    named = {option: str(given[name]) for option, name in (("--host", "host"), ("--port", "port")) if name in given}
    places = [f"{option}={value}" for option, value in named.items() if "," not in value]
    if os.environ.get("PGSERVICE") or "service" in given:
        places = []
    role = [f"--username={given['user']}"] if "user" in given else []
    return join(["createdb", *places, *role, "--encoding=UTF8", "--template=template0", found[1] if found else "NAME"])
