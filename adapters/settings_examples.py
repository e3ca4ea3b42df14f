"""What somebody could say of each setting whose default says nothing; loaded to explain one, never to read one."""

from adapters.settings import Kind, Setting

LISTS = (Kind.OCCASIONS, Kind.WORDS, Kind.PAIRS)
EXAMPLES = {
    "database_url": "postgresql://orch@db.example.org/orch",
    "url": "https://orch.example.org",
    "token_file": "token",
    "ca_file": "ca.pem",
    "cache_url": "redis://localhost:6379/0",
    "checkpoints.after": "approval",
    "checkpoints.anchor": "/mnt/elsewhere/checkpoints",
    "checkpoints.timestamp_url": "https://tsa.example.org",
    "backup.recipients": "age1…",
    "oidc.issuer": "https://login.example.org",
    "oidc.audience": "orchestrator",
    "oidc.names": "ada@example.org=ada",
    "oidc.scopes": "leads=read+approve",
    "oidc.client_claim": "client",
    "oidc.people": "orch-web",
    "oidc.agents": "build-agent",
    "tracing.endpoint": "http://localhost:4318",
    "security.webhook_url": "https://hooks.example.org/orch",
    "security.webhook_secret_file": "webhook-secret",
}


def what_it_is(setting: Setting) -> str:
    """Return what a value has to be; of a list with an example as it stands in a file."""
    if setting.kind not in LISTS:
        return setting.kind
    return f'{setting.kind}, such as ["{EXAMPLES[setting.name]}"]'
