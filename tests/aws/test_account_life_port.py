"""What the domain may rely on when an account changes its address, is exported, or ends."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from service.domain.email_change import EmailChange
from service.domain.errors import (
    AddressHeld,
    InvalidCode,
    InvalidCredentials,
    UserUnknown,
    VersionMismatch,
)
from service.domain.ports import Caller, Grant, Profile, Session
from tests.aws.conftest import NEEDS_MAIL, World

PASSWORD = "correct horse battery"
NOW = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


@pytest.fixture
def profile(world: World) -> Profile:
    """Somebody whose address is proven."""
    made = profile_of(world)
    world.accounts.create(made)
    return made


def profile_of(world: World, *, verified: bool = True) -> Profile:
    return Profile(
        str(uuid.uuid4()), world.address(), "Ada", "L", NOW, NOW, email_verified=verified
    )


def change_of(profile: Profile, email: str) -> EmailChange:
    return EmailChange(
        profile.user_id, profile.email, email, "hash", NOW, NOW + timedelta(minutes=15)
    )


def moved(profile: Profile, email: str) -> Profile:
    return replace(profile, email=email, version=profile.version + 1)


def test_a_change_is_good_for_its_tries(world: World, profile: Profile) -> None:
    """It comes back whole each time, and then no more."""
    change = change_of(profile, world.address())
    world.email_changes.begin(change)

    for number in (1, 2):
        attempt = world.email_changes.attempt(profile.user_id, NOW, 2)
        assert attempt == replace(change, attempts=number)

    with pytest.raises(InvalidCode):
        world.email_changes.attempt(profile.user_id, NOW, 2)


def test_a_change_ends(world: World, profile: Profile) -> None:
    """At its very end it is over; a second before it is not."""
    change = change_of(profile, world.address())
    world.email_changes.begin(change)
    world.email_changes.attempt(profile.user_id, change.expires_at - timedelta(seconds=1), 5)

    with pytest.raises(InvalidCode):
        world.email_changes.attempt(profile.user_id, change.expires_at, 5)


def test_of_many_tries_at_once_none_is_lost(world: World, profile: Profile) -> None:
    """Twelve guesses side by side use five tries and no more."""
    world.email_changes.begin(change_of(profile, world.address()))

    def guess(_: int) -> bool:
        try:
            world.email_changes.attempt(profile.user_id, NOW, 5)
        except InvalidCode:
            return False
        return True

    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(guess, range(12))) == 5


def test_a_newer_change_replaces_an_older(world: World, profile: Profile) -> None:
    """With tries of its own; settled, there is none."""
    world.email_changes.begin(change_of(profile, world.address()))
    world.email_changes.attempt(profile.user_id, NOW, 1)
    newer = change_of(profile, world.address())
    world.email_changes.begin(newer)

    assert world.email_changes.attempt(profile.user_id, NOW, 1).new_email == newer.new_email

    world.email_changes.settle(profile.user_id)
    world.email_changes.settle(profile.user_id)
    with pytest.raises(InvalidCode):
        world.email_changes.attempt(profile.user_id, NOW, 5)


def test_a_move_takes_profile_and_address_along(world: World, profile: Profile) -> None:
    """The new address is claimed, the former one is free."""
    changed = moved(profile, world.address())

    world.email_changes.move(profile, changed, NOW, None)

    assert world.accounts.load(profile.user_id) == changed
    assert world.accounts.claim(changed.email).user_id == profile.user_id
    assert world.accounts.claim(profile.email) is None


def test_a_move_to_a_held_address_changes_nothing(world: World, profile: Profile) -> None:
    """Nor does one from a version that is stored no more."""
    other = profile_of(world)
    world.accounts.create(other)
    with pytest.raises(AddressHeld):
        world.email_changes.move(profile, moved(profile, other.email), NOW, None)
    stale = replace(profile, version=7)
    with pytest.raises(VersionMismatch):
        world.email_changes.move(stale, moved(stale, world.address()), NOW, None)

    assert world.accounts.load(profile.user_id) == profile
    assert world.accounts.claim(profile.email).user_id == profile.user_id
    assert world.accounts.claim(other.email).user_id == other.user_id


@pytest.mark.parametrize("verified", [False, True])
def test_a_move_replaces_only_who_is_unproven(
    world: World, profile: Profile, verified: bool
) -> None:
    """The other's profile goes with the address, unless the address was proven meanwhile."""
    other = profile_of(world, verified=verified)
    world.accounts.create(other)
    changed = moved(profile, other.email)

    if verified:
        with pytest.raises(AddressHeld):
            world.email_changes.move(profile, changed, NOW, other.user_id)
        assert world.accounts.load(other.user_id) == other
    else:
        world.email_changes.move(profile, changed, NOW, other.user_id)
        assert world.accounts.load(other.user_id) is None
        assert world.accounts.claim(other.email).user_id == profile.user_id


def test_of_two_moves_to_one_address_one_wins(world: World) -> None:
    """The other keeps what it had."""
    people = [profile_of(world) for _ in range(2)]
    for each in people:
        world.accounts.create(each)
    email = world.address()

    def move(person: Profile) -> bool:
        try:
            world.email_changes.move(person, moved(person, email), NOW, None)
        except AddressHeld:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        won = list(pool.map(move, people))

    assert sorted(won) == [False, True]
    winner, loser = people[won.index(True)], people[won.index(False)]
    assert world.accounts.claim(email).user_id == winner.user_id
    assert world.accounts.load(loser.user_id) == loser


def test_a_deletion_begins_with_profile_and_address(world: World, profile: Profile) -> None:
    """They are gone at once, and it is noted until everything is."""
    world.accounts.begin_deletion(profile, NOW)

    assert world.accounts.load(profile.user_id) is None
    assert world.accounts.claim(profile.email) is None
    assert world.accounts.deleting(profile.user_id)
    assert profile.user_id in world.accounts.deletions()


def test_a_deletion_ends_with_every_row(world: World, profile: Profile) -> None:
    """Sessions and changes too, more than one page of them; another user's stay."""
    other = profile_of(world)
    world.accounts.create(other)
    session = Session(profile.user_id, "", NOW, NOW, NOW + timedelta(days=1))
    for _ in range(120):
        world.sessions.open(replace(session, session_id=str(uuid.uuid4())))
    world.sessions.open(replace(session, user_id=other.user_id, session_id="other"))
    world.email_changes.begin(change_of(profile, world.address()))
    world.accounts.begin_deletion(profile, NOW)

    for _ in range(2):
        world.accounts.finish_deletion(profile.user_id)

        assert world.sessions.list(profile.user_id) == []
        assert not world.accounts.deleting(profile.user_id)
    with pytest.raises(InvalidCode):
        world.email_changes.attempt(profile.user_id, NOW, 5)
    assert world.sessions.with_profile(Caller(other.user_id, "other"))[1] == other


def test_a_deletion_needs_the_profile_as_it_is(world: World, profile: Profile) -> None:
    """Without one there is nothing to decide, and with another address not this."""
    changed = moved(profile, world.address())
    world.email_changes.move(profile, changed, NOW, None)
    with pytest.raises(VersionMismatch):
        world.accounts.begin_deletion(profile, NOW)
    world.accounts.begin_deletion(changed, NOW)

    with pytest.raises(UserUnknown):
        world.accounts.begin_deletion(changed, NOW)


def test_somebody_elses_address_keeps_nobody_from_leaving(world: World, profile: Profile) -> None:
    """A uniqueness row that names another user stays that user's."""
    other = profile_of(world)
    world.accounts.create(other)
    world.accounts.remove(profile.user_id, profile.email)
    twin = replace(other, user_id=profile.user_id, email=world.address())
    world.accounts.create(twin)
    world.accounts.remove(str(uuid.uuid4()), twin.email)

    world.accounts.begin_deletion(twin, NOW)

    assert world.accounts.claim(other.email).user_id == other.user_id


def test_a_profile_that_was_mended_meanwhile_goes_too(world: World, profile: Profile) -> None:
    """With its address, which would be blocked otherwise."""
    world.accounts.begin_deletion(profile, NOW)
    world.accounts.create(profile)

    world.accounts.finish_deletion(profile.user_id)

    assert world.accounts.load(profile.user_id) is None
    assert world.accounts.claim(profile.email) is None


def test_everything_in_a_partition_is_read(adapters: World) -> None:
    """More than one answer of DynamoDB holds (1 MiB), and nothing of another user."""
    profile = profile_of(adapters)
    adapters.accounts.create(profile)
    session = Session(profile.user_id, "", NOW, NOW, NOW, refresh_token="r" * 2500)
    for _ in range(400):
        adapters.sessions.open(replace(session, session_id=str(uuid.uuid4())))
    adapters.mfa.enrol(profile.user_id, {"a" * 64, "b" * 64}, NOW)
    adapters.email_changes.begin(change_of(profile, "new@example.com"))

    held = adapters.exports.holdings(profile.user_id)

    assert len(held.sessions) == 400
    assert (held.mfa_enabled_at, held.recovery_codes_left) == (NOW, 2)
    assert held.email_change.new_email == "new@example.com"
    assert adapters.exports.holdings(str(uuid.uuid4())).sessions == []


@NEEDS_MAIL
def test_an_address_can_be_changed(world: World) -> None:
    """The new one signs in, proven; the former one is nobody's."""
    former, new = world.address(), world.address()
    user_id = world.verified(former)

    world.directory.set_email(user_id, new.upper())
    world.directory.set_email(user_id, new)

    assert world.directory.find(former) is None
    found = world.directory.find(new)
    assert (found.user_id, found.email, found.confirmed) == (user_id, new, True)
    assert isinstance(world.directory.authenticate(new, PASSWORD), Grant)
    with pytest.raises(InvalidCredentials):
        world.directory.authenticate(former, PASSWORD)


def test_a_user_who_is_gone_gets_no_address(world: World) -> None:
    """Nor is anybody made by it."""
    with pytest.raises(UserUnknown):
        world.directory.set_email(str(uuid.uuid4()), world.address())
