"""What makes repeating a command safe: its id."""

from domain.errors import InvalidInput


def checked_id(command_id: str | None) -> str:
    """Return the id as it was given, or a new one where none was."""
    if not command_id:
        from uuid import uuid4

        return str(uuid4())
    if len(command_id) > 128 or not command_id.isascii() or not command_id.isprintable() or " " in command_id:
        raise InvalidInput("A command id has 1 to 128 printable ASCII characters without spaces.")
    return command_id
