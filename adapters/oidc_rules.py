"""What the settings make of whoever an issuer names (OpenID Connect): a name, a kind and scopes."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from adapters.settings import Value
from domain.access_token import Scope
from domain.actors import Actor, ActorKind, actor
from domain.errors import InvalidInput

NAMES = (
    "oidc.issuer",
    "oidc.audience",
    "oidc.name_claim",
    "oidc.names",
    "oidc.scopes_claim",
    "oidc.scopes",
    "oidc.client_claim",
    "oidc.people",
    "oidc.agents",
)
CLIENT_CLAIMS = ("azp", "client_id")
"""Where tokens say which program got them (OpenID Connect Core 2, RFC 9068), unless a setting names another claim."""


class IssuerRules(NamedTuple):
    """Whom an issuer may name, and what they are here."""

    issuer: str
    audiences: tuple[str, ...]
    name_claim: str
    names: Mapping[str, str]
    """The names of those who are known here under another one than the issuer's."""
    scopes_claim: str
    scopes: Mapping[str, tuple[Scope, ...]]
    client_claims: tuple[str, ...]
    people: frozenset[str]
    """Programs in which people sign in."""
    agents: frozenset[str]

    @property
    def place(self) -> str:
        """What is put behind every name, so that nobody has the name of somebody from here by chance."""
        return self.issuer.partition("://")[2].rstrip("/")

    def actor_of(self, claims: Mapping[str, object]) -> Actor:
        """Return who the claims are about. Raises `InvalidInput`."""
        value = claims.get(self.name_claim)
        if not isinstance(value, str) or not value.strip():
            raise InvalidInput(f"it has no claim {self.name_claim}, which is the name here")
        if self.name_claim == "email" and claims.get("email_verified") is not True:
            raise InvalidInput("its issuer has not verified the email, which is the name here")
        return actor(self.names.get(value, f"{value}@{self.place}"), self._kind_of(claims))

    def scopes_of(self, claims: Mapping[str, object]) -> tuple[Scope, ...]:
        """Return what the claims open, in the order that scopes have."""
        said = _at(claims, self.scopes_claim)
        groups = said.split() if isinstance(said, str) else said if isinstance(said, list) else ()
        opened = {scope for group in groups if isinstance(group, str) for scope in self.scopes.get(group, ())}
        return tuple(scope for scope in Scope if scope in opened)

    def _kind_of(self, claims: Mapping[str, object]) -> ActorKind:
        """Return a person only for a program in which people sign in, and nobody else can."""
        named = {str(claims[each]) for each in self.client_claims if claims.get(each) is not None}
        if len(named) > 1:
            raise InvalidInput("it names two clients")
        client = next(iter(named), None)
        if client in self.agents:
            return ActorKind.AGENT
        return ActorKind.HUMAN if client in self.people and client != claims.get("sub") else ActorKind.SERVICE


def rules_of(settings: Mapping[str, Value]) -> IssuerRules | None:
    """Return the rules that settings say, or None where there is no issuer. Raises `InvalidInput`."""
    said = {name: settings[name].value for name in NAMES}
    if said["oidc.issuer"] is None:
        return None
    if not said["oidc.audience"]:
        raise InvalidInput(
            "oidc.issuer is set and oidc.audience is not: tokens for other services would open this one.",
            fix=("orch config set oidc.audience orch",),
        )
    scopes = scopes_in(_words(said["oidc.scopes"]))
    if not scopes:
        raise InvalidInput(
            "oidc.issuer is set and oidc.scopes is not: whoever it names could do nothing here.",
            fix=("orch config set oidc.scopes developers=read+write,leads=read+approve",),
        )
    people, agents = (frozenset(_words(said[f"oidc.{name}"])) for name in ("people", "agents"))
    if both := sorted(people & agents):
        raise InvalidInput(
            f"{both[0]!r} is in oidc.people and in oidc.agents; it has to be one of them.",
            fix=("orch config show oidc.people", "orch config show oidc.agents"),
        )
    client = said["oidc.client_claim"]
    return IssuerRules(
        issuer=str(said["oidc.issuer"]),
        audiences=tuple(_words(said["oidc.audience"])),
        name_claim=str(said["oidc.name_claim"]),
        names=_names_in(_words(said["oidc.names"])),
        scopes_claim=str(said["oidc.scopes_claim"]),
        scopes=scopes,
        client_claims=(str(client),) if client else CLIENT_CLAIMS,
        people=people,
        agents=agents,
    )


def scopes_in(pairs: Iterable[str]) -> dict[str, tuple[Scope, ...]]:
    """Return what each group opens, from words such as leads=read+approve. Raises `InvalidInput`."""
    found: dict[str, tuple[Scope, ...]] = {}
    for pair in pairs:
        group, _, words = pair.rpartition("=")
        for word in words.split("+"):
            if word not in list(Scope):
                raise InvalidInput(
                    f"oidc.scopes: a scope is one of {', '.join(Scope)}; got {word[:40]!r} in {pair[:80]!r}.",
                    fix=("orch config set oidc.scopes developers=read+write,leads=read+approve",),
                )
        found[group] = (*found.get(group, ()), *map(Scope, words.split("+")))
    return found


def _names_in(pairs: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in pairs:
        value, _, name = pair.rpartition("=")
        if value in found:
            raise InvalidInput(f"oidc.names names {value[:80]!r} twice.", fix=("orch config show oidc.names",))
        found[value] = actor(name, fix=("orch config show oidc.names",)).name
    return found


def _at(claims: Mapping[str, object], name: str) -> object:
    """Return a claim; where none is called so, a name with dots leads into claims that hold others."""
    if name in claims:
        return claims[name]
    found: object = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _words(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []
