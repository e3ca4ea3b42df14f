"""The page of commands says what the commands say of themselves."""

from docs import api, settings
from docs.commands import PAGE, page


def test_the_page_of_commands_agrees_with_their_help() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m docs.commands"


def test_the_page_of_settings_is_up_to_date() -> None:
    assert settings.PAGE.read_text("utf-8") == settings.page(), "run python -m docs.settings"


def test_the_page_of_the_service_agrees_with_its_description() -> None:
    assert api.PAGE.read_text(encoding="utf-8") == api.page(), "run: python -m docs.api"


def test_every_operation_is_on_the_page_of_the_service() -> None:
    text = api.PAGE.read_text(encoding="utf-8")
    operations = [(m, path) for path, methods in api.description()["paths"].items() for m in methods]
    assert len(operations) >= 50
    for method, path in operations:
        assert f"### {method.upper()} {path}\n" in text
