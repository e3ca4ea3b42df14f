"""orch check pre-deploy: what has to hold before the service starts."""

from collections.abc import Iterator
from importlib.util import find_spec
from typing import TypedDict

from adapters.settings import is_database_url
from cli import check_issuer
from cli.answers import answer
from cli.check_concurrency import durable_row, time_row
from cli.check_rows import CheckRow, Failed, end_with, rows_of, show_rows
from cli.doctor import patient_here
from cli.options import Asked, plain
from usecases import doctor_backups, doctor_files, doctor_key, doctor_store
from usecases.patient import Found, Patient
from usecases.release import VERSION

SMOKE = 20
"""Commands of the smoke test: one after the other, so that the figure is what one of them takes."""


class PreDeployAnswer(TypedDict):
    """What was looked at; the figures are those of the smoke test, and None where there was none."""

    ready: bool
    rows: list[CheckRow]
    operation_ms: float | None
    raw_commit_ms: float | None


@plain
def pre_deploy(asked: Asked) -> None:
    """Look at everything that has to hold before the service starts; changes nothing.

    Settings, templates, published schemas, permissions, disk, the store and its version, its key, its backups, and how
    long a command takes here, in a scratch project. Exit 0: ready, or with warnings. 3: something failed.

    Example: orch check pre-deploy

    Next: orch check post-deploy --yes
    """
    patient = patient_here()
    smoke: dict[str, float] = {}
    rows: list[CheckRow] = []
    try:
        for name, check, strict in (
            ("program", lambda: _program(patient), False),
            ("settings", lambda: doctor_files.settings(patient), False),
            ("templates", lambda: _templates(patient), True),
            ("schemas", _schemas, False),
            ("store", lambda: doctor_store.store(patient), False),
            ("version", lambda: _version(patient), True),
            ("permissions", lambda: doctor_files.permissions(patient), True),
            ("file_system", lambda: doctor_files.file_system(patient), True),
            ("disk", lambda: doctor_files.disk(patient), True),
            ("key", lambda: doctor_key.key(patient), True),
            ("backups", lambda: doctor_backups.backups(patient), False),
            ("issuer", lambda: check_issuer.issuer(patient), False),
            ("performance", lambda: _performance(patient, smoke), False),
        ):
            rows += rows_of(name, check, strict=strict)
    finally:
        if patient.log is not None:
            patient.log.close()
    data: PreDeployAnswer = {
        "ready": all(row["level"] != "failed" for row in rows),
        "rows": rows,
        "operation_ms": smoke.get("operation_ms"),
        "raw_commit_ms": smoke.get("raw_commit_ms"),
    }
    answer("check.pre_deploy", data, as_json=asked.json, show=lambda: show_rows(rows))
    end_with(rows)


def _program(patient: Patient) -> Iterator[Found]:
    """Look whether what the service stands on is installed."""
    yield Found("ok", f"This is orch {VERSION}.")
    if any(find_spec(name) is None for name in ("fastapi", "uvicorn", "limits")):
        yield Found(
            "warning",
            "The HTTP service cannot run: its packages are missing.",
            ('pip install "nss-orchestrator[server]"',),
        )
    if patient.places.database and find_spec("psycopg") is None:
        raise Failed(
            "The log is in PostgreSQL and its driver is missing.", fix=('pip install "nss-orchestrator[postgres]"',)
        )


def _templates(patient: Patient) -> Iterator[Found]:
    """Render every document with sample data."""
    from adapters.template_files import mistakes

    found = list(mistakes(patient.places.templates))
    for mistake in found:
        yield Found("damage", mistake.message, (f"orch template check {mistake.step}",))
    if not found:
        yield Found("ok", "Every document can be rendered.")


def _schemas() -> Iterator[Found]:
    """Compare the schemas that were published with those of this version."""
    from cli.schema_folder import compared

    held = compared(None)
    if not held["differing"] and not held["missing"]:
        yield Found("ok", f"{held['folder']} holds the schemas of this version.")
    elif held["unknown"] or held["differing"]:
        said = f"{len(held['differing'])} schemas in {held['folder']} are not those of this version"
        raise Failed(f"{said}, {len(held['missing'])} are missing.", fix=("orch schema compare", "orch schema write"))
    else:
        yield Found("warning", f"No schemas are published in {held['folder']}.", ("orch schema write",))


def _version(patient: Patient) -> Iterator[Found]:
    """Look whether the tables are those of this version, so that the service can write."""
    if patient.log is None:
        yield patient.not_looked_at()
        return
    newest = _newest(in_database=is_database_url(patient.places.address))
    if patient.ended:
        raise Failed(patient.ended, fix=("orch doctor",))
    if patient.log.schema_version != newest:
        raise Failed(
            f"The log has schema {patient.log.schema_version} and is only read; this version writes schema {newest}.",
            fix=("orch upgrade --with-backup",),
        )
    yield Found("ok", f"The log has schema {newest}, which this version writes.")


def _newest(*, in_database: bool) -> int:
    if in_database:
        from adapters import postgres_log

        return postgres_log.SCHEMA_VERSION
    from adapters import sqlite_schema

    return sqlite_schema.SCHEMA_VERSION


def _performance(patient: Patient, smoke: dict[str, float]) -> Iterator[Found]:
    """Record a few specs in a scratch project on the disk of the store."""
    from cli.scratch import timed

    found = timed(patient.places.state, SMOKE, at_once=1)
    smoke["operation_ms"] = round(found.seconds / SMOKE * 1000, 3)
    smoke["raw_commit_ms"] = round(found.raw_seconds / SMOKE * 1000, 3)
    yield durable_row(found)
    yield time_row(found)
