"""The operation of the service that carries out a command: one line for each, and the answer as a receipt."""

from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import quote

from adapters.import_wire import words_of
from adapters.service_line import Reply, ServiceLine
from domain import commands as c
from domain.access_token import stream_of as token_stream
from domain.errors import Damaged, InvalidInput
from domain.event_log import Receipt
from domain.times import microseconds


class NotInPath(InvalidInput):
    """What no path can hold is no name of anything here; the rules say it in their own words."""


class Asked(NamedTuple):
    """A request that carries out a command."""

    method: str
    path: str
    body: dict[str, Any] | None


class Decided(NamedTuple):
    """What the service recorded, and what else it answered."""

    receipt: Receipt
    data: dict[str, Any]


def carried_out(line: ServiceLine, command: c.Command) -> Decided:
    """Let the service decide a command; asking again under the same id is safe, and done where an answer was lost."""
    asked = request_of(command, where=line.where)
    return _decided(line.ask(asked.method, asked.path, asked.body, key=command.meta.command_id))


def request_of(command: c.Command, *, where: str = "the service") -> Asked:
    """Return the request for a command: only what differs from what goes without saying."""
    match command:
        case c.DraftDocument():
            return _post(_step(command), dict(command.fields))
        case c.EditDocument():
            return Asked("PUT", _step(command), {"text": command.text})
        case c.RequestApproval():
            return _post(f"{_step(command)}/request")
        case c.ApproveDocument():
            return _post(f"{_step(command)}/approve", _said(command, forced="force"))
        case c.RejectDocument():
            return _post(f"{_step(command)}/reject", {"feedback": [], **_said(command)})
        case c.ReconfirmDocument():
            return _post(f"{_step(command)}/reconfirm", {"reason": "", **_said(command, forced="force")})
        case c.ReopenStep():
            return _post(f"{_step(command)}/reopen", {"reason": command.reason})
        case c.HandOff():
            return _post(f"{_phase(command)}/handoff", {"comments": command.comments})
        case c.ArchivePhase():
            return _post(f"{_phase(command)}/archive", {"reason": command.reason})
        case c.RetitlePhase():
            return _post(f"{_phase(command)}/retitle", {"title": command.title})
        case c.AddDependency():
            return _post(f"{_phase(command)}/depend", {"on": command.on})
        case c.RemoveDependency():
            return Asked("DELETE", f"{_phase(command)}/depend/{_part(command.on)}", None)
        case c.BlockPhase():
            return _post(f"{_phase(command)}/block", {"type": command.kind, "text": command.description})
        case c.UnblockPhase():
            return _post(f"{_phase(command)}/unblock/{_part(command.blocker)}", {"reason": command.reason})
        case c.StartTasks():
            return _post(f"{_phase(command)}/task/start", _said(command, forced="force"))
        case c.CompleteTasks():
            return _post(f"{_phase(command)}/task/done", _said(command, forced="force"))
        case c.ReopenTasks():
            return _post(f"{_phase(command)}/task/reopen", {"reason": "", **_said(command)})
        case c.AssignTasks():
            return _post(f"{_phase(command)}/task/assign", {"tasks": list(command.tasks), "to": command.to or None})
        case c.ChangePolicy():
            return _post("/policy", _said(command))
        case c.GrantRole():
            return _post("/roles/grant", _said(command))
        case c.RevokeRole():
            return _post("/roles/revoke", _said(command))
        case c.RememberDirective():
            return _post("/directives", _said(command))
        case c.ForgetDirective():
            return _post(f"/directives/{command.number}/forget", {"reason": command.reason})
        case c.NamePoint():
            return _post("/recover/points", _said(command))
        case c.ReviewLog():
            span = {"from": f"position:{command.first}", "to": f"position:{command.last}"}
            return _post("/audit/reviews", {**span, "comments": command.comments})
        case c.RedactPayload():
            return _post("/audit/redact", {"position": command.position, "reason": command.reason})
        case c.RotateKey():
            return _post("/audit/key/rotate", {"reason": command.reason})
        case c.SyncTasks():
            boxes = [*((number, "x") for number in command.done), *((number, " ") for number in command.reopened)]
            text = "".join(f"- [{tick}] {number} as its box says\n" for number, tick in boxes)
            return _post(f"{_phase(command)}/task/sync", {"text": text, **_said(command, forced="force")})
        case c.ImportPhase():
            return _post(f"{_phase(command)}/import", words_of(command))
        case c.IssueToken():
            words = {"name": command.to.name, "kind": command.to.kind, "scopes": list(command.scopes)}
            return _post("/tokens", {**words, "days": command.seconds // 86_400, "reason": command.reason})
        case c.RevokeToken():
            token_stream(command.token)  # what is no id is no part of a path either
            return _post(f"/tokens/{command.token}/revoke", {"reason": command.reason})
        case _:
            raise InvalidInput(f"That is done where the log is, by whoever runs {where}.")


def _post(path: str, body: dict[str, Any] | None = None) -> Asked:
    return Asked("POST", path, body or {})


def _phase(command: Any) -> str:
    return f"/phases/{_part(command.phase)}"


def _step(command: Any) -> str:
    return f"{_phase(command)}/{command.step}"


def _part(words: str) -> str:
    """Return words as one part of a path, whatever is in them; dots alone would lead elsewhere."""
    if not words.strip(".") or "/" in words:
        raise NotInPath(f"{words[:20]!r} is no name of anything here.")
    return quote(words, safe="")


IN_PATHS = frozenset(("meta", "step", "done", "reopened"))


def _said(command: Any, **spelled: str) -> dict[str, Any]:
    """Return the words of a command that say something; an older service need not know the others."""
    unsaid = type(command)._field_defaults
    in_path = IN_PATHS | ({"phase"} if {"step", "tasks", "reopened"} & {*command._fields} else set())
    return {
        spelled.get(name, name): list(value) if isinstance(value, tuple) else value
        for name, value in command._asdict().items()
        if name not in in_path and not (name in unsaid and value == unsaid[name])
    }


def _decided(reply: Reply) -> Decided:
    data = reply.data
    try:
        positions = [event["position"] for event in data["events"]]
        receipt = Receipt(
            str(data["command_id"]),
            min(positions),
            max(positions),
            microseconds(datetime.fromisoformat(data["recorded_at"])),
            repeated=reply.headers.get("idempotent-replayed") == "true",
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Damaged(f"The service did not say what it recorded: {error}.") from None
    return Decided(receipt, data)
