"""Receipts: an approval proven in a checkout that has no store."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.receipts import Proof, proven, written
from adapters.signed_notes import VerifierKey
from cli.project import opened
from domain.errors import ReceiptRefused
from domain.proofs import inclusion_proof
from domain.steps import Step
from domain.tree_ranges import range_root_of
from tests.cli.conftest import Answer, Orch, the_log
from usecases.signed_head import signed_head

SPEC = Path("dev/st01-x/spec.md")
RECEIPT = Path("dev/st01-x/spec.receipt")


@pytest.fixture
def approved(drafted: Orch) -> Orch:
    """Return `orch` where the spec of st01-x is approved and its receipt is written."""
    Path(".orch/config.toml").write_text("[receipts]\nwrite = true\n")
    said = drafted("approve", "st01-x", "spec", "--json").data
    assert said["receipt"] == {"file": str(RECEIPT), "warning": None, "fix": []}
    return drafted


@pytest.fixture
def elsewhere(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Path]:
    """Return what copies the documents into a checkout without a store, and goes there."""

    def leave() -> Path:
        checkout = tmp_path_factory.mktemp("checkout") / "project"
        shutil.copytree("dev", checkout / "dev")
        monkeypatch.chdir(checkout)
        return checkout

    return leave


def key(orch: Orch) -> str:
    found: str = orch("audit", "key", "show", "--json").data["key"]
    return found


def asked(orch: Orch, vkey: str, *, phase: str = "st01-x", step: str = "spec") -> Answer:
    return orch("gate", phase, step, "--receipt", "--vkey", vkey, "--json")


def refused(said: Answer, says: str, code: str = "RECEIPT_REFUSED") -> None:
    assert (said.status, said.error["code"]) == (3, code)
    assert says in said.error["message"], said.error


def forged(*positions: int) -> bytes:
    """Return a receipt of any events, with true proofs and a true signature."""
    with opened() as project:
        head = signed_head(project)
        proofs = []
        for position in positions:
            record = next(project.log.records(position, position))
            entry = b"%d %d %d\n" % (record.position, record.recorded_at, record.clock) + record.envelope
            proofs.append(
                Proof(position - 1, entry, inclusion_proof(position - 1, head.size, range_root_of(project.log)))
            )
        return written(proofs, head.note)


def topics() -> dict[str, list[int]]:
    """Return the positions of each topic."""
    found: dict[str, list[int]] = {}
    with the_log() as log:
        for record in log.records(1, log.moment().position):
            found.setdefault(record.topic, []).append(record.position)
    return found


@pytest.mark.at_the_log("through a service there is a log to ask from anywhere")
def test_a_receipt_passes_where_there_is_no_store(approved: Orch, elsewhere: Callable[[], Path]) -> None:
    vkey = key(approved)
    elsewhere()
    said = asked(approved, vkey)
    assert said.status == 0
    assert [each["name"] for each in said.data["approvals"]] == ["ada"]
    assert said.data["receipt"]["signed_by"] == [vkey]
    assert "cannot tell whether the approval was withdrawn" in said.data["receipt"]["note"]
    Path("keys").write_text(f"# of the project\n{vkey}\n")
    os.chdir("dev/st01-x")
    words = approved("gate", "st01-x", "spec", "--receipt", "--vkey-file", "../../keys")
    assert words.status == 0 and "cannot tell whether" in words.out
    assert approved("gate", "st01-x", "spec", "--json").status == 4  # there is no store to ask


def test_other_text_missing_text_and_a_missing_receipt_are_refused(
    approved: Orch, elsewhere: Callable[[], Path]
) -> None:
    vkey = key(approved)
    elsewhere()
    text = SPEC.read_text()
    SPEC.write_text(text.replace("10 ms", "11 ms"))
    refused(asked(approved, vkey), "is not the approved text", "GATE_CLOSED")
    SPEC.unlink()
    refused(asked(approved, vkey), "is missing", "GATE_CLOSED")
    SPEC.write_text(text)
    assert asked(approved, vkey).status == 0
    RECEIPT.rename("aside")
    refused(asked(approved, vkey), "dev/st01-x/spec.receipt is missing")
    RECEIPT.symlink_to(Path("aside").absolute())
    refused(asked(approved, vkey), "is a symbolic link")
    assert asked(approved, vkey, phase="st09-y").status == 4


def test_the_receipt_of_another_phase_or_step_is_refused(approved: Orch) -> None:
    assert approved("spec", "st02-y", "--objectives", "Round trip below 10 ms").status == 0
    Path("dev/st02-y/spec.receipt").write_bytes(RECEIPT.read_bytes())
    refused(asked(approved, key(approved), phase="st02-y"), "it is for st01-x spec")
    Path("dev/st01-x/plan.md").write_bytes(SPEC.read_bytes())
    Path("dev/st01-x/plan.receipt").write_bytes(RECEIPT.read_bytes())
    refused(asked(approved, key(approved), step="plan"), "it is for st01-x spec")


@pytest.mark.in_file
def test_another_key_is_refused_and_a_key_is_needed(approved: Orch, elsewhere: Callable[[], Path]) -> None:
    mine = key(approved)
    elsewhere()
    Path("other").mkdir()
    os.chdir("other")
    assert approved("init", "--host", "example.org").status == 0
    other = key(approved)
    os.chdir("..")
    shutil.rmtree("other")
    refused(asked(approved, other), "not signed by any key")
    refused(asked(approved, _same_name(other, mine)), "not signed by any key")
    none = approved("gate", "st01-x", "spec", "--receipt", "--json")
    assert (none.status, none.error["fix"][0]) == (2, "orch audit key show")
    assert asked(approved, "nonsense").status == 2
    assert approved("gate", "st01-x", "spec", "--vkey", mine).status == 2
    assert approved("gate", "st01-x", "spec", "--receipt", "--write-receipt").status == 2


def test_a_bit_turned_at_any_byte_is_refused(approved: Orch) -> None:
    data, vkeys = RECEIPT.read_bytes(), [key(approved)]
    assert proven(data, phase="st01-x", step=Step.SPEC, vkeys=vkeys).iteration == 1
    for place in range(len(data)):
        turned = bytearray(data)
        turned[place] ^= 1 << place % 8
        with pytest.raises(ReceiptRefused):
            proven(bytes(turned), phase="st01-x", step=Step.SPEC, vkeys=vkeys)
    for cut in (b"", data[:-1], data + b"\n", data * 2, data.replace(b"\n", b"\r\n"), b"\xff"):
        with pytest.raises(ReceiptRefused):
            proven(cut, phase="st01-x", step=Step.SPEC, vkeys=vkeys)


def test_the_receipt_of_an_older_iteration_does_not_fit_the_new_text(approved: Orch) -> None:
    old = RECEIPT.read_bytes()
    assert approved("reopen", "st01-x", "spec", "--reason", "more").status == 0
    assert not RECEIPT.exists()  # the approval is withdrawn
    assert approved("spec", "st01-x", "--objectives", "Round trip below 5 ms").status == 0
    RECEIPT.write_bytes(old)
    refused(asked(approved, key(approved)), "is not the approved text (iteration 1", "GATE_CLOSED")
    assert approved("approve", "st01-x", "spec").status == 0
    assert RECEIPT.read_bytes() != old
    assert asked(approved, key(approved)).data["iteration"] == 2


def test_a_rejection_and_a_draft_are_no_approvals(drafted: Orch) -> None:
    assert drafted("reject", "st01-x", "spec", "--feedback", "no").status == 0
    for topic in ("phase.document_rejected", "phase.document_drafted"):
        RECEIPT.write_bytes(forged(topics()[topic][0]))
        refused(asked(drafted, key(drafted)), f"is no approval but {topic}")


def test_of_two_approvals_both_are_shown_and_one_is_not_enough(drafted: Orch) -> None:
    assert drafted("policy", "set", "--minimum-approvers", "2").status == 0
    assert drafted("approve", "st01-x", "spec").status == 0
    assert drafted("gate", "st01-x", "spec", "--write-receipt").status == 3
    (first,) = topics()["phase.document_approved"]
    RECEIPT.write_bytes(forged(first))
    refused(asked(drafted, key(drafted)), "is one approval of several; more were needed")
    assert drafted("approve", "st01-x", "spec", "--actor", "bob").status == 0
    assert drafted("gate", "st01-x", "spec", "--write-receipt", "--json").data["receipt_file"] == str(RECEIPT)
    said = asked(drafted, key(drafted))
    assert [each["name"] for each in said.data["approvals"]] == ["ada", "bob"]
    second = topics()["phase.document_approved"][1]
    RECEIPT.write_bytes(forged(second, first))
    refused(asked(drafted, key(drafted)), "is one approval of several")
    RECEIPT.write_bytes(forged(second, second))
    refused(asked(drafted, key(drafted)), "not those of different people")


def test_an_entry_beside_the_proof_of_another_is_refused(approved: Orch) -> None:
    true, draft = RECEIPT.read_bytes(), forged(topics()["phase.document_drafted"][0])
    mixed = draft.replace(_line(draft, b"extra "), _line(true, b"extra "))
    RECEIPT.write_bytes(mixed)
    refused(asked(approved, key(approved)), "the proof says")
    RECEIPT.write_bytes(mixed.replace(_line(draft, b"index "), _line(true, b"index ")))
    refused(asked(approved, key(approved)), "is not in the log that was signed")


def test_writing_it_again_changes_nothing_until_the_key_changes(approved: Orch) -> None:
    first = RECEIPT.read_bytes()
    assert approved("spec", "st02-y", "--objectives", "x").status == 0
    assert approved("gate", "st01-x", "spec", "--write-receipt").status == 0
    assert RECEIPT.read_bytes() == first
    old = key(approved)
    assert approved("audit", "key", "rotate", "--reason", "yearly").status == 0
    assert approved("gate", "st01-x", "spec", "--write-receipt").status == 0
    assert key(approved) != old and asked(approved, key(approved)).status == 0
    RECEIPT.write_bytes(first)
    refused(asked(approved, key(approved)), "not signed by any key")


def test_a_receipt_that_cannot_be_written_leaves_the_verdict(drafted: Orch) -> None:
    Path(".orch/config.toml").write_text("[receipts]\nwrite = true\n")
    RECEIPT.mkdir()
    said = drafted("approve", "st01-x", "spec", "--json")
    assert said.status == 0
    assert said.data["receipt"]["file"] is None and "could not be written" in said.data["receipt"]["warning"]
    assert said.data["receipt"]["fix"] == ["orch gate st01-x spec --write-receipt"]


def test_without_the_setting_no_receipt_is_written(drafted: Orch) -> None:
    assert drafted("approve", "st01-x", "spec", "--json").data["receipt"] is None
    assert not RECEIPT.exists()


def _line(data: bytes, begin: bytes) -> bytes:
    return next(line for line in data.splitlines() if line.startswith(begin))


def _same_name(other: str, mine: str) -> str:
    """Return the public key of another log under the name of ours."""
    return VerifierKey(VerifierKey.parse(mine).name, VerifierKey.parse(other).public).text()
