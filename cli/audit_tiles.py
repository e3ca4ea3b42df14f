"""orch audit export --tiles: the log's tree as files that others can check and serve."""

from pathlib import Path
from shlex import quote
from typing import Annotated, Optional, TypedDict

import typer

from adapters.tile_files import CHECKPOINT, TileFiles
from cli.answers import answer
from cli.options import Asked
from cli.project import opened
from cli.screen import clean, paint
from domain.errors import AlreadyExists, Damaged, InvalidInput
from usecases.project import Project
from usecases.signed_head import keys_of, signed_head

Tiles = Annotated[
    Optional[Path],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--tiles", metavar="DIR", help="Write the tree as C2SP tlog-tiles, or add to it what is new."),
]


class TilesAnswer(TypedDict):
    """What was published: `before` events were there already, `files` were written now."""

    folder: str
    origin: str
    before: int
    size: int
    root: str
    files: int
    bytes: int
    checkpoint: str


def export_tiles(asked: Asked, folder: Path) -> None:
    """Write the log's tree into a folder, sign it, and answer with what was written."""
    from cli.progress import Progress
    from cli.tile_export import write_tiles

    files = TileFiles(folder)
    with opened() as project:
        before = files.published = _published(project, folder, files.checkpoint())
        head = signed_head(project)
        with Progress(head.size) as progress:
            write_tiles(project.log, head.size, head.root, files, done=progress.advance)
        project.checkpoints.keep(head.size, head.note)
        files.publish(head.note)
        origin = project.log.origin
    data: TilesAnswer = {
        "folder": str(folder),
        "origin": origin,
        "before": before,
        "size": head.size,
        "root": head.root.hex(),
        "files": files.files,
        "bytes": files.bytes,
        "checkpoint": str(folder / CHECKPOINT),
    }
    answer("audit.tiles", data, as_json=asked.json, show=lambda: _show(data))


def _published(project: Project, folder: Path, note: bytes | None) -> int:
    """Return how many events the folder's checkpoint covers; refuse another log's, or another history than ours."""
    from adapters.signed_notes import opened as opened_note
    from domain.checkpoints import Checkpoint
    from domain.tree_ranges import range_root_of

    if note is None:
        return 0
    path, elsewhere = folder / CHECKPOINT, (f"orch audit export --tiles {quote(f'{folder}-2')}",)
    origin = note.partition(b"\n")[0].decode("utf-8", "replace")
    if origin != project.log.origin:
        raise AlreadyExists(
            f"{path} belongs to {origin[:120]!r}, not to {project.log.origin}; name another folder.", fix=elsewhere
        )
    keys = keys_of(project)
    try:
        published = Checkpoint.parse(opened_note(note, [keys.current, *keys.replaced]).text)
    except InvalidInput as error:
        raise AlreadyExists(f"{path} is no checkpoint: {error.message}", fix=elsewhere) from None
    size = project.log.moment().position
    if published.size > size:
        raise Damaged(f"{path} covers {published.size} events; this log has only {size}.", fix=("orch audit verify",))
    if range_root_of(project.log)(0, published.size) != published.root:
        raise Damaged(
            f"{path} is of another history: the first {published.size} events of this log differ.",
            fix=(f"orch audit verify --against {quote(str(path))}",),
        )
    return published.size


def _show(data: TilesAnswer) -> None:
    new = data["size"] - data["before"]
    print(f"{paint('✓', 'green')} {clean(data['folder'])} holds the log's {data['size']} events, {new} of them new.")
    print(f"  {data['files']} files written, {data['bytes']:,} bytes; checkpoint {clean(data['checkpoint'])}")
