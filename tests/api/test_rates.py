"""How often somebody may ask, and that nobody else pays for it."""

import pytest

from api import rates
from api.clients import address_of
from api.rates import BoundedMemory, Quota
from domain.access_token import Scope
from tests.api.served import HERE, WIDE, served
from usecases.project import Project


def test_a_token_has_its_quota_and_is_told_how_much_is_left(served_project: Project) -> None:
    from tests.api.served import issued

    one, other = issued(served_project, Scope.READ), issued(served_project, Scope.READ)
    with served(served_project, bounds=WIDE._replace(per_token=3, per_address=100)) as anybody:
        client = anybody.shows(one)
        told = [client.get("/phases").headers for _ in range(3)]
        assert [each["ratelimit"].partition(", ")[2].partition(";t=")[0] for each in told] == [
            f'"token";r={left}' for left in (2, 1, 0)
        ]
        assert told[0]["ratelimit-policy"] == '"address";q=100;w=60, "token";q=3;w=60'
        refused = client.get("/phases")
        assert (refused.status, refused.code) == (429, "RATE_LIMITED")
        assert 0 < int(refused.headers["retry-after"]) <= 60
        assert refused.headers["ratelimit"].startswith('"token";r=0;t=')
        assert int(refused.headers["ratelimit"].partition(";t=")[2]) <= int(refused.headers["retry-after"])
        written = client.post("/phases/st01-x/spec", {"objectives": ["a"]}, Idempotency_Key="rated")
        assert written.status == 429 and served_project.log.receipt("rated") is None
        assert anybody.shows(other).get("/phases").status == 200


def test_an_address_has_its_quota_and_health_is_told_all_the_same(served_project: Project) -> None:
    with served(served_project, bounds=WIDE._replace(per_address=3)) as anybody:
        assert [anybody.get("/phases").status for _ in range(5)] == [401, 401, 401, 429, 429]
        assert {anybody.get("/health/live").status for _ in range(5)} == {200}
        assert "ratelimit" not in anybody.get("/health/live").headers
        assert anybody.get("/health/live", Content_Length="0").status == 429, "a body could be sent slowly"
        assert anybody.post("/health/live", {}).status == 429


def test_behind_a_proxy_the_address_is_what_the_proxy_says_and_not_the_client(served_project: Project) -> None:
    where = HERE._replace(behind_proxy=True)
    with served(served_project, where, bounds=WIDE._replace(per_address=2)) as anybody:
        for number in range(5):
            said = f"192.0.2.{number}, 198.51.100.7"
            assert anybody.get("/phases", X_Forwarded_For=said).status == (401 if number < 2 else 429)
        assert anybody.get("/phases", X_Forwarded_For="192.0.2.1").status == 401
        assert anybody.get("/phases", X_Forwarded_For="nonsense").status == 401, "it counts for the proxy itself"
    with served(served_project, bounds=WIDE._replace(per_address=2)) as anybody:
        statuses = [anybody.get("/phases", X_Forwarded_For=f"192.0.2.{number}").status for number in range(4)]
        assert statuses == [401, 401, 429, 429], "without a proxy nobody is believed"


@pytest.mark.parametrize(
    ("peer", "said", "behind_proxy", "address"),
    [
        ("192.0.2.1", None, False, "192.0.2.1"),
        ("::ffff:192.0.2.1", None, False, "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", None, False, "2001:db8:1:2::/64"),
        ("127.0.0.1", "10.0.0.1 , 2001:db8::1", True, "2001:db8::/64"),
        ("127.0.0.1", "2001:db8::1", False, "127.0.0.1"),
        ("127.0.0.1", "", True, "127.0.0.1"),
        ("127.0.0.1", "10.0.0.1,", True, "127.0.0.1"),
        (None, None, True, "unknown"),
    ],
)
def test_what_is_counted_of_an_address(peer: str | None, said: str | None, behind_proxy: bool, address: str) -> None:
    headers = [(b"x-forwarded-for", said.encode())] if said is not None else []
    scope = {"client": (peer, 1) if peer else None, "headers": headers}
    assert address_of(scope, behind_proxy=behind_proxy) == address


def test_failing_again_and_again_is_told_less_and_keeps_no_valid_token_out(served_project: Project) -> None:
    from tests.api.served import issued

    token = issued(served_project, Scope.READ)
    with served(served_project, bounds=WIDE._replace(failures_per_address=3)) as anybody:
        wrong = anybody.shows(token[:-4] + "AAAA")
        assert [wrong.get("/phases").status for _ in range(5)] == [401, 401, 401, 429, 429]
        refused = anybody.get("/phases")
        assert refused.code == "RATE_LIMITED" and refused.headers["retry-after"]
        assert anybody.shows(token).get("/phases").status == 200


def test_the_counters_stay_few_however_many_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = BoundedMemory(10)
    for number in range(1000):
        assert kept.incr(f"address {number}", 60) == 1
    assert len(kept) == 10 and kept.get("address 999") == 1 and kept.get("address 1") == 0
    at = 1000.0
    monkeypatch.setattr(rates, "monotonic", lambda: at)
    kept = BoundedMemory(10)
    assert [kept.incr("a", 60) for _ in range(3)] == [1, 2, 3] and kept.get_expiry("a") == 1060
    at = 1061.0
    assert kept.get("a") == 0 and kept.incr("a", 60) == 1


def test_a_quota_of_nothing_is_no_limit() -> None:
    quota = Quota("token", 0, "requests")
    assert {quota.spend("a") for _ in range(100)} == {None}
