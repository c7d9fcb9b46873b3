"""The reconciler: what registrations left behind is finished or removed, in any order, any time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from service import reconcile
from service.domain.errors import Unavailable
from service.domain.ports import Leftover
from service.reconcile import Reconciler
from tests.unit.conftest import ADA, PASSWORD, Domain

Fail = Callable[..., None]
BOB, EVE = "bob@example.com", "eve@example.com"
OUTAGE = Unavailable("no answer")


class Killed(BaseException):
    """The process is gone; nothing may catch it."""


def sign_up(domain: Domain, email: str, *, confirmed: bool = False) -> str:
    """Make a user without a profile, as a registration that died half-way does."""
    user_id = domain.directory.sign_up(email, PASSWORD, "Ada", "O'Brien")
    if confirmed:
        domain.directory.confirm_sign_up(email, domain.directory.code_for(email))
    return user_id


def run(domain: Domain) -> Counter[str]:
    return Reconciler(domain.accounts).run()


def test_a_healthy_world_stays_as_it_is(domain: Domain) -> None:
    """Verified or waiting, old or new."""
    domain.verified(ADA)
    domain.register(BOB)
    domain.clock.advance(timedelta(days=1))
    profiles, claims = dict(domain.store.profiles), dict(domain.store.claims)

    assert run(domain) == Counter()

    assert (domain.store.profiles, domain.store.claims) == (profiles, claims)
    assert domain.works(ADA)


def test_orphans_are_healed_or_deleted(domain: Domain) -> None:
    """Who proved the address gets the profile, who did not frees it."""
    sign_up(domain, ADA, confirmed=True)
    sign_up(domain, BOB)
    domain.clock.advance(timedelta(hours=1, seconds=1))

    assert run(domain) == Counter(healed=1, deleted=1)

    assert domain.works(ADA)
    assert domain.is_free(BOB)


@pytest.mark.parametrize("confirmed", [False, True])
def test_what_is_in_flight_is_left_alone(domain: Domain, confirmed: bool) -> None:
    """A registration may be between its two calls for an hour."""
    user_id = sign_up(domain, ADA, confirmed=confirmed)
    domain.clock.advance(timedelta(hours=1))

    assert run(domain) == Counter()

    assert domain.directory.find(user_id) is not None


def test_the_outbox_is_settled_at_once(domain: Domain) -> None:
    """However young: its registration has failed for certain."""
    user_id = sign_up(domain, ADA)
    domain.store.note(Leftover(user_id, ADA, domain.clock()))

    assert run(domain) == Counter(deleted=1)

    assert domain.is_free(ADA)
    assert domain.store.outbox == []


def test_a_leftover_whose_owner_verified_works(domain: Domain) -> None:
    """The code had been mailed before the registration failed."""
    user_id = sign_up(domain, ADA, confirmed=True)
    domain.store.note(Leftover(user_id, ADA, domain.clock()))

    assert run(domain) == Counter(healed=1)

    assert domain.works(ADA)
    assert domain.store.outbox == []


def test_a_leftover_that_is_well_by_now_is_just_settled(domain: Domain) -> None:
    """Signing in healed it before the reconciler came."""
    profile = domain.verified(ADA)
    domain.store.note(Leftover(profile.user_id, ADA, domain.clock()))

    assert run(domain) == Counter(settled=1)
    assert domain.works(ADA)


def test_a_leftover_that_is_gone_touches_nobody_else(domain: Domain) -> None:
    """The address has a new owner, who keeps it."""
    domain.store.note(Leftover("gone", ADA, domain.clock()))
    domain.verified(ADA)

    assert run(domain) == Counter(deleted=1)

    assert domain.works(ADA)
    assert domain.store.outbox == []


def test_one_failure_stops_nothing(domain: Domain, fail: Fail) -> None:
    """It is counted, and mended the next time."""
    for email in (ADA, BOB, EVE):
        sign_up(domain, email)
    domain.clock.advance(timedelta(hours=2))
    fail(domain.directory, "delete", OUTAGE, times=1)

    assert run(domain) == Counter(deleted=2, failed=1)
    assert run(domain) == Counter(deleted=1)
    assert all(map(domain.is_free, (ADA, BOB, EVE)))


def test_a_leftover_that_cannot_be_settled_stays(domain: Domain, fail: Fail) -> None:
    """The outbox forgets nothing that is not done."""
    user_id = sign_up(domain, ADA)
    domain.store.note(Leftover(user_id, ADA, domain.clock()))
    fail(domain.directory, "find", OUTAGE, times=1)

    assert run(domain) == Counter(failed=1)
    assert len(domain.store.outbox) == 1
    assert run(domain) == Counter(deleted=1)


def test_every_page_is_walked(domain: Domain) -> None:
    """Of a directory that has more users than one answer holds."""
    domain.directory.page_size = 2
    for number in range(7):
        sign_up(domain, f"p{number}@example.com", confirmed=True)
    domain.clock.advance(timedelta(hours=2))

    assert run(domain) == Counter(healed=7)


METHODS = [
    ("directory", "delete"),
    ("directory", "find"),
    ("directory", "page"),
    ("store", "remove"),
    ("store", "create"),
    ("store", "load"),
    ("store", "settle"),
    ("store", "addresses"),
]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("port", "method"), METHODS)
def test_it_may_be_killed_anywhere_and_run_again(
    domain: Domain, fail: Fail, port: str, method: str, after: bool
) -> None:
    """Before or after any call: the next run ends where this one would have."""
    sign_up(domain, ADA, confirmed=True)
    sign_up(domain, BOB)
    eve = sign_up(domain, EVE)
    domain.store.note(Leftover(eve, EVE, domain.clock()))
    domain.clock.advance(timedelta(hours=2))
    fail(getattr(domain, port), method, Killed(), times=1, after=after)

    with pytest.raises(Killed):
        run(domain)
    run(domain)

    assert domain.works(ADA)
    assert domain.is_free(BOB)
    assert domain.is_free(EVE)
    assert domain.store.outbox == []
    assert run(domain) == Counter()


def test_the_schedule_fails_when_something_could_not_be_mended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So that an alarm sees it."""
    outcome: dict[str, Any] = {"failed": 1, "healed": 2}
    monkeypatch.setattr(reconcile, "reconcile", lambda _: outcome)

    with pytest.raises(RuntimeError, match="failed"):
        reconcile.handler({}, None)
    outcome.pop("failed")

    assert reconcile.handler({}, None) == {"healed": 2}
