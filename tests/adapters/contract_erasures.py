"""What every log promises about texts that are redacted."""

from adapters.envelope import told
from domain.errors import Conflict
from domain.event_log import EventLog, Receipt
from tests.adapters.log_entries import accepted, decision, filled, redaction


class ErasuresContract:
    """A text goes with its salt and the fingerprint of its command; everything else stays to the byte."""

    def test_a_redacted_text_is_gone_and_its_envelope_is_not(self, log: EventLog) -> None:
        accepted(log, decision("phase:a", events=3, text="a secret"))
        before = list(log.records())
        (receipt,) = accepted(log, redaction(2, of="phase:a", version=2))
        first, second, third, said = log.records()
        assert second == before[1]._replace(salt=None, payload=None) and before[1].salt is not None
        assert (first, third) == (before[0], before[2])
        assert (said.position, said.topic) == (receipt.first, "ledger.payload_redacted")
        assert log.told([("phase:a", 2)])["phase:a", 2] == told(before[1])._replace(texts=None, erased=True)

    def test_the_fingerprint_of_the_command_that_wrote_the_text_is_gone_too(self, log: EventLog) -> None:
        texts = decision("phase:a", events=2, text="a secret", command_id="one", fingerprint="f1")
        (first,) = accepted(log, texts)
        accepted(log, decision("phase:b", text="words", command_id="two", fingerprint="f2"))
        accepted(log, redaction(1, of="phase:a", version=1, command_id="three"))
        fingerprints = [(log.receipt(name) or (None, ""))[1] for name in ("one", "two", "three")]
        assert fingerprints == [None, "f2", "what was asked"]
        assert log.receipt("one") == (first._replace(repeated=True), None)
        other = decision("phase:c", command_id="one", fingerprint="who can tell")
        assert log.append([other]) == [first._replace(repeated=True)], "nobody knows any more what was asked"

    def test_every_proof_stays(self, log: EventLog) -> None:
        accepted(log, decision("phase:a", events=5, text="a secret"))
        filled(log, 300)
        tree, tile = log.tree(), log.tile(0, 0)
        hashes = log.hashes(0, 0, 300)
        accepted(log, redaction(3, of="phase:a", version=3))
        assert log.tile(0, 0) == tile and log.hashes(0, 0, 300) == hashes
        assert log.tree().size == tree.size + 1
        assert log.heads(["phase:a"])[1]["phase:a"].version == 5

    def test_the_reason_of_a_redaction_can_be_redacted(self, log: EventLog) -> None:
        accepted(log, decision("phase:a", text="a secret"))
        accepted(log, redaction(1, of="phase:a", version=1))
        accepted(log, redaction(2, of="ledger", version=1, after=1))
        assert [record.payload is None for record in log.records()] == [True, True, False]

    def test_two_texts_of_one_command_go_one_after_the_other(self, log: EventLog) -> None:
        accepted(log, decision("phase:a", events=2, text="a secret"))
        accepted(log, redaction(1, of="phase:a", version=1), redaction(2, of="phase:a", version=2, after=1))
        assert [record.payload is None for record in log.records()] == [True, True, False, False]

    def test_what_is_refused_erases_nothing(self, log: EventLog) -> None:
        accepted(log, decision("phase:a", text="a secret", command_id="one", fingerprint="f1"))
        before = list(log.records())
        refused, recorded = log.append([redaction(1, of="phase:a", version=1, after=4), decision("phase:b")])
        assert isinstance(refused, Conflict) and isinstance(recorded, Receipt)
        assert list(log.records())[:1] == before
        assert (log.receipt("one") or (None, ""))[1] == "f1"

    def test_a_repeated_redaction_writes_nothing(self, log: EventLog) -> None:
        accepted(log, decision("phase:a", events=2, text="a secret"))
        asked = redaction(1, of="phase:a", version=1, command_id="once")
        (first,) = accepted(log, asked)
        assert log.append([asked]) == [first._replace(repeated=True)]
        assert log.moment().position == 3

    def test_scrubbing_changes_nothing_that_can_be_read(self, log: EventLog) -> None:
        log.scrub()
        accepted(log, decision("phase:a", events=2, text="a secret"), redaction(1, of="phase:a", version=1))
        before = list(log.records())
        log.scrub()
        log.scrub()
        assert list(log.records()) == before
        accepted(log, decision("phase:b"))
