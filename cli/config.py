"""orch config: the settings in force, and where each one comes from."""

import sys
from typing import Annotated, ClassVar, Optional

import typer

from adapters.places import find
from adapters.settings import Source
from cli.answers import answer
from cli.asked_there import asked_there
from cli.config_names import names, setting_of
from cli.given import flags
from cli.lazy import Entry, LazyGroup
from cli.options import Asked, plain
from cli.project import here
from cli.screen import clean, one_line, paint, print_table
from domain.errors import InvalidInput
from usecases.settings_shown import ConfigAnswer, settings_shown


class ConfigCommands(LazyGroup):
    """The settings in force.

    Example: orch config show
    """

    entries: ClassVar[dict[str, Entry]] = {
        "show": Entry("cli.config:show_config", "Every setting, its value and where it comes from."),
        "check": Entry("cli.config_check:check_config", "Everything that is wrong with them, with its line."),
        "set": Entry("cli.config_set:set_config", "Change one in the file."),
    }


OfService = Annotated[
    bool, typer.Option("--service", help="Those of the service through which the project is worked on.")
]
Name = Annotated[
    Optional[str],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Argument(metavar="[NAME]", help="One setting only.", autocompletion=names),
]


@plain
def show_config(asked: Asked, name: Name = None, service: OfService = False) -> None:
    """Show every setting, its value and where it comes from: flag, environment, file or default, in this order.

    They are those of the machine on which this is typed; with --service those of the service that the setting url
    names, as far as it tells them: of places only their names, of addresses only whose.

    The file is .orch/config.toml, or the one that --config or ORCHESTRATOR_CONFIG names (.toml, or .json with the
    keys of production.json in the deployment guide). A variable is ORCHESTRATOR_ and the name in capitals.

    database_url: the PostgreSQL database that holds the log, as postgresql://user@host/name; otherwise it is a file in
    state_dir. cache_url: a Redis server that keeps what list, dashboard and next read from such a database; it may be
    away. state_dir: where the store and its keys are. template_dir: where the project's own templates are.
    schema_dir: where orch schema write puts the schemas, and orch schema compare looks.
    operation_timeout_ms: how long a command waits for other writers.
    url: the service through which the project is worked on, where its log is on another machine. token_file: a file
    with the token that is shown there, or ORCHESTRATOR_TOKEN. ca_file: the authority that vouches for the service.
    feedback.style: how much people are told, user-friendly, professional or terse.
    max_concurrent: how many operations orch serve works on at the same time, and how many commands orch batch
    --parallel does. operation_queue_size: how many more requests may wait for their turn, and how many commands to be
    recorded; more are refused. operation_timeout_ms is how long a request may take there, its waiting included.
    memory_limit_mb: as long as orch serve takes more, it refuses new work. rate_per_token: rate_per_address: how many
    requests a minute it answers for each. failures_per_address: how many without a token that opens something.
    checkpoints.after: after what a checkpoint is signed, approval or handoff or both. checkpoints.anchor: the file
    elsewhere that every checkpoint is appended to. checkpoints.timestamp_url: the time-stamping authority that
    orch audit checkpoint asks.

    receipts.write: whether every approval leaves a receipt beside its document, for orch gate --receipt in CI.

    log.dir: where logs are; those of the last 7 days ride along with a backup. log.level: what orch serve logs, from
    debug to error. log.max_file_size_mb: how large combined.log and error.log become. log.max_files: how many of each
    are kept. tracing.endpoint: the OpenTelemetry collector that gets a span for every operation.

    security.invalid_inputs: security.schema_violations: security.unauthorised_access: how many of them in a minute
    orch serve raises an alert at. security.webhook_url: who is told of alerts. security.webhook_secret_file: the file
    with the whsec_… that such messages are signed with.

    Always true, and refused otherwise: enable_audit: validation.schemas: validation.strict: validation.templates:
    backup.compression:

    backup.dir: where backups are, a folder or s3://bucket/prefix. backup.recipients: the age keys they are encrypted
    to. backup.retention_days: younger copies are never pruned. backup.retention_copies: so many stay in any case.

    oidc.issuer: whose tokens open the service beside those of orch token create (OpenID Connect). oidc.audience: the
    names this service has there. oidc.name_claim: the claim that names people; behind it comes @ and the issuer, so
    that nobody has a name from here by chance. oidc.names: who is known here by another name, VALUE=NAME.
    oidc.scopes_claim: the claim with the groups. oidc.scopes: what each of them opens, GROUP=read+approve.
    oidc.people: the clients in which people sign in. oidc.agents: those that are agents; all others are services.
    oidc.client_claim: the claim that names the client, where it is neither azp nor client_id.

    Example: orch config show

    Next: orch doctor
    """
    wanted = [setting_of(name).name] if name else []
    given = flags()
    data = _of_service(wanted) if service else settings_shown(find(here(), flags=given), given, wanted)
    answer("config", data, as_json=asked.json, show=lambda: _show(data))


def _of_service(wanted: list[str]) -> ConfigAnswer:
    """Return the settings that a service tells of. Raises `InvalidInput` where none is named."""
    from adapters.service_at import NAME_IT

    found: ConfigAnswer | None = asked_there("GET", "/config")
    if found is None:
        raise InvalidInput(
            "No service is named here: the log is opened by whoever types.", fix=("orch config show", NAME_IT)
        )
    for row in found["rows"]:
        row["source"] = Source(row["source"])
    return {**found, "rows": [row for row in found["rows"] if not wanted or row["name"] in wanted]}


def _show(data: ConfigAnswer) -> None:
    rows = [
        (row["name"], one_line(words_of(row["value"])), row["source"].value, one_line(row["where"] or ""))
        for row in data["rows"]
    ]
    print_table(rows, head=("SETTING", "VALUE", "FROM", "WHERE"))
    if not data["file_exists"]:
        print(paint(f"there is no file {clean(data['file'])}", "dim"))
    for name in data["unread"]:
        print(f"{paint('unread', 'yellow', stream=sys.stderr)} nothing reads {clean(name)}", file=sys.stderr)


def words_of(value: object) -> str:
    """Return a value as people write it."""
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
