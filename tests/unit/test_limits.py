"""Limits: what is counted as what, what a refusal says, and how they are set."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from service.aws.tokens import AeadSealer
from service.contract import Reply, Request
from service.domain.errors import RateLimited, TooManyRequests, Unavailable
from service.domain.limits import (
    DEFAULTS,
    Limit,
    Limits,
    Policy,
    Standing,
    local_defaults,
    parse_limits,
    source_group,
)
from service.handlers.limiting import LIMITED, fields, limited
from service.handlers.problems import translate
from tests.fakes import FakeClock
from tests.fakes_limits import MemoryRateLimits
from tests.unit.conftest import KEYS, Events

MINUTE = timedelta(minutes=1)
POLICIES = {"login": Policy(account=Limit(2, MINUTE), source=Limit(3, MINUTE))}


@pytest.fixture
def limits() -> Limits:
    return Limits(MemoryRateLimits(), Events(), FakeClock(), POLICIES)


def admit(limits: Limits, account: str = "ada", source: str = "192.0.2.1") -> Any:
    return limits.admit("login", source=source, account=account)


def test_an_attempt_counts_for_source_and_account(limits: Limits) -> None:
    """The caller is told where they stand with both."""
    standings = admit(limits)

    assert [(s.name, s.remaining) for s in standings] == [("login.source", 2), ("login.account", 1)]


@pytest.mark.requirement(7)
@pytest.mark.requirement(14)
def test_an_account_is_limited_whatever_the_source(limits: Limits) -> None:
    """Guessing from many addresses meets the account's limit."""
    admit(limits, source="192.0.2.1")
    admit(limits, source="192.0.2.2")

    with pytest.raises(RateLimited) as refused:
        admit(limits, source="192.0.2.3")

    assert refused.value.standing.name == "login.account"
    assert limits.audit.seen == [("rate_limited", "failure")]


@pytest.mark.requirement(7)
def test_a_source_that_is_refused_costs_no_account_an_attempt(limits: Limits) -> None:
    """One address cannot lock out more accounts than its own limit allows."""
    for account in ("a", "b", "c"):
        admit(limits, account)
    for _ in range(9):
        with pytest.raises(RateLimited):
            admit(limits, "ada")

    assert admit(limits, "ada", source="192.0.2.2")[1].remaining == 1


@pytest.mark.requirement(7)
def test_waiting_as_long_as_it_says_is_enough(limits: Limits) -> None:
    """Retry-After is when the limit ends, not a guess; nobody is locked out."""
    admit(limits)
    admit(limits)
    with pytest.raises(RateLimited) as refused:
        admit(limits)

    limits.clock.advance(timedelta(seconds=refused.value.retry_after))

    assert admit(limits)[1].remaining == 1


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("testclient", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_a_source_counts_as_what_one_customer_has(address: str | None, group: str) -> None:
    """An IPv4 address, a /64 of IPv6; what cannot be read is one and the same source."""
    assert source_group(address) == group


def test_a_setting_changes_what_it_names() -> None:
    """The rest keeps its default."""
    policies = parse_limits("login.account=3/10s, register.source=7/2h")

    assert policies["login"] == Policy(Limit(3, timedelta(seconds=10)), DEFAULTS["login"].source)
    assert policies["register"].source == Limit(7, timedelta(hours=2))
    assert policies["reset"] == DEFAULTS["reset"]
    assert parse_limits("") == DEFAULTS


@pytest.mark.parametrize(
    "text",
    ["login=3/10s", "login.account=0/10s", "login.account=3/10", "login.account=-1/5m",
     "login.account=3/25h", "unknown.account=3/10s", "login.account=3/0s", "login.account=٣/5m"],
)  # fmt: skip
def test_a_setting_that_makes_no_sense_is_refused(text: str) -> None:
    """A limit of nothing would be a lock-out; an unknown policy would limit nothing."""
    with pytest.raises(ValueError, match=r"login|policy"):
        parse_limits(text)


def test_locally_no_test_meets_a_default() -> None:
    """And what a test lowers it can lower."""
    assert min(policy.account.quota for policy in local_defaults().values()) >= 10_000
    lowered = parse_limits("login.account=1/1m", local_defaults())
    assert lowered["login"].account == Limit(1, MINUTE)


def test_every_policy_is_used_and_every_use_has_one() -> None:
    """A policy that limits nothing would be a promise without a guard."""
    assert {policy for policy, _ in LIMITED.values()} == DEFAULTS.keys()


@pytest.mark.requirement(38)
def test_the_three_fields_of_a_refusal_agree() -> None:
    """Nothing remains until Retry-After, of a limit that the policy describes."""
    standing = Standing("login.account", Limit(10, timedelta(minutes=15)), 0, 42)

    problem = translate(RateLimited(standing))

    assert problem is not None
    assert problem.code == "RATE_LIMITED"
    assert problem.headers == {
        "Retry-After": "42",
        "RateLimit": '"login.account";r=0;t=42',
        "RateLimit-Policy": '"login.account";q=10;w=900',
    }


@pytest.mark.requirement(38)
@pytest.mark.parametrize(("wait", "told"), [(300, 300), (None, 1)])
def test_a_limit_of_the_directory_is_told_alike(wait: int | None, told: int) -> None:
    """Cognito says neither quota nor window: one request, after that time."""
    problem = translate(TooManyRequests("x", retry_after=wait))

    assert problem is not None
    assert problem.headers == {
        "Retry-After": str(told),
        "RateLimit": f'"directory";r=0;t={told}',
        "RateLimit-Policy": f'"directory";q=1;w={told}',
    }


class _Services:
    def __init__(self, limits: Limits) -> None:
        self.limits = limits


class _Body:
    email = "Ada@Example.com"


REQUEST = Request("id", "loginUser", "POST", "/v1/auth/login", source="192.0.2.1")


def logging_in(handler: Callable[..., Any], limits: Limits) -> Any:
    return limited("loginUser", handler)(_Services(limits), body=_Body(), request=REQUEST)


def test_a_limited_handler_is_called_as_it_asks(limits: Limits) -> None:
    """With or without the request; its answer carries the fields of the limit and its own."""

    def plain(services: Any, body: Any) -> str:
        return "plain"

    def with_request(services: Any, body: Any, request: Request) -> Reply:
        return Reply(request.source, 201, {"Location": "/there"})

    first, second = logging_in(plain, limits), logging_in(with_request, limits)

    assert (first.body, first.status) == ("plain", None)
    assert (second.body, second.status) == ("192.0.2.1", 201)
    assert second.headers["Location"] == "/there"
    assert second.headers["RateLimit"] == '"login.source";r=1;t=60, "login.account";r=0;t=60'
    assert second.headers["RateLimit-Policy"] == '"login.source";q=3;w=60, "login.account";q=2;w=60'


def test_a_refused_attempt_never_reaches_its_handler(limits: Limits) -> None:
    """Nor does one that could not be counted: what guards a password fails closed."""
    calls: list[str] = []

    def handler(services: Any, body: Any) -> None:
        calls.append("called")

    for _ in range(2):
        logging_in(handler, limits)
    with pytest.raises(RateLimited):
        logging_in(handler, limits)

    def outage(*_: object) -> None:
        raise Unavailable("no answer")

    limits.store.take = outage
    with pytest.raises(Unavailable):
        logging_in(handler, limits)
    assert len(calls) == 2


def test_a_token_that_names_nobody_is_not_counted(limits: Limits) -> None:
    """A made-up session token is refused by the handler, which needs no call for it."""

    class Body:
        session_token = "made-up"

    def handler(services: Any, body: Any) -> str:
        return "refused"

    services: Any = _Services(limits)
    services.clock = limits.clock
    services.sessions = _Services(limits)
    services.sessions.sealer = AeadSealer(KEYS)

    assert limited("verifyMfa", handler)(services, body=Body(), request=REQUEST) == "refused"
    assert limits.store.used == {}


def test_a_handler_without_limits_is_left_alone() -> None:
    """What is not in the table costs nothing."""

    def handler() -> None: ...

    assert limited("getHealth", handler) is handler
    assert fields([]) == {"RateLimit": "", "RateLimit-Policy": ""}
