"""What auditors look at first, count, draw, prove and take away."""

from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryFile
from typing import Annotated, Any, Literal

from fastapi import Path as InPath
from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from adapters.checkpoint_files import notes_of
from api.answering import answer, recorded
from api.asking import Auditing, Auditor, PresentAuditor, refuse_files
from api.audit import Filtered
from api.bodies import file_body, stream_body
from api.heavy import long_work
from api.outside import host_of, outside, rows_outside
from api.parts import part
from api.words import Nothing, Text, Words, if_wanted
from domain.errors import InvalidInput
from domain.ledger import STREAM as LEDGER
from usecases.auditing import checked_seed, exceptions, population, sample
from usecases.checkpointing import checkpoint, elsewhere
from usecases.evidence_export import exporter
from usecases.log_keys import keys
from usecases.proving import consistency, inclusion
from usecases.reviewing import reviewed
from usecases.trail import Filters, scope_of
from usecases.verification import verification
from usecases.verifying import Options
from usecases.writes import Written

router = part(prefix="/audit", tags=["audit"])
ZIP = "application/zip"
SENTENCES = ("expected", "found")
"""What a problem of a log says in words, which may name a place."""
Size = Annotated[int, Query(alias="n", ge=1, le=10_000, description="How many events.")]
Seed = Annotated[str | None, Query(description="Decides the draw; one is made up and told otherwise.")]
Position = Annotated[int, InPath(ge=1, description="The position of the event.", examples=[1])]
Old = Annotated[int, Query(ge=1, description="The size of the older log.", examples=[1])]
New = Annotated[int, Query(ge=1, description="The size of the newer one.", examples=[1])]
FILES = {
    "entry": "text/plain; charset=utf-8",
    "proof.tlog-proof": "text/plain; charset=utf-8",
    "vkey": "text/plain; charset=utf-8",
}
FileName = Annotated[Literal["entry", "proof.tlog-proof", "vkey"], InPath(description="A file of the proof.")]
Moment = Annotated[str | None, Field(description="A time or position:N.", examples=["position:1"])]


class Verify(Words):
    """What is held against the log: signed notes as they were handed out, and the keys they have to bear."""

    against: Annotated[
        list[Text], Field(default_factory=list, max_length=1000, description="Checkpoints that you hold, whole.")
    ]
    vkeys: Annotated[
        list[str], Field(default_factory=list, max_length=100, description="Otherwise those that the log names.")
    ]
    from_position: Annotated[int, Field(ge=1, description="Begin there, not at 1.")] = 1
    envelopes_only: Annotated[bool, Field(description="Leave the free texts out.")] = False


class Review(Words):
    """The range that was looked at; without a beginning, from behind the last reviewed position to the end."""

    since: Annotated[Moment, Field(alias="from")] = None
    until: Annotated[Moment, Field(alias="to")] = None
    comments: Annotated[Text, Field(examples=["Every verdict is by a person"])] = ""


class Evidence(Words):
    """What is taken away, and whose free text stays here."""

    phase: str | None = None
    since: Annotated[Moment, Field(alias="from")] = None
    until: Annotated[Moment, Field(alias="to")] = None
    withhold: Annotated[bool, Field(description="Leave all free text out; commitments and digests stay.")] = False
    withhold_phases: Annotated[list[str], Field(default_factory=list, max_length=1000)]


@router.get("/exceptions", summary="What stands out")
def list_exceptions(ask: Auditor, wanted: Filtered) -> Response:
    """Return forced actions, verdicts by the author, by a program or not by a person, and what else stands out."""
    return answer("audit.exceptions", exceptions(ask.project, scope_of(ask.project, ask.at, wanted)))


@router.get("/population", summary="How many events there are")
def count_population(ask: Auditor, wanted: Filtered) -> Response:
    """Return the number of events by topic, actor, kind and month, and of verdicts by outcome."""
    return answer("audit.population", population(ask.project, scope_of(ask.project, ask.at, wanted)))


@router.get("/sample", summary="Events drawn by a seed")
def draw_sample(ask: Auditor, wanted: Filtered, size: Size = 25, seed: Seed = None) -> Response:
    """Return the events that a seed draws, so that anybody can draw the same ones again."""
    chosen = token_hex(8) if seed is None else checked_seed(seed)
    return answer("audit.sample", sample(ask.project, scope_of(ask.project, ask.at, wanted), seed=chosen, size=size))


@router.get("/key", summary="The keys that speak for the log")
def show_key(ask: Auditor) -> Response:
    """Return the verifier key in force, and those it replaced. Hold it against one you were given another way."""
    return answer("audit.key", keys(ask.project, ask.at))


@router.get("/proofs/{position}", summary="Proof that an event is in the log")
def prove(ask: Auditor, position: Position) -> Response:
    """Sign the log as it is, or was, and prove one event to that; `files` are fetched by name below this path."""
    return answer("audit.proof", inclusion(ask.project, position, folder=f"proof-{position}", at=ask.at).data)


@router.get("/proofs/{position}/{file}", summary="A file of the proof of an event")
def proof_file(ask: Auditor, position: Position, file: FileName) -> Response:
    """Return the proof (C2SP tlog-proof), the entry it is about, or the verifier key, each by itself."""
    return file_body(inclusion(ask.project, position, folder="", at=ask.at).files[file], file, FILES[file])


@router.get("/consistency", summary="Proof that the log only grew")
def prove_growth(ask: PresentAuditor, old: Old, new: New) -> Response:
    """Prove that the log of `new` events grew out of that of `old` (RFC 6962)."""
    return answer("audit.consistency", consistency(ask.project, old, new))


@router.post("/checkpoint", summary="Sign the log as it is")
def sign_checkpoint(ask: PresentAuditor, words: Nothing | None = None) -> Response:
    """Sign the tree head; keep the `note` where this log's owner cannot reach. Settings name anchor and authority."""
    del words
    found = checkpoint(ask.project, *elsewhere(ask.project, None, None))
    data: dict[str, Any] = {**found, "file": Path(found["file"]).name}
    data["anchor"] = Path(found["anchor"]).name if found["anchor"] else None
    if stamp := found["timestamp"]:
        shown = {"url": host_of(stamp["url"]), "file": Path(stamp["file"]).name if stamp["file"] else None}
        data["timestamp"] = {**stamp, **shown}
        data["timestamp"]["warning"] = outside(stamp["warning"], ask.project) if stamp["warning"] else None
    return answer("audit.checkpoint", data)


@router.post("/verify", summary="Check the whole log, and what you hold against it")
def verify(ask: PresentAuditor, words: Annotated[Verify, if_wanted(Verify)]) -> Response:
    """Check every event, the tree and what is kept beside them. A damaged log is told as `verdict`, with status 200.

    It reads the whole log before it answers; two such requests run at the same time.
    """
    notes = [(f"against[{i}]", note) for i, text in enumerate(words.against) for note in _notes(text, i)]
    with long_work():
        found = verification(ask.project, notes, words.vkeys, Options(words.from_position, words.envelopes_only))
    first, documents = found["first_problem"], found["documents"]
    data: dict[str, Any] = {**found, "problems": rows_outside(found["problems"], ask.project, *SENTENCES)}
    data["first_problem"] = next(iter(rows_outside([first], ask.project, *SENTENCES))) if first else None
    data["documents"] = {**documents, "other": rows_outside(documents["other"], ask.project, *SENTENCES)}
    return answer("audit.verification", data)


@router.post("/reviews", summary="Record that you have reviewed a range")
def review(ask: Auditing, words: Annotated[Review, if_wanted(Review)]) -> Response:
    """Sign for a range of the log with the root that was seen. It is verified first: nobody signs for damage."""
    for moment in (words.since, words.until):
        refuse_files(moment)
    with long_work():
        receipt = reviewed(ask.project, ask.meta(stream=LEDGER), words.since, words.until, words.comments)
    return recorded(ask, Written(receipt), stream=LEDGER)


@router.post("/export", summary="An evidence package")
def evidence(ask: PresentAuditor, words: Annotated[Evidence, if_wanted(Evidence)]) -> Response:
    """Sign the log as it is, and return events, proofs, documents, a report and what checks them, as one ZIP file."""
    for moment in (words.since, words.until):
        refuse_files(moment)
    wanted = Filters(None, None, words.phase, None, None, words.since, words.until, forced=False)
    state = ask.project.places.state
    with long_work():
        made = exporter(ask.project, wanted, withhold=words.withhold, phases=words.withhold_phases)
        file = TemporaryFile(dir=state)  # noqa: SIM115  # it is closed behind its last piece
        try:
            made.write(file, state)
            return stream_body(file, "evidence.zip", ZIP)
        except BaseException:
            file.close()
            raise


def _notes(text: str, place: int) -> list[bytes]:
    found = list(notes_of(text.encode()))
    if not found:
        raise InvalidInput(f"against[{place}] holds no checkpoint.", fix=("orch audit checkpoint",))
    return found
