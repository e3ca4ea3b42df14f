"""How it is known who acts, in the words that people are told."""

from usecases.project import Project

CLAIM = "a local name is a claim, not a proof"


def how_known(project: Project) -> str:
    """Return it: a service knows whoever shows a token, and a local name is believed as it comes."""
    return "known by a token" if project.far else CLAIM
