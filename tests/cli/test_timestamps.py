"""Time stamps over checkpoints: asked for, kept, checked; the checkpoint stands without one."""

import os
import subprocess
import sys
from pathlib import Path
from ssl import PEM_cert_to_DER_cert

import pytest
from rfc3161_client import decode_timestamp_response

from adapters.der_sets import with_sorted_certificates
from adapters.timestamps import verified
from tests.authority import Authority
from tests.cli.conftest import Orch, by_the_log, position

KEPT = Path(".orch/checkpoints")
NAMED = pytest.mark.at_the_log("an authority is named there: a service asks nobody whom its settings do not name")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def names(url: str) -> None:
    """Let the settings beside the log name an authority."""
    by_the_log(".orch/config.toml").write_text(f'[checkpoints]\ntimestamp_url = "{url}"\n')


def as_told(url: str) -> str:
    """Return an address of the settings as it is told: by a service without its path, which may be a secret."""
    return url if by_the_log() == Path() else f"{url.rpartition('/')[0]}/…"


@pytest.fixture
def stamped(drafted: Orch, authority: Authority) -> Orch:
    """Return the function where `held.txt` holds a checkpoint of five events and `5.tsr` its time stamp."""
    with authority.served() as url:
        names(url)
        told = drafted("audit", "checkpoint")
    by_the_log(".orch/config.toml").unlink()
    assert told.status == 0, told
    Path("held.txt").write_text(told.out)
    Path("5.tsr").write_bytes(by_the_log(str(KEPT / "5.tsr")).read_bytes())
    return drafted


def checks(orch: Orch, authority: Authority, *, held: str = "held.txt", stamp: str = "5.tsr") -> int:
    return orch("audit", "timestamp", held, stamp, "--roots", str(authority.roots)).status


@NAMED
def test_a_time_stamp_is_kept_beside_its_checkpoint(drafted: Orch, authority: Authority) -> None:
    with authority.served() as url:
        told = drafted("audit", "checkpoint", "--timestamp", url, "--json").data
    stamp = told["timestamp"]
    assert (stamp["url"], stamp["authority"], stamp["warning"]) == (url, "CN=Test TSA", None)
    assert stamp["file"] == str((KEPT / "5.tsr").absolute()) and Path(stamp["file"]).stat().st_mode & 0o777 == 0o600
    assert authority.asked[-1] == "application/timestamp-query"
    assert drafted("doctor", "--json").status == 0


def test_what_is_wrong_with_an_option_is_not_looked_up_among_the_settings(drafted: Orch) -> None:
    told = drafted("audit", "checkpoint", "--timestamp", "nowhere", "--json")
    assert told.status == 2 and told.error["message"].startswith("--timestamp has to be an address")
    assert told.error["fix"] == ["orch audit checkpoint --help"]
    drafted("config", "set", "checkpoints.timestamp_url", "https://tsa.example.org")
    Path(".orch/config.toml").write_text('[checkpoints]\ntimestamp_url = "nowhere"\n')
    assert drafted("audit", "checkpoint", "--json").error["fix"] == ["orch config check", "orch config show --help"]


def test_an_auditor_sees_the_time_without_a_project(
    stamped: Orch, authority: Authority, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, token, size = Path("held.txt").absolute(), Path("5.tsr").absolute(), position(stamped)
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    words = ("audit", "timestamp", str(held), str(token), "--roots", str(authority.roots))
    told = stamped(*words, "--json").data
    assert (told["size"], told["authority"], told["policy"]) == (size, "CN=Test TSA", "1.2.3.4.1")
    assert told["time"].endswith(".000000Z") and told["origin"].startswith("example.org/")
    assert told["time"] in stamped(*words).out


def test_openssl_says_the_same(stamped: Orch, authority: Authority) -> None:
    words = ["openssl", "ts", "-verify", "-data", "held.txt", "-in", "5.tsr", "-CAfile", str(authority.roots)]
    ran = subprocess.run(words, capture_output=True, text=True)
    assert ran.returncode == 0 and "Verification: OK" in ran.stdout + ran.stderr


def test_a_time_stamp_of_one_of_many_checkpoints_is_found(stamped: Orch, authority: Authority) -> None:
    stamped("audit", "checkpoint", "--anchor", "anchor.txt")
    stamped("approve", "st01-x", "spec")
    stamped("audit", "checkpoint", "--anchor", "anchor.txt")
    assert checks(stamped, authority, held="anchor.txt") == 0


def test_another_text_another_root_and_a_changed_token_are_refused(
    stamped: Orch, authority: Authority, tmp_path: Path
) -> None:
    assert checks(stamped, authority) == 0
    Path("other.txt").write_text(Path("held.txt").read_text().replace("\n5\n", "\n4\n"))
    assert checks(stamped, authority, held="other.txt") == 6
    assert checks(stamped, Authority(tmp_path / "other", "Test")) == 6
    token = bytearray(Path("5.tsr").read_bytes())
    token[-20] ^= 1  # in the signature
    Path("changed.tsr").write_bytes(token)
    assert checks(stamped, authority, stamp="changed.tsr") == 6


@pytest.mark.parametrize("content", [b"", b"no time stamp", b"\x30\x80", b"0" * 100_000])
def test_what_is_no_time_stamp_is_refused(stamped: Orch, authority: Authority, content: bytes) -> None:
    Path("bad.tsr").write_bytes(content)
    assert checks(stamped, authority, stamp="bad.tsr") == 2
    assert checks(stamped, authority, stamp="nowhere.tsr") == 2
    assert stamped("audit", "timestamp", "held.txt", "5.tsr", "--roots", "bad.tsr").status == 2
    refused = stamped("audit", "timestamp", "held.txt", "5.tsr", "--json")
    assert refused.error["fix"] == ["orch audit timestamp held.txt 5.tsr --roots ca.pem"]


def refused_by(orch: Orch, url: str) -> str:
    """Ask for a time stamp that there is none of, and return why; the checkpoint is there all the same."""
    told = orch("audit", "checkpoint", "--timestamp", url, "--json")
    assert told.status == 8 and told.data["note"] == (KEPT / "5.note").read_text()
    assert told.data["timestamp"]["time"] is None and not (KEPT / "5.tsr").exists()
    plain = orch("audit", "checkpoint", "--timestamp", url)
    assert plain.status == 8 and plain.out == told.data["note"]
    assert f"orch audit checkpoint --timestamp {url}" in plain.err
    warning: str = told.data["timestamp"]["warning"]
    return warning


@NAMED
def test_the_checkpoint_stands_when_the_authority_does_not_answer(drafted: Orch, authority: Authority) -> None:
    with authority.served() as url:
        pass
    assert "cannot be reached" in refused_by(drafted, url)
    with authority.served(status=503) as url:
        assert "503" in refused_by(drafted, url)
    with authority.served(instead=b"<html>") as url:
        assert "no time stamp" in refused_by(drafted, url)
    with authority.served(instead=b"0" * (2 << 20)) as url:
        assert "more than" in refused_by(drafted, url)


@NAMED
def test_an_answer_to_another_question_is_no_time_stamp(drafted: Orch, authority: Authority) -> None:
    note = drafted("audit", "checkpoint").out.encode()
    with authority.served(instead=authority.stamp(note)) as url:
        assert "another nonce" in refused_by(drafted, url)


@NAMED
def test_what_the_authority_refuses_is_said_in_its_words(drafted: Orch, authority: Authority) -> None:
    settings = authority.folder / "tsa.cnf"
    before = settings.read_text()
    settings.write_text(before.replace("sha256, sha512", "sha512"))
    try:
        with authority.served() as url:
            assert "algorithm is not supported" in refused_by(drafted, url)
    finally:
        settings.write_text(before)


def test_the_settings_name_the_authority(drafted: Orch, authority: Authority) -> None:
    with authority.served() as url:
        names(url)
        told = drafted("audit", "checkpoint", "--json").data["timestamp"]
    assert (told["url"], told["authority"], told["warning"]) == (as_told(url), "CN=Test TSA", None)
    assert Path(told["file"]).name == "5.tsr"
    again = drafted("audit", "checkpoint", "--json")
    assert again.status == 8 and "cannot be reached" in again.data["timestamp"]["warning"]
    said = drafted("audit", "checkpoint")
    assert said.status == 8 and said.out == again.data["note"]
    typed = "orch audit checkpoint" + ("" if by_the_log() != Path() else f" --timestamp {url}")
    assert f"→ {typed}\n" in said.err, said
    names("file:///etc/passwd")
    assert drafted("audit", "checkpoint").status == 2


@pytest.mark.parametrize(
    "url", ["ftp://example.org", "file:///etc/passwd", "example.org", "http://", "http://a b", "x"]
)
def test_an_address_that_is_none_is_refused_before_anything_is_signed(drafted: Orch, url: str) -> None:
    refused = drafted("audit", "checkpoint", "--timestamp", url, "--json")
    assert refused.status == 2 and not KEPT.exists()


def test_without_the_extra_the_command_says_what_to_install(stamped: Orch, authority: Authority) -> None:
    code = (
        "import sys; sys.modules['rfc3161_client'] = None\n"
        "from cli.edge import run_command; from cli.main import program\n"
        "sys.exit(run_command(program(), sys.argv[1:]))"
    )
    env = dict(os.environ, PYTHONPATH=str(Path(__file__).parents[2]))
    stamp = ("audit", "checkpoint", "--timestamp", "http://127.0.0.1:9")
    for words in (stamp, ("audit", "timestamp", "held.txt", "5.tsr", "--roots", str(authority.roots))):
        said = subprocess.run([sys.executable, "-c", code, *words], env=env, capture_output=True, text=True)
        assert said.returncode == 2 and "pip install 'nss-orchestrator[timestamp]'" in said.stderr, said
    plain = subprocess.run([sys.executable, "-c", code, "audit", "checkpoint"], env=env, capture_output=True)
    assert plain.returncode == 0


def test_a_time_stamp_goes_when_its_checkpoint_is_signed_otherwise(drafted: Orch, authority: Authority) -> None:
    drafted("audit", "key", "rotate", "--reason", "a year has passed")
    with authority.served() as url:
        names(url)
        first = drafted("audit", "checkpoint", "--json").data
    by_the_log(".orch/config.toml").unlink()
    stamp = by_the_log(str(KEPT / "6.tsr"))
    assert len(first["signed_by"]) == 2 and stamp.exists()
    assert drafted("audit", "checkpoint", "--json").data["note"] == first["note"]
    assert stamp.exists(), "the same note is signed again"
    by_the_log(f".orch/keys/{first['signed_by'][1].split('+')[1]}.pem").unlink()
    assert len(drafted("audit", "checkpoint", "--json").data["signed_by"]) == 1
    assert not stamp.exists(), "it was over the note with both signatures"


def test_certificates_in_any_order_are_read(authority: Authority) -> None:
    """OpenSSL writes them as they come; the reader by itself takes only the order of DER."""
    answer = authority.stamp(b"text")
    one, other = (PEM_cert_to_DER_cert((authority.folder / name).read_text()) for name in ("tsa.pem", "ca.pem"))
    orders = [answer.replace(one + other, other + one), answer.replace(other + one, one + other)]
    (right,) = {with_sorted_certificates(order) for order in orders}
    assert set(orders) == {right, *orders} and len(set(orders)) == 2
    (wrong,) = set(orders) - {right}
    with pytest.raises(ValueError, match="InvalidSetOrdering"):
        decode_timestamp_response(wrong)
    for order in orders:
        assert verified(order, [b"text"], authority.roots.read_bytes())[0] == b"text"
    for cut in range(0, len(answer), 7):
        assert with_sorted_certificates(answer[:cut]) == answer[:cut]
