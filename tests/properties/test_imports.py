"""Imports of any history: recorded once, whatever order the files come in, and never more than was claimed."""

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.import_files import Folder
from adapters.import_predecessor import predecessor
from domain.commands import ImportPhase
from domain.errors import NothingChanged
from domain.event_log import EventLog, Receipt
from domain.handler import handle
from domain.import_claims import Claim
from domain.importers import Importer
from domain.phase_ids import stream_of
from domain.phase_state import PhaseState
from domain.steps import STEPS, Step, StepState
from tests import asks
from tests.cli.import_world import state
from tests.facts import ADA, NOON
from tests.plain_templates import PlainTemplates
from tests.stories import given as begun

START = datetime(2025, 9, 1, 10, tzinfo=UTC)
STEP = st.sampled_from([step.value for step in STEPS])
MOVE = st.one_of(
    st.tuples(st.just("draft"), STEP),
    st.tuples(st.just("approve"), STEP),
    st.tuples(st.just("withdraw"), STEP),
    st.tuples(st.just("block"), st.sampled_from(["x", "y"])),
    st.tuples(st.just("resolve"), st.sampled_from(["x", "y"])),
    st.tuples(st.just("forget"), st.sampled_from(["x", "y"])),
)
TEXTS = st.dictionaries(st.sampled_from(list(STEPS)), st.sampled_from(["# A\n", "# B\n"]))


def states(moves: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """Return a state after each move, as the predecessor would save them."""
    found = [state("st01-x")]
    for number, (move, what) in enumerate(moves, 1):
        now = json.loads(json.dumps(found[-1]))
        when = (START + timedelta(hours=number)).isoformat()
        now["metadata"]["lastModified"] = when
        blockers = {blocker["id"]: blocker for blocker in now["blockers"]}
        match move:
            case "draft":
                now["iterations"][what] += 1
                now["approvals"][what] = None
            case "approve":
                iteration = now["iterations"][what]
                now["approvals"][what] = {"timestamp": when, "iteration": iteration, "approved_by": "user"}
            case "withdraw":
                now["approvals"][what] = None
            case "block":
                blockers.setdefault(what, {"id": what, "type": "validation_error", "description": "", "created": when})
            case "resolve" if what in blockers:
                blockers[what]["resolved"] = when
            case "forget":
                blockers.pop(what, None)
        now["blockers"] = list(blockers.values())
        found.append(now)
    return found


def read(root: Path, saved: list[dict[str, Any]], texts: dict[Step, str], order: random.Random) -> list[Claim]:
    """Write the files, and read them in any order."""
    names = [f".orch-state.backup.{1_756_720_800_000 + at * 1000}.json" for at in range(len(saved) - 1)]
    for name, found in zip([*names, ".orch-state.json"], saved, strict=True):
        (root / name).write_text(json.dumps(found), "utf-8")
    for step, text in texts.items():
        (root / f"{step}.md").write_text(text, "utf-8")
    paths = [PurePosixPath(name) for name in (*names, ".orch-state.json")]
    order.shuffle(paths)
    folder = Folder(root)
    told = predecessor(folder, paths, {step: PurePosixPath(f"{step}.md") for step in texts})
    folder.close()
    return told.claims


def take(log: EventLog, claims: list[Claim]) -> Receipt:
    command = ImportPhase(
        asks.meta(ADA, NOON, None), "st01-x", "X", Importer.PREDECESSOR, "st01-x", "st01-x", tuple(claims)
    )
    return handle(command, log=log, templates=PlainTemplates())


def nothing_new(log: EventLog, claims: list[Claim]) -> bool:
    before = log.moment()
    try:
        take(log, claims)
    except NothingChanged:
        return log.moment() == before
    return False


@settings(deadline=None, max_examples=25)
@given(st.lists(MOVE, max_size=14), TEXTS, st.randoms(use_true_random=False))
def test_importing_twice_changes_nothing_and_backups_come_in_any_order(
    moves: list[tuple[str, str]], texts: dict[Step, str], order: random.Random
) -> None:
    with TemporaryDirectory() as place:
        claims = read(Path(place), states(moves), texts, order)
        assert read(Path(place), states(moves), texts, order) == claims
    assert len({claim.key for claim in claims}) == len(claims)
    log = begun().log
    take(log, claims)
    assert nothing_new(log, claims)


@settings(deadline=None, max_examples=25)
@given(st.lists(MOVE, min_size=1, max_size=14), TEXTS, st.data())
def test_what_is_approved_here_is_approved_there_and_has_a_text(
    moves: list[tuple[str, str]], texts: dict[Step, str], data: st.DataObject
) -> None:
    saved = states(moves)
    with TemporaryDirectory() as place:
        claims = read(Path(place), saved, texts, random.Random(1))
    log = begun().log
    take(log, claims)
    head = log.heads([stream_of("st01-x")])[1][stream_of("st01-x")]
    documents = PhaseState.from_facts(head.facts).documents
    approved = {step for step in STEPS if documents[step].state is StepState.APPROVED}
    assert approved == {step for step in STEPS if saved[-1]["approvals"][step] and step in texts}
    assert all(documents[step].claimed and not documents[step].approvals for step in approved)
    assert {step for step in STEPS if documents[step].iteration} == set(texts)
    open_there = [blocker for blocker in saved[-1]["blockers"] if "resolved" not in blocker]
    assert len(PhaseState.from_facts(head.facts).open_blockers) == len(open_there)


@settings(deadline=None, max_examples=25)
@given(st.lists(MOVE, min_size=1, max_size=14), TEXTS, st.data())
def test_a_folder_that_grew_is_imported_to_its_end(
    moves: list[tuple[str, str]], texts: dict[Step, str], data: st.DataObject
) -> None:
    saved = states(moves)
    cut = data.draw(st.integers(1, len(saved)))
    with TemporaryDirectory() as one, TemporaryDirectory() as two:
        early = read(Path(one), saved[:cut], {}, random.Random(1))
        late = read(Path(two), saved, texts, random.Random(2))
    log = begun().log
    take(log, early)
    if not nothing_new(log, late):
        assert nothing_new(log, late)
    head = log.heads([stream_of("st01-x")])[1][stream_of("st01-x")]
    documents = PhaseState.from_facts(head.facts).documents
    assert {step for step in STEPS if documents[step].iteration} == set(texts)
