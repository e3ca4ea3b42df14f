"""The settings there are, and where the value of each one comes from."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from domain.errors import InvalidInput

ENVIRONMENT = "ORCHESTRATOR_"
CONFIG = "config"
"""What names the file of settings; a flag or a variable, never a setting in the file itself."""
HELP = ("orch config show --help",)
"""What names every setting."""
NOBODYS: Mapping[str, str] = {}


class Kind(StrEnum):
    """What a value has to be."""

    PATH = "a path"
    URL = "an address with http:// or https://"
    DATABASE = "an address with postgresql://"
    CACHE = "an address with redis://, rediss:// or unix://"
    ISSUER = "an address with https://, without a query"
    WORD = "a word"
    OCCASIONS = "a list of approval and handoff"
    WORDS = "a list of words"
    PAIRS = "a list of pairs"
    AT_ONCE = "a whole number of operations from 1 to 1000"
    WAITING = "a whole number of operations from 1 to 100000"
    MEBIBYTES = "a whole number of MiB from 1 to 1048576"
    MILLISECONDS = "a whole number of milliseconds from 1 to 3600000"
    RATE = "a whole number of requests a minute from 0 to 1000000, 0 for no limit"
    DAYS = "a whole number of days from 1 to 36500"
    COPIES = "a whole number of copies from 1 to 1000"
    FILE_MEBIBYTES = "a whole number of MiB from 1 to 10240"
    FILES = "a whole number of files from 1 to 1000"
    REFUSALS = "a whole number of refusals from 1 to 1000000"
    LEVEL = "debug, info, warn, warning or error"
    STYLE = "user-friendly, professional or terse"
    SWITCH = "true or false"
    ALWAYS = "true"


WHOLE = {
    Kind.AT_ONCE: (1, 1000),  # each takes a thread
    Kind.WAITING: (1, 100_000),  # each takes a connection
    Kind.MEBIBYTES: (1, 1_048_576),
    Kind.MILLISECONDS: (1, 3_600_000),
    Kind.RATE: (0, 1_000_000),
    Kind.DAYS: (1, 36_500),
    Kind.COPIES: (1, 1000),
    Kind.FILE_MEBIBYTES: (1, 10_240),
    Kind.FILES: (1, 1000),  # each is renamed when another is begun
    Kind.REFUSALS: (1, 1_000_000),
}
"""Whole numbers: the least and the most."""
SECRETIVE = (Kind.DATABASE, Kind.CACHE)
"""There may be a password in it, whatever it is."""
STYLES = ("user-friendly", "professional", "terse")
LEVELS = ("debug", "info", "warn", "warning", "error")
OCCASIONS = ("approval", "handoff")
"""After what a command may sign a checkpoint: an approval or a reconfirmation, final or not; a handoff."""


class Source(StrEnum):
    """Where a value comes from, the strongest first."""

    FLAG = "flag"
    ENVIRONMENT = "environment"
    FILE = "file"
    DEFAULT = "default"


class Setting(NamedTuple):
    """One line of the table: everything that is read by somebody, and nothing else."""

    name: str
    """Its key in a TOML file, tables joined with dots."""
    kind: Kind
    guide: str
    """Its key in a JSON file: the names of production.json in the deployment guide, and more in their manner."""
    flag: str
    default: object
    because: str = ""
    """Why it cannot be turned off."""

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return variable_of(self.name)


SETTINGS = (
    Setting("state_dir", Kind.PATH, "orchestrator.storage.stateDirectory", "--state-dir", ".orch"),
    Setting("database_url", Kind.DATABASE, "orchestrator.storage.databaseUrl", "", None),
    Setting("url", Kind.URL, "orchestrator.service.url", "", None),
    Setting("token_file", Kind.PATH, "orchestrator.service.tokenFile", "", None),
    Setting("ca_file", Kind.PATH, "orchestrator.service.caFile", "", None),
    Setting("cache_url", Kind.CACHE, "orchestrator.storage.cacheUrl", "", None),
    Setting("template_dir", Kind.PATH, "orchestrator.storage.templateDirectory", "--template-dir", ".orch/templates"),
    Setting("schema_dir", Kind.PATH, "orchestrator.storage.schemaDirectory", "", ".orch/schemas"),
    Setting("operation_timeout_ms", Kind.MILLISECONDS, "orchestrator.performance.operationTimeoutMs", "", 30_000),
    Setting("memory_limit_mb", Kind.MEBIBYTES, "orchestrator.performance.memoryLimitMB", "", 512),
    Setting("max_concurrent", Kind.AT_ONCE, "orchestrator.performance.maxConcurrentOperations", "", 100),
    Setting("operation_queue_size", Kind.WAITING, "orchestrator.performance.operationQueueSize", "", 1000),
    Setting("rate_per_token", Kind.RATE, "orchestrator.performance.ratePerToken", "", 1200),
    Setting("rate_per_address", Kind.RATE, "orchestrator.performance.ratePerAddress", "", 3000),
    Setting("failures_per_address", Kind.RATE, "orchestrator.performance.failuresPerAddress", "", 30),
    Setting("feedback.style", Kind.STYLE, "orchestrator.feedback.style", "", "user-friendly"),
    Setting("checkpoints.after", Kind.OCCASIONS, "orchestrator.checkpoints.after", "", []),
    Setting("checkpoints.anchor", Kind.PATH, "orchestrator.checkpoints.anchor", "--anchor", None),
    Setting("checkpoints.timestamp_url", Kind.URL, "orchestrator.checkpoints.timestampUrl", "--timestamp", None),
    Setting("receipts.write", Kind.SWITCH, "orchestrator.receipts.write", "", False),
    Setting("backup.dir", Kind.PATH, "orchestrator.storage.backupDirectory", "--to", ".orch/backups"),
    Setting("backup.recipients", Kind.WORDS, "orchestrator.backup.recipients", "--recipient", []),
    Setting("backup.retention_days", Kind.DAYS, "orchestrator.storage.backupRetentionDays", "--keep-days", 30),
    Setting("backup.retention_copies", Kind.COPIES, "orchestrator.backup.retentionCopies", "--keep-copies", 2),
    Setting("oidc.issuer", Kind.ISSUER, "orchestrator.oidc.issuer", "", None),
    Setting("oidc.audience", Kind.WORDS, "orchestrator.oidc.audience", "", []),
    Setting("oidc.name_claim", Kind.WORD, "orchestrator.oidc.nameClaim", "", "sub"),
    Setting("oidc.names", Kind.PAIRS, "orchestrator.oidc.names", "", []),
    Setting("oidc.scopes_claim", Kind.WORD, "orchestrator.oidc.scopesClaim", "", "groups"),
    Setting("oidc.scopes", Kind.PAIRS, "orchestrator.oidc.scopes", "", []),
    Setting("oidc.client_claim", Kind.WORD, "orchestrator.oidc.clientClaim", "", None),
    Setting("oidc.people", Kind.WORDS, "orchestrator.oidc.people", "", []),
    Setting("oidc.agents", Kind.WORDS, "orchestrator.oidc.agents", "", []),
    Setting("log.dir", Kind.PATH, "orchestrator.logging.logDirectory", "", ".orch/logs"),
    Setting("log.level", Kind.LEVEL, "orchestrator.logging.level", "", "info"),
    Setting("log.max_file_size_mb", Kind.FILE_MEBIBYTES, "orchestrator.logging.maxLogFileSizeMB", "", 10),
    Setting("log.max_files", Kind.FILES, "orchestrator.logging.maxLogFiles", "", 5),
    Setting("tracing.endpoint", Kind.URL, "orchestrator.tracing.otlpEndpoint", "", None),
    Setting("security.invalid_inputs", Kind.REFUSALS, "orchestrator.security.alertThresholds.invalidInputs", "", 10),
    Setting(
        "security.schema_violations", Kind.REFUSALS, "orchestrator.security.alertThresholds.schemaViolations", "", 5
    ),
    Setting(
        "security.unauthorised_access", Kind.REFUSALS, "orchestrator.security.alertThresholds.unauthorizedAccess", "", 1
    ),
    Setting("security.webhook_url", Kind.URL, "orchestrator.security.webhookUrl", "", None),
    Setting("security.webhook_secret_file", Kind.PATH, "orchestrator.security.webhookSecretFile", "", None),
    Setting(
        "enable_audit",
        Kind.ALWAYS,
        "orchestrator.logging.enableAudit",
        "",
        True,
        because="the audit trail is the log itself, and what is not in it has not happened",
    ),
    Setting(
        "validation.schemas",
        Kind.ALWAYS,
        "orchestrator.validation.enableSchemaValidation",
        "",
        True,
        because="what is recorded once stays for ever, so every input is judged before",
    ),
    Setting(
        "validation.strict",
        Kind.ALWAYS,
        "orchestrator.validation.strictMode",
        "",
        True,
        because="a misspelt field would be lost in silence",
    ),
    Setting(
        "validation.templates",
        Kind.ALWAYS,
        "orchestrator.validation.validateTemplates",
        "",
        True,
        because="a document with holes in it could be approved",
    ),
    Setting(
        "backup.compression",
        Kind.ALWAYS,
        "orchestrator.storage.enableCompression",
        "",
        True,
        because="the checksum that finds a damaged segment is part of its compressed form",
    ),
)
BY_NAME = {setting.name: setting for setting in SETTINGS}
EARLY = ("state_dir", "template_dir", "database_url", "cache_url", "url", "operation_timeout_ms")
"""What every command asks for: where the log and the templates are, and how long it waits for other writers."""
ALWAYS = tuple(setting for setting in SETTINGS if setting.kind is Kind.ALWAYS)
"""What nobody can turn off; whoever tries is told so by every command."""
OTHERS = tuple(f"{ENVIRONMENT}{name}" for name in ("CONFIG", "ACTOR", "ACTOR_KIND", "COMMAND_ID", "TOKEN"))
"""The variables that are no settings of a project. A token is never one: settings are shown, and go into git."""


class Value(NamedTuple):
    """A value and where it was said: the option, the variable or the file."""

    value: object
    source: Source
    where: str | None


def variable_of(name: str) -> str:
    """Return the environment variable that belongs to a name."""
    return ENVIRONMENT + name.upper().replace(".", "_")


def file_of_settings(root: Path, *, env: Mapping[str, str] = os.environ, flags: Mapping[str, str] = NOBODYS) -> Path:
    """Return the file of settings of the project at a root; it may be missing unless somebody named it."""
    named = flags.get(CONFIG) or env.get(variable_of(CONFIG))
    return Path(named) if named else root / ".orch" / "config.toml"


def is_named(*, env: Mapping[str, str], flags: Mapping[str, str]) -> bool:
    """Tell whether a flag or a variable names the file of settings."""
    return bool(flags.get(CONFIG) or env.get(variable_of(CONFIG)))


def chosen(
    names: Iterable[str],
    in_file: Callable[[], Mapping[str, object]],
    *,
    env: Mapping[str, str],
    flags: Mapping[str, str],
    file: Path,
) -> dict[str, Value]:
    """Return the value of each name: flag, then environment, then file, then default. Empty words say nothing.

    `in_file` is asked only for names that neither a flag nor the environment sets.
    """
    found: dict[str, Value] = {}
    kept: Mapping[str, object] | None = None
    for name in names:
        setting = BY_NAME[name]
        if flags.get(name):
            found[name] = Value(flags[name], Source.FLAG, setting.flag)
        elif env.get(setting.variable):
            value = value_in(setting, env[setting.variable], setting.variable)
            found[name] = Value(value, Source.ENVIRONMENT, setting.variable)
        else:
            kept = in_file() if kept is None else kept
            said = name in kept
            found[name] = Value(kept[name], Source.FILE, str(file)) if said else _default(setting)
    return found


def unread(env: Mapping[str, str]) -> list[str]:
    """Return the variables that begin with our prefix and that nothing reads."""
    read = {setting.variable for setting in SETTINGS} | set(OTHERS)
    return sorted(name for name in env if name.startswith(ENVIRONMENT) and name not in read)


def refuse_weaker(env: Mapping[str, str]) -> None:
    """Refuse variables that would turn off what nobody can."""
    for setting in ALWAYS:
        if env.get(setting.variable):
            value_in(setting, env[setting.variable], setting.variable)


def value_in(setting: Setting, words: str, where: str) -> object:
    """Return what words say, of a variable or of a command line; a list has commas in it. Raises `InvalidInput`."""
    value: object = words
    match setting.kind:
        case Kind.PATH if words and where == setting.variable:
            return words  # what cannot be a path is refused with the path it makes
        case kind if kind in WHOLE:
            value = int(words) if words.isascii() and words.isdecimal() and len(words) < 9 else words
        case Kind.SWITCH | Kind.ALWAYS:
            value = {"true": True, "false": False}.get(words.lower(), words)
        case Kind.WORDS | Kind.PAIRS | Kind.OCCASIONS:
            value = [word.strip() for word in words.split(",") if word.strip()]
    judge_value(setting, value, where)
    return value


def judge_value(setting: Setting, value: object, where: str, *, fix: Sequence[str] = HELP) -> None:
    """Refuse a value of another kind than the setting's. What is plainly right does not pay for pydantic.

    `fix` advises whoever said it elsewhere than in a setting.
    """
    match setting.kind, value:
        case Kind.PATH, str() if is_words(value):
            return
        case Kind.URL, str() if is_url(value):
            return
        case Kind.DATABASE, str() if is_database_url(value):
            return
        case Kind.CACHE, str() if is_cache_url(value):
            return
        case Kind.OCCASIONS, list() if all(each in OCCASIONS for each in value):
            return
        case Kind.WORDS, list() if all(isinstance(each, str) and is_words(each) for each in value):
            return
        case Kind.ISSUER, str() if is_issuer(value):
            return
        case Kind.WORD, str() if is_words(value) and value.isprintable():
            return
        case Kind.PAIRS, list() if all(isinstance(each, str) and is_pair(each) for each in value):
            return
        case (Kind.SWITCH, bool()) | (Kind.ALWAYS, True) if type(value) is bool:
            return
        case (Kind.LEVEL, str()) | (Kind.STYLE, str()) if value in (LEVELS if setting.kind is Kind.LEVEL else STYLES):
            return
        case kind, int() if kind in WHOLE and type(value) is int and WHOLE[kind][0] <= value <= WHOLE[kind][1]:
            return
    from adapters.settings_model import refuse_other

    refuse_other(setting, value, where, fix=fix)


def is_url(words: str) -> bool:
    """Tell whether that is the address of a server: http or https, a host, no spaces and no controls."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(words)
        host = parts.hostname
    except ValueError:
        return False
    plain = words.isascii() and words.isprintable() and " " not in words
    return plain and parts.scheme in ("http", "https") and bool(host)


def is_database_url(words: str) -> bool:
    """Tell whether that is the address of a PostgreSQL database; what is in it is libpq's affair."""
    return words.startswith(("postgresql://", "postgres://")) and words.isascii() and words.isprintable()


def is_cache_url(words: str) -> bool:
    """Tell whether that is the address of a Redis server."""
    if not words.startswith(("redis://", "rediss://", "unix://")) or not (words.isascii() and words.isprintable()):
        return False
    from adapters.redis_line import redis_at

    try:
        redis_at(words)
    except InvalidInput:
        return False
    return True


def is_issuer(words: str) -> bool:
    """Tell whether that can be the address of an issuer of identities: one that nobody on the way can answer for."""
    from adapters.oidc_fetch import is_safe

    return is_safe(words) and "?" not in words and "#" not in words


def is_pair(words: str) -> bool:
    """Tell whether that says of something what it is here."""
    before, _, after = words.rpartition("=")
    return is_words(words) and words.isprintable() and bool(before.strip()) and bool(after.strip())


def shown(name: str, value: object) -> object:
    """Return a value as it may be shown: an address without the password in it."""
    if name not in ("database_url", "cache_url") or not isinstance(value, str):
        return value
    from re import sub

    return sub(r"(?<=password=)[^&]*", "***", sub(r"(//[^/@]*?:)[^?]*(?=@)", r"\1***", value))


def to_paste(address: str) -> str:
    """Return the address of a database for a line that somebody pastes, without the password in it.

    A masked one would be sent as the password; where there is none, libpq takes that of ~/.pgpass or PGPASSWORD.
    """
    if "://" not in address:
        return address
    from re import sub

    bare = sub(r"(//[^/@]*?):[^?]*(?=@)", r"\1", address)
    return sub(r"(?<=[?&])\w*password=[^&]*(?:&|$)", "", bare).rstrip("?&")


def is_words(value: str) -> bool:
    """Tell whether that can be a path: words without a NUL, and such as UTF-8 can write."""
    return bool(value) and not any(c == "\x00" or "\ud800" <= c <= "\udfff" for c in value)


def _default(setting: Setting) -> Value:
    return Value(setting.default, Source.DEFAULT, None)
