"""Make an evidence package: one pass over the log, everything proved to one signed checkpoint."""

from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, BinaryIO

import orjson

from adapters import evidence_pages
from adapters.codec import decode
from adapters.envelope import entry_of
from adapters.evidence_verify import FORMAT, FORMAT_VERSION
from adapters.evidence_zip import EvidenceZip
from domain.document_events import DocumentDrafted
from domain.errors import Damaged
from domain.event_log import Record
from domain.events import DomainEvent
from domain.merkle import grow, leaf_hash, root_of
from domain.proofs import inclusion_proof, verify_inclusion
from domain.tree_ranges import range_root_of
from projections.audit_trail import TrailRow, audit_trail
from projections.evidence_documents import DocumentLine, EvidenceDocuments, file_of
from projections.evidence_report import EventRow, EvidenceReport, without_text
from projections.log_keys import LogKeys
from usecases.audit_answers import PackageCounts, PackageTold
from usecases.audit_formats import columns_of, csv_head, csv_row
from usecases.evidence_events import Packed, PackedEvents, Selection
from usecases.evidence_keys import add_keys, add_older, seal
from usecases.exception_words import WORDS
from usecases.meters import Meter
from usecases.project import Project
from usecases.release import VERSION
from usecases.signed_head import SignedHead


class Exporter:
    """One export. What it holds grows with the phases and the rows of the report, not with the log."""

    def __init__(self, project: Project, head: SignedHead, keys: LogKeys, selection: Selection) -> None:
        self._project, self._log = project, project.log
        self._head, self._keys, self._selection = head, keys, selection
        self._whole = selection[:3] == (None, 1, head.size)
        self._range_root = range_root_of(self._log)
        self._source = PackedEvents(self._log, selection, size=head.size)
        self._documents = EvidenceDocuments()
        self._report = EvidenceReport()
        self._frontier: list[bytes] = []
        self.texts: Counter[str] = Counter()
        self.events = self.selected = self._older = 0
        self._last_at = ""

    def write(self, file: BinaryIO, beside: Path) -> None:
        """Write the package. What has to be put aside meanwhile lies, without a name, in the folder `beside`."""
        with EvidenceZip(file) as package:
            package.add("verify.py", evidence_pages.verify_py())
            package.add("check.go", evidence_pages.check_go())
            package.add("checkpoint", self._head.note)
            add_keys(package, self._keys)
            self._older = add_older(package, self._project, self._head, self._keys, self._range_root)
            self._add_events(package, beside)
            facts = self._facts()
            package.add("README.md", evidence_pages.readme(facts))
            package.add_pieces("report.html", evidence_pages.report(facts))
            self._seal(package)

    def told(self) -> PackageTold:
        """Return what the package holds."""
        chosen = self._selection
        return {
            "origin": self._log.origin,
            "size": self._head.size,
            "root": self._head.root.hex(),
            "key": self._keys.current,
            "phase": chosen.phase,
            "range": {"first": chosen.first, "last": chosen.last},
            "whole": self._whole,
            "counts": self._counts(),
            "checkpoints": self._older,
        }

    # ── events.jsonl, and what is made beside it ──

    def _add_events(self, package: EvidenceZip, beside: Path) -> None:
        with ExitStack() as stack, self._project.metering(2 * self._source.total(), "rows") as progress:
            lists, rows = (stack.enter_context(TemporaryFile(dir=beside)) for _ in range(2))
            package.add_pieces("events.jsonl", self._lines(lists, rows, progress))
            self._compare_root()
            package.add_file("documents.jsonl", lists)
            package.add_file("population.csv", rows)
            self._add_texts(package, progress)

    def _lines(self, lists: IO[bytes], rows: IO[bytes], progress: Meter) -> Iterator[bytes]:
        """Yield the lines of events.jsonl; write documents.jsonl and population.csv beside them."""
        columns = columns_of(TrailRow)
        rows.write(csv_head(columns).encode())
        for shown, packed, event in self._shown(progress):
            yield self._line(packed)
            self._last_at = shown.row["recorded_at"]
            self._report.take(packed.record, event, shown)
            for document in self._documents.take(packed.record, event, packed.text):
                self._list(document, lists)
            if packed.selected:
                self.selected += 1
                rows.write(csv_row(shown.row, columns).encode())
        for document in self._documents.rest():
            self._list(document, lists)

    def _shown(self, progress: Meter) -> Iterator[tuple[EventRow, Packed, DomainEvent]]:
        """Yield every event of the package as readers see it, what the package holds of it, and the event."""
        read: list[tuple[Packed | None, DomainEvent]] = []  # the one that the trail is at

        def happenings() -> Iterator[tuple[Record, DomainEvent]]:
            for record in self._source.records():
                packed = self._source.packed(record)
                event = decode(packed.record if packed else record)
                read.append((packed, event))
                yield record, event
                progress.advance()

        for row in audit_trail(happenings()):
            packed, event = read.pop()
            if packed is not None:
                yield EventRow(without_text(row, packed.text), packed.text, packed.selected), packed, event

    def _line(self, packed: Packed) -> bytes:
        record = packed.record
        entry = entry_of(record.position, record.recorded_at, record.clock, record.envelope)
        leaf = leaf_hash(entry)
        if leaf != record.leaf:
            raise Damaged(
                f"Position {record.position} is not what the tree holds; nothing was exported.",
                fix=("orch audit verify",),
            )
        self.events += 1
        self.texts[packed.text] += 1
        line: dict[str, Any] = {
            "position": record.position,
            "entry": entry.decode(),
            "text": packed.text,
            "salt": None if record.salt is None else record.salt.hex(),
            "payload": None if record.payload is None else record.payload.decode(),
        }
        if self._whole:
            grow(self._frontier, self.events - 1, leaf)
        else:
            line["proof"] = [b64encode(each).decode() for each in self._proof(record.position, leaf)]
        return orjson.dumps(line) + b"\n"

    def _proof(self, position: int, leaf: bytes) -> list[bytes]:
        proof = inclusion_proof(position - 1, self._head.size, self._range_root)
        if not verify_inclusion(position - 1, self._head.size, leaf, proof, self._head.root):
            raise _not_the_tree()
        return proof

    def _compare_root(self) -> None:
        if self._whole and root_of(self._frontier) != self._head.root:
            raise _not_the_tree()

    def _list(self, document: DocumentLine, lists: IO[bytes]) -> None:
        lists.write(orjson.dumps(document) + b"\n")
        self._report.take_document(document)

    # ── the other files ──

    def _add_texts(self, package: EvidenceZip, progress: Meter) -> None:
        for record in self._source.records():
            progress.advance()
            if record.topic != DocumentDrafted.TOPIC:
                continue
            packed = self._source.packed(record)
            if packed is None or packed.text != "here":
                continue
            event = decode(record)
            assert isinstance(event, DocumentDrafted) and event.text is not None
            name = file_of(record.stream.partition(":")[2], event.step, event.iteration)
            package.add(name, event.text.encode(), listed=False)  # documents.jsonl lists it

    def _facts(self) -> dict[str, Any]:
        """Return what the pages show."""
        return {
            "origin": self._log.origin,
            "size": self._head.size,
            "root": self._head.root.hex(),
            "note": self._head.note.decode(),
            "key": self._keys.current,
            "replaced": self._keys.replaced,
            "older": self._older,
            "selection": self._selection,
            "whole": self._whole,
            "counts": self._counts(),
            "report": self._report,
            "phases": self._report.phases(),
            "last_at": self._last_at,
            "exception_words": WORDS,
        }

    def _counts(self) -> PackageCounts:
        return {
            "events": self.events,
            "selected": self.selected,
            "texts": self.texts["here"],
            "withheld": self.texts["withheld"],
            "redacted": self.texts["redacted"],
            "missing": self.texts["missing"],
            "documents": self._documents.iterations,
            "verdicts": self._documents.verdicts,
        }

    def _seal(self, package: EvidenceZip) -> None:
        """Add the manifest, and the note that says that the project's key saw it."""
        chosen = self._selection
        manifest = {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "made_by": f"orch {VERSION}",
            "origin": self._log.origin,
            "checkpoint": {"size": self._head.size, "root": self._head.root.hex()},
            "selection": {"phase": chosen.phase, "first": chosen.first, "last": chosen.last},
            "withheld": {"all": chosen.withhold, "phases": sorted(chosen.withhold_phases)},
            "counts": self._counts(),
            "files": sorted(package.files, key=lambda file: file["name"]),
        }
        data = orjson.dumps(manifest, option=orjson.OPT_INDENT_2) + b"\n"
        package.add("manifest.json", data, listed=False)
        package.add("manifest.note", seal(data, self._project, self._head, self._keys), listed=False)


def _not_the_tree() -> Damaged:
    return Damaged(
        "The events do not give the root that the log keeps; nothing was exported.", fix=("orch audit verify",)
    )
