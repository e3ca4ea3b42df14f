"""A service compiles templates once, and yet sees that a project's own one was changed."""

from pathlib import Path

from adapters.templates import built_in
from tests.api.served import issued, opened, served


def test_a_template_that_is_changed_while_the_service_runs_counts_from_the_next_draft(folder: Path) -> None:
    with opened(folder) as project, served(project) as nobody:
        client = nobody.shows(issued(project))
        first = client.post("/phases/st01-x/spec", {"objectives": ["a"]})
        assert first.status == 200
        project.places.templates.mkdir(exist_ok=True)
        own = project.places.templates / "spec.md.j2"
        own.write_text(f"{built_in('spec.md.j2')}\nMade by our own template.\n", "utf-8")
        assert client.post("/phases/st01-x/spec", {"objectives": ["b"]}).status == 200
        assert "Made by our own template." in client.get("/phases/st01-x/spec").data["text"]
        own.write_text("{% broken", "utf-8")
        assert client.post("/phases/st01-x/spec", {"objectives": ["c"]}).code == "TEMPLATE_ERROR"


def test_compiled_templates_are_kept(folder: Path) -> None:
    with opened(folder) as project:
        kept = project._replace(kept=project.templates)
        assert kept.templates is kept.templates and project.templates is not project.templates
