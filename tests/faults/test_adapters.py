"""Each write of an adapter by itself: done, or not done, and a lost answer is made good."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from service.domain.errors import NotAdvanced
from service.domain.ports import Caller, Profile, RefreshClaims, Session
from tests.faults.conftest import PASSWORD, World, report
from tests.faults.harness import Row, sweep

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def new_profile(email: str) -> Profile:
    return Profile(str(uuid.uuid4()), email, "Ada", "L", NOW, NOW)


def absorbed(rows: list[Row]) -> set[str]:
    """The outcomes of faults that hit one attempt only: the SDK's retry is to make them good."""
    return {row.outcome for row in rows if row.fault.extent == "once"}


def test_profile_and_address_are_written_together(world: World) -> None:
    """Both rows or neither, and a repeated transaction is the same transaction."""
    store = world.services.accounts.store

    def verdict(profile: Profile, outcome: object) -> str:
        stored, claim = store.load(profile.user_id), store.claim(profile.email)
        assert (stored is None) == (claim is None), "one row without the other"
        assert outcome is not None or stored == profile, "said done, is not"
        store.create(profile)
        assert store.load(profile.user_id) == profile
        return "written" if stored else "nothing written"

    rows = sweep(world.faults, lambda: new_profile(world.newcomer().email), store.create, verdict)

    report("create", rows)
    assert absorbed(rows) == {"done"}


def test_removal_takes_both_rows(world: World) -> None:
    """Both rows go or stay, and removal can be repeated."""
    store = world.services.accounts.store

    def stored() -> Profile:
        profile = new_profile(world.newcomer().email)
        store.create(profile)
        return profile

    def verdict(profile: Profile, outcome: object) -> str:
        row, claim = store.load(profile.user_id), store.claim(profile.email)
        assert (row is None) == (claim is None), "one row without the other"
        assert outcome is not None or row is None, "said done, is not"
        store.remove(profile.user_id, profile.email)
        assert store.load(profile.user_id) is None
        return "still there" if row else "gone"

    rows = sweep(world.faults, stored, lambda p: store.remove(p.user_id, p.email), verdict)

    report("remove", rows)
    assert absorbed(rows) == {"done"}


def test_an_update_whose_answer_was_lost_is_no_conflict(world: World) -> None:
    """The SDK's retry meets its own work and says done, never VersionMismatch."""
    store = world.services.accounts.store

    def stored() -> Profile:
        profile = new_profile(world.newcomer().email)
        store.create(profile)
        return replace(profile, first_name="Grace", version=2)

    def verdict(changed: Profile, outcome: object) -> str:
        row = store.load(changed.user_id)
        assert row is not None
        assert outcome is not None or row == changed, "said done, is not"
        return "changed" if row == changed else "unchanged"

    rows = sweep(world.faults, stored, lambda p: store.update(p, 1), verdict)

    report("update", rows)
    assert absorbed(rows) == {"done"}


def test_a_session_advances_once_however_often_it_is_sent(world: World) -> None:
    """A retry that meets its own work says where the session is: one ahead, within the grace."""
    store = world.services.sessions.store

    def opened() -> Session:
        session = Session(
            str(uuid.uuid4()), str(uuid.uuid4()), NOW, NOW, NOW + timedelta(days=30),
            refresh_token="r",
        )  # fmt: skip
        store.open(session)
        return session

    def advance(session: Session) -> None:
        claims = RefreshClaims(session.user_id, session.session_id, 0, "r")
        store.advance(claims, NOW, NOW - timedelta(days=1))

    def verdict(session: Session, outcome: object) -> str:
        row, _ = store.with_profile(Caller(session.user_id, session.session_id))
        assert row is not None
        assert row.generation in {0, 1}
        assert outcome is not None or row.generation == 1, "said done, is not"
        if isinstance(outcome, NotAdvanced):
            assert outcome.stored == row
            assert row.generation == 1
        return f"generation {row.generation}"

    rows = sweep(world.faults, opened, advance, verdict)

    report("advance", rows)
    assert absorbed(rows) <= {"done", "NotAdvanced"}


def test_a_user_is_signed_up_at_most_once(world: World) -> None:
    """No fault makes the SDK send SignUp again, which would meet its own user."""
    directory = world.services.accounts.directory

    def sign_up(world: World) -> None:
        directory.sign_up(world.email, PASSWORD, "Ada", "L")

    def verdict(world: World, outcome: object) -> str:
        assert world.faults.attempts == 1
        return "made" if directory.find(world.email) else "not made"

    report("sign_up", sweep(world.faults, world.newcomer, sign_up, verdict))


def test_a_deletion_survives_two_failed_calls(world: World) -> None:
    """Three tries: what fails one call is made good, what fails all is said."""
    directory = world.services.accounts.directory

    def made() -> str:
        return directory.sign_up(world.newcomer().email, PASSWORD, "Ada", "L")

    def verdict(user_id: str, outcome: object) -> str:
        there = directory.find(user_id) is not None
        assert outcome is not None or not there, "said done, is not"
        directory.delete(user_id)
        assert directory.find(user_id) is None
        return "still there" if there else "gone"

    rows = sweep(world.faults, made, directory.delete, verdict)

    report("delete", rows)
    one_call = {r.outcome for r in rows if r.fault.extent != "outage" and r.fault.kind != "died"}
    assert one_call == {"done"}
