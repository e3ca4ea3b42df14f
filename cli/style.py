"""In which style people are answered; JSON, exit statuses and the sentences themselves are the same in each."""

from enum import StrEnum

from domain.errors import Refusal


class Style(StrEnum):
    """How much is said."""

    FRIENDLY = "user-friendly"
    """What happened, what can be known about it, and what to type next; an interview says why it asks."""
    PROFESSIONAL = "professional"
    """The same without explanations, and with one next command."""
    TERSE = "terse"
    """One line."""


def style() -> Style:
    """Return the style that the setting `feedback.style` says; whatever is wrong with the settings, there is one."""
    from cli.settings_here import setting_here

    try:
        return Style(str(setting_here("feedback.style").value))
    except (Refusal, OSError):
        return Style.FRIENDLY
