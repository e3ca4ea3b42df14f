"""The rules about verdicts, who holds which role, and who may use the service."""

from typing import Annotated

from starlette.responses import Response

from adapters.access_tokens import new_token
from api.answering import answer, handled, recorded
from api.asking import Admin, Overseer, Reader, Writer
from api.parts import part
from api.words import Directive, MaybeReason, NewToken, Reason, Role, Rules, if_wanted
from domain import hints
from domain.access_token import stream_of
from domain.actors import Actor, actor
from domain.commands import (
    ChangePolicy,
    ForgetDirective,
    GrantRole,
    IssueToken,
    RememberDirective,
    RevokeRole,
    RevokeToken,
)
from domain.phase_ids import checked
from domain.project import STREAM as PROJECT
from usecases.reads import POLICY
from usecases.remembering import handled_again
from usecases.rules import policy, roles
from usecases.tokens import tokens
from usecases.writes import Written

router = part(tags=["rules"])


@router.get("/policy", summary="The rules in force")
def show_policy(ask: Reader) -> Response:
    """Return the rules and the version that verdicts record."""
    found = policy(ask.project, ask.at)
    return answer("policy", found, version=found["version"] if ask.at is None else None)


@router.post("/policy", summary="Put other rules in force")
def set_policy(ask: Admin, words: Rules) -> Response:
    """Change the rules that are named, for every verdict from now on."""
    return handled(ask, ChangePolicy(ask.meta(), **words.model_dump()), stream=POLICY)


@router.get("/roles", summary="Who holds which role")
def list_roles(ask: Reader) -> Response:
    """Return who holds which role, and which steps ask for it."""
    found = roles(ask.project, ask.at)
    return answer("role.list", found, version=found["version"] if ask.at is None else None)


@router.post("/roles/grant", summary="Give somebody a role")
def grant_role(ask: Admin, words: Role) -> Response:
    """Give a role; it counts for every verdict from now on."""
    return handled(ask, GrantRole(ask.meta(), words.name, words.role, words.reason), stream=POLICY)


@router.post("/roles/revoke", summary="Take a role from somebody")
def revoke_role(ask: Admin, words: Role) -> Response:
    """Take a role; verdicts given before stay what they are."""
    return handled(ask, RevokeRole(ask.meta(), words.name, words.role, words.reason), stream=POLICY)


@router.post("/directives", summary="Record a directive for everybody")
def remember(ask: Writer, words: Directive) -> Response:
    """Record what must be kept in mind."""
    if words.phase is not None:
        checked(words.phase)
    command = RememberDirective(ask.meta(stream=PROJECT), words.text, words.level, words.phase)
    return recorded(ask, Written(handled_again(ask.project, command)), stream=PROJECT)


@router.post("/directives/{number}/forget", summary="Take a directive back")
def forget(ask: Writer, number: int, words: Reason) -> Response:
    """Take a directive back; its event stays."""
    command = ForgetDirective(ask.meta(stream=PROJECT), number, words.reason)
    return recorded(ask, Written(handled_again(ask.project, command)), stream=PROJECT)


@router.get("/tokens", summary="The tokens", tags=["tokens"])
def list_tokens(ask: Overseer) -> Response:
    """Return whose the tokens are, what they may do, and when each was last used on this machine."""
    return answer("token.list", tokens(ask.project, ask.at))


@router.post("/tokens", summary="Issue a token", tags=["tokens"])
def create_token(ask: Admin, words: NewToken) -> Response:
    """Issue a token. Its secret is told this once: an answer that is repeated has null in its place."""
    made = new_token()
    stream = stream_of(made.id)
    meta = ask.meta(stream=stream)
    to = actor(words.name, words.kind, fix=(hints.token(Actor("ada", words.kind), words.scopes),))
    command = IssueToken(meta, to, tuple(words.scopes), words.days * 86_400, made.id, made.sha256, words.reason)
    receipt = ask.project.handle(command)
    secret = None if receipt.repeated else made.secret
    return recorded(ask, Written(receipt), stream=stream, kind="token.created", beside_it={"secret": secret})


@router.post("/tokens/{token}/revoke", summary="Revoke a token", tags=["tokens"])
def revoke_token(ask: Admin, token: str, words: Annotated[MaybeReason, if_wanted(MaybeReason)]) -> Response:
    """Revoke a token by its id; it opens nothing from then on."""
    stream = stream_of(token)
    return handled(ask, RevokeToken(ask.meta(stream=stream), token, words.reason), stream=stream)
