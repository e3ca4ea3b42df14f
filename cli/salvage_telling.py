"""Say what became of every position that is known of."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import orjson

from adapters.salvage_finds import Text
from adapters.salvage_pages import Pages
from cli.salvage_answers import LostEvent, LostText, SalvageAnswer, Stretch
from cli.salvage_reading import Clue, clues
from cli.salvaging import Asking, Salvage, stretches_of
from domain.phase_ids import PREFIX

if TYPE_CHECKING:
    from cli.salvage_writing import Beginning

MOST_TOLD = 10_000
"""Lost events of which more is told than their position; the stretches name all of them."""
NOTHING_FOUND = "nothing of it was found"
NOT_ITSELF = "what is left of it is not what its hash says"
ANOTHER = "what was found there is not the event that the tree or a signed hash names"


def told(
    salvage: Salvage, log: "Beginning", files: Sequence[tuple[int, int, str]], *, out: str, asking: Asking
) -> SalvageAnswer:
    """Return the whole account."""
    stretches: list[Stretch] = []
    texts: list[LostText] = []
    filled_texts: list[int] = []
    erased: list[int] = []
    counts = {"saved": 0, "filled": 0, "lost": 0}
    file_of = {position: name for first, last, name in files for position in range(first, last + 1)}

    def fates() -> "list[tuple[int, tuple[str, str | None, str | None, str | None]]]":
        found: list[tuple[int, tuple[str, str | None, str | None, str | None]]] = []
        for position in range(1, salvage.known + 1):
            if position not in salvage.leaves:
                found.append((position, ("lost", None, None, None)))
                continue
            saved = salvage.saved(position)
            by, witness = salvage.by(position)
            fate = "filled" if saved.is_filled else "saved"
            found.append((position, (fate, file_of.get(position), by, witness or None)))
            if saved.text is Text.LOST:
                envelope = orjson.loads(saved.event.envelope)
                texts.append(
                    {
                        "position": position,
                        "stream": str(envelope["stream"]),
                        "topic": str(envelope["topic"]),
                        "why": _why_text(salvage, position, is_withheld=saved.is_withheld),
                    }
                )
            elif saved.text is Text.ERASED:
                erased.append(position)
            if saved.is_text_filled:
                filled_texts.append(position)
        return found

    for first, last, (fate, file, by, witness) in stretches_of(iter(fates())):
        counts[fate] += last - first + 1
        stretches.append(
            {
                "first": first,
                "last": last,
                "fate": fate,
                "file": file,
                "vouched": by,
                "witness": witness,
            }
        )
    remarks = list(salvage.remarks)
    if log.why and log.size < salvage.known:
        remarks.append(f"The new log ends at position {log.size}: {log.why}.")
    verification, lineage = log.verification, salvage.told.lineage
    if verification is not None:
        verification["store"] = out
    return {
        "out": out,
        "store": str(asking.places.state),
        "backups": salvage.backups.folder if salvage.backups else None,
        "origin": verification["origin"] if verification else lineage.origin if lineage else "",
        "counts": {
            "known": salvage.known,
            "in_log": log.size,
            "saved": counts["saved"],
            "filled": counts["filled"],
            "lost": counts["lost"],
            "beside": len(file_of),
            "texts_lost": len(texts),
            "texts_filled": len(filled_texts),
        },
        "stretches": stretches,
        "lost": _lost(salvage, asking),
        "texts_lost": texts,
        "texts_filled": filled_texts,
        "erased": erased,
        "held": [root.name for root in salvage.vouched.holds],
        "contradicted": [root.name for root in salvage.vouched.contradicts],
        "files": [name for _, _, name in files],
        "remarks": remarks,
        "verification": verification,
    }


def _lost(salvage: Salvage, asking: Asking) -> list[LostEvent]:
    lost = set(salvage.lost())
    if not lost:
        return []
    with Pages(asking.places.log) as pages:
        known = clues(pages, lost)
    candidates = salvage.finds.candidates()
    rows: list[LostEvent] = []
    for position in sorted(lost)[:MOST_TOLD]:
        clue, broken = known.get(position, Clue()), salvage.finds.broken.get(position)
        stream = clue.stream
        topic = command = None
        if broken is not None:
            stream = stream or _words(broken.stream)
            topic, command = _words(broken.topic), _words(broken.command_id)
        own = any(each.own for each in candidates.get(position, ()))
        leaf = salvage.expected(position)
        rows.append(
            {
                "position": position,
                "stream": stream,
                "phase": stream.removeprefix(PREFIX) if stream and stream.startswith(PREFIX) else None,
                "version": clue.version,
                "topic": topic,
                "command_id": clue.command_id or command,
                "leaf": leaf.hex() if leaf else None,
                "why": ANOTHER if own else NOT_ITSELF if broken or position in candidates else NOTHING_FOUND,
            }
        )
    return rows


def _words(found: bytes | None) -> str | None:
    """Return a column as words, if it looks like any."""
    if not found or not found.isascii() or not found.decode().isprintable():
        return None
    return found.decode()


def _why_text(salvage: Salvage, position: int, *, is_withheld: bool) -> str:
    if is_withheld:
        return "left out: the store had erased it, and the event that said so may be among those that are lost"
    finds = salvage.finds.at(position, salvage.leaves[position])
    if all(each.text is Text.ERASED for each in finds):
        return "it is gone from the store, and no redaction says so"
    return "what is left of it is not what its envelope says"
