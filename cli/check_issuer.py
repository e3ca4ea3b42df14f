"""Whether the issuer of identities that the settings name can be believed, for orch check pre-deploy."""

from collections.abc import Iterator

from adapters.oidc_rules import NAMES, rules_of
from adapters.settings_file import settings_of
from cli.given import flags
from usecases.patient import Found, Patient


def issuer(patient: Patient) -> Iterator[Found]:
    """Ask the issuer for its keys; nothing is said where the settings name none."""
    rules = rules_of(settings_of(NAMES, patient.places.settings, flags=flags()))
    if rules is None:
        return
    from adapters.oidc_keys import IssuerKeys
    from cli.serve import refuse_without_extra

    refuse_without_extra()
    keys = IssuerKeys(rules.issuer).refreshed()
    yield Found("ok", f"{rules.issuer} publishes {keys} key{'' if keys == 1 else 's'} that can be used.")
    if not rules.people:
        yield Found(
            "warning",
            "oidc.people names no client in which people sign in: everybody from there is a service or an agent.",
            ("orch config set oidc.people orch-web",),
        )
