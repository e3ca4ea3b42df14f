"""What is done where the log is, refused where a service is asked about it."""

from cli.from_afar import WHERE
from cli.options import typed_line
from cli.service_named import service_named
from domain.errors import InvalidInput, Refusal


def refuse_through_a_service(why: str) -> None:
    """Refuse a command that needs the machine of the log, with the reason, and say which command to type there."""
    try:
        url = service_named()
    except Refusal:  # the command itself says what is wrong here
        return
    if url is not None:
        raise InvalidInput(
            f"That is done where the log is, and this project is worked on through {url}: {why}.",
            fix=(f"{typed_line()}{WHERE}", "unset ORCHESTRATOR_URL"),
        )
