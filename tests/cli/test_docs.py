"""The page of commands says what the commands say of themselves."""

from docs import settings
from docs.commands import PAGE, page


def test_the_page_of_commands_agrees_with_their_help() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m docs.commands"


def test_the_page_of_settings_is_up_to_date() -> None:
    assert settings.PAGE.read_text("utf-8") == settings.page(), "run python -m docs.settings"
