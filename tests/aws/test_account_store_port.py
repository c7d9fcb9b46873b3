"""What the domain may rely on of an `AccountStore`."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from service.domain.errors import AddressHeld, UserUnknown, VersionMismatch
from service.domain.ports import Leftover, Profile
from tests.aws.conftest import World

NOW = datetime(2026, 3, 1, 8, 30, 15, 123456, tzinfo=UTC)


def profile_of(email: str, user_id: str | None = None) -> Profile:
    return Profile(
        user_id=user_id or str(uuid.uuid4()),
        email=email,
        first_name="José",
        last_name="李",
        created_at=NOW,
        updated_at=NOW,
    )


def test_a_created_profile_is_read_back_whole(world: World) -> None:
    """Every field survives, text in any script and moments to the microsecond."""
    profile = replace(
        profile_of(world.address()),
        email_verified=True,
        mfa_enabled=True,
        phone_number="+4915112345678",
        date_of_birth=date(1990, 2, 28),
        timezone="Europe/Berlin",
        preferences={"units": "metric", "notifications": {"push": False}, "goals": ["run", 5]},
        version=3,
    )

    world.accounts.create(profile)

    assert world.accounts.load(profile.user_id) == profile


def test_a_sparse_profile_has_no_other_fields(world: World) -> None:
    """What was never given is absent, not empty."""
    profile = profile_of(world.address())

    world.accounts.create(profile)

    stored = world.accounts.load(profile.user_id)
    assert stored == profile
    assert stored is not None
    assert stored.phone_number is None


def test_the_address_is_claimed_with_the_profile(world: World) -> None:
    """The uniqueness row names the user and the moment, for any spelling of the address."""
    profile = profile_of(world.address())
    world.accounts.create(profile)

    claim = world.accounts.claim(profile.email.upper())

    assert claim is not None
    assert (claim.user_id, claim.claimed_at) == (profile.user_id, NOW)
    assert world.accounts.claim(world.address()) is None


def test_an_address_has_one_holder(world: World) -> None:
    """A second user is told who holds it, and gets no profile."""
    first = profile_of(world.address())
    world.accounts.create(first)
    second = profile_of(first.email)

    with pytest.raises(AddressHeld) as refused:
        world.accounts.create(second)

    assert refused.value.holder == first.user_id
    assert world.accounts.load(second.user_id) is None


def test_creating_again_changes_nothing(world: World) -> None:
    """A repeated call, its first answer lost, keeps what is stored by then."""
    profile = profile_of(world.address())
    world.accounts.create(profile)
    verified = world.accounts.mark_verified(profile.user_id, NOW)

    world.accounts.create(profile)

    assert world.accounts.load(profile.user_id) == verified


def test_replacing_takes_over_the_address_and_ends_the_old_profile(world: World) -> None:
    """The named user's profile goes in the transaction that brings the new one."""
    old = profile_of(world.address())
    world.accounts.create(old)
    new = profile_of(old.email)

    world.accounts.create(new, replacing=old.user_id)

    claim = world.accounts.claim(old.email)
    assert claim is not None
    assert claim.user_id == new.user_id
    assert world.accounts.load(old.user_id) is None
    assert world.accounts.load(new.user_id) == new


def test_replacing_somebody_else_is_refused(world: World) -> None:
    """An address held by a third user stays theirs, and nothing is deleted."""
    holder, named = profile_of(world.address()), profile_of(world.address())
    world.accounts.create(holder)
    world.accounts.create(named)

    with pytest.raises(AddressHeld) as refused:
        world.accounts.create(profile_of(holder.email), replacing=named.user_id)

    assert refused.value.holder == holder.user_id
    assert world.accounts.load(holder.user_id) == holder
    assert world.accounts.load(named.user_id) == named


def test_replacing_nobody_is_fine(world: World) -> None:
    """A predecessor that never had rows stands in nobody's way."""
    profile = profile_of(world.address())

    world.accounts.create(profile, replacing=str(uuid.uuid4()))

    assert world.accounts.load(profile.user_id) == profile


def test_of_many_at_once_one_gets_the_address(world: World) -> None:
    """Twelve concurrent creations of one address: one wins, eleven are told by whom."""
    email = world.address()
    profiles = [profile_of(email) for _ in range(12)]

    def create(profile: Profile) -> str:
        try:
            world.accounts.create(profile)
        except AddressHeld as held:
            return held.holder
        return profile.user_id

    with ThreadPoolExecutor(12) as pool:
        holders = set(pool.map(create, profiles))

    assert len(holders) == 1
    assert world.accounts.addresses(each.user_id for each in profiles).keys() == holders


def test_addresses_tell_who_has_a_profile(world: World) -> None:
    """Up to 100 ids, doubles included; nobody for none."""
    made = [profile_of(world.address()) for _ in range(3)]
    for profile in made:
        world.accounts.create(profile)
    ids = [profile.user_id for profile in made]

    absent = [str(uuid.uuid4()) for _ in range(97)]

    stored = {profile.user_id: profile.email for profile in made}
    assert world.accounts.addresses(ids + absent) == stored
    assert world.accounts.addresses([ids[0], ids[0]]) == {ids[0]: made[0].email}
    assert world.accounts.addresses([]) == {}


def test_addresses_refuse_more_than_a_page(world: World) -> None:
    """101 ids are a fault of the caller."""
    with pytest.raises(ValueError, match="100"):
        world.accounts.addresses(str(uuid.uuid4()) for _ in range(101))


def test_marking_verified_returns_the_changed_profile(world: World) -> None:
    """The flag is set, the version grows, the moment is kept."""
    profile = profile_of(world.address())
    world.accounts.create(profile)
    later = NOW + timedelta(minutes=5)

    marked = world.accounts.mark_verified(profile.user_id, later)

    assert marked == replace(profile, email_verified=True, updated_at=later, version=2)
    assert world.accounts.load(profile.user_id) == marked


def test_marking_nobody_verified_makes_no_row(world: World) -> None:
    """Without a profile there is an error and still no profile."""
    user_id = str(uuid.uuid4())

    with pytest.raises(UserUnknown):
        world.accounts.mark_verified(user_id, NOW)

    assert world.accounts.load(user_id) is None


def test_an_update_replaces_the_expected_version(world: World) -> None:
    """A field that is cleared is gone afterwards."""
    profile = replace(profile_of(world.address()), phone_number="+4915112345678")
    world.accounts.create(profile)
    changed = replace(profile, phone_number=None, first_name="Ada", version=2)

    world.accounts.update(changed, expected_version=1)

    assert world.accounts.load(profile.user_id) == changed


def test_a_stale_update_is_refused(world: World) -> None:
    """Two changes of one version: the second loses and changes nothing."""
    profile = profile_of(world.address())
    world.accounts.create(profile)
    first = replace(profile, first_name="First", version=2)
    world.accounts.update(first, expected_version=1)

    with pytest.raises(VersionMismatch):
        world.accounts.update(replace(profile, first_name="Second", version=2), 1)

    assert world.accounts.load(profile.user_id) == first


def test_an_update_that_was_applied_already_is_fine(world: World) -> None:
    """The SDK repeats a call whose answer was lost; it must not meet its own work."""
    profile = profile_of(world.address())
    world.accounts.create(profile)
    changed = replace(profile, first_name="Ada", version=2)
    world.accounts.update(changed, expected_version=1)

    world.accounts.update(changed, expected_version=1)

    assert world.accounts.load(profile.user_id) == changed


def test_an_update_makes_no_profile(world: World) -> None:
    """A profile that was deleted meanwhile does not come back."""
    profile = profile_of(world.address())

    with pytest.raises(VersionMismatch):
        world.accounts.update(profile, expected_version=1)

    assert world.accounts.load(profile.user_id) is None


def test_removal_frees_the_address(world: World) -> None:
    """Both rows go, a second time changes nothing, and the next user may have the address."""
    profile = profile_of(world.address())
    world.accounts.create(profile)

    world.accounts.remove(profile.user_id, profile.email)
    world.accounts.remove(profile.user_id, profile.email)

    assert world.accounts.load(profile.user_id) is None
    assert world.accounts.claim(profile.email) is None
    world.accounts.create(profile_of(profile.email))


def test_removal_leaves_another_users_address_alone(world: World) -> None:
    """The profile goes; the uniqueness row that names somebody else stays."""
    holder, other = profile_of(world.address()), profile_of(world.address())
    world.accounts.create(holder)
    world.accounts.create(other)

    world.accounts.remove(other.user_id, holder.email)

    assert world.accounts.load(other.user_id) is None
    claim = world.accounts.claim(holder.email)
    assert claim is not None
    assert claim.user_id == holder.user_id


def test_the_outbox_lists_the_oldest_first(world: World) -> None:
    """Entries come in the order of their moments until they are settled."""
    made = [
        Leftover(str(uuid.uuid4()), world.address(), NOW + timedelta(microseconds=offset))
        for offset in (2, 0, 1)
    ]
    for leftover in made:
        world.accounts.note(leftover)

    listed = [each for each in world.accounts.leftovers() if each in made]

    assert listed == [made[1], made[2], made[0]]
    for leftover in made:
        world.accounts.settle(leftover)
        world.accounts.settle(leftover)
    assert not set(made) & set(world.accounts.leftovers())


def test_a_table_that_answers_passes_the_check(world: World) -> None:
    """The readiness probe returns."""
    world.accounts.check()
