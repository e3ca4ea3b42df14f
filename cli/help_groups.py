"""What people want to do, and the commands for it: the page that `orch --help` shows fits one screen."""

GROUPS = (
    ("Begin", ("init", "import", "migrate", "serve", "upgrade", "deploy", "version", "completion")),
    ("Set the rules", ("config", "policy", "role", "token", "template", "schema")),
    ("Write", ("spec", "research", "plan", "prd", "tasks", "workflow", "batch", "edit", "checkout")),
    ("Decide", ("request", "approve", "reject", "reopen", "reconfirm", "handoff", "archive")),
    ("Work", ("package", "task", "block", "unblock", "depend", "retitle", "remember", "context")),
    ("Where it stands", ("next", "dashboard", "progress", "status", "list", "why", "health", "monitor")),
    ("Look back", ("show", "search", "diff", "history", "replay", "export")),
    ("Prove it", ("audit", "gate")),
    ("Keep it safe", ("backup", "recover", "doctor", "check", "bench", "rebuild", "follow")),
)
OTHERS = "More"


def grouped(names: list[str]) -> list[tuple[str, list[str]]]:
    """Return the headings with those of their commands that exist; what no group names comes last."""
    found = [(heading, [name for name in group if name in names]) for heading, group in GROUPS]
    known = {name for _, group in GROUPS for name in group}
    rest = [name for name in names if name not in known]
    return [(heading, group) for heading, group in (*found, (OTHERS, rest)) if group]
