"""What the domain may rely on of a `SecondFactor` and an `MfaStore`."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from service.domain.errors import InvalidCode, InvalidMfaSession, SessionEnded, UserUnknown
from service.domain.mfa import key_uri
from service.domain.ports import Challenge, Grant, Profile
from tests.authenticator import Authenticator
from tests.aws.conftest import NEEDS_MAIL, World

PASSWORD = "correct horse battery"
USER = "0b7c2f5e-6a43-4c1e-8c57-2f4f8c3f9a10"
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
ONE, TWO, THREE = ("a" * 64, "b" * 64, "c" * 64)


def signed_in(world: World) -> tuple[str, Grant]:
    email = world.address()
    world.verified(email)
    grant = world.directory.authenticate(email, PASSWORD)
    assert isinstance(grant, Grant)
    return email, grant


def enrolled(world: World) -> tuple[str, str, Authenticator]:
    """Somebody of whom a code is asked: address, id, authenticator."""
    email, grant = signed_in(world)
    secret = world.second_factor.associate(grant.access_token)
    authenticator = Authenticator(key_uri(secret, email))
    world.second_factor.prove(grant.access_token, authenticator.code())
    world.second_factor.require(grant.user_id, True)
    return email, grant.user_id, authenticator


def challenged(world: World, email: str) -> Challenge:
    challenge = world.directory.authenticate(email, PASSWORD)
    assert isinstance(challenge, Challenge)
    return challenge


@NEEDS_MAIL
def test_a_code_finishes_the_sign_in_of_its_user(world: World) -> None:
    """The grant is that user's, and the challenge names them by id."""
    email, user_id, authenticator = enrolled(world)
    challenge = challenged(world, email)

    grant = world.second_factor.answer(challenge.user_id, challenge.session, authenticator.code())

    assert challenge.user_id == grant.user_id == user_id
    assert grant.email == email
    assert world.directory.renew(user_id, grant.refresh_token).session_id == grant.session_id


@NEEDS_MAIL
def test_a_wrong_code_is_refused_and_the_session_goes_on(world: World) -> None:
    """A typing error costs one try."""
    email, user_id, authenticator = enrolled(world)
    session = challenged(world, email).session

    with pytest.raises(InvalidCode):
        world.second_factor.answer(user_id, session, authenticator.wrong())

    assert world.second_factor.answer(user_id, session, authenticator.code())


@NEEDS_MAIL
def test_a_code_and_a_session_are_taken_once(world: World) -> None:
    """The code in another session, and the session with another code."""
    email, user_id, authenticator = enrolled(world)
    one, two = (challenged(world, email).session for _ in range(2))
    code = authenticator.code()
    world.second_factor.answer(user_id, one, code)

    with pytest.raises(InvalidCode):
        world.second_factor.answer(user_id, two, code)
    with pytest.raises(InvalidMfaSession):
        world.second_factor.answer(user_id, one, authenticator.code())


@NEEDS_MAIL
@pytest.mark.requirement(15)
def test_a_session_is_bound_to_its_user(world: World) -> None:
    """Made up or another's, it serves nobody."""
    email, _, _ = enrolled(world)
    _, other_id, others = enrolled(world)
    session = challenged(world, email).session

    for wrong in (session, "made-up-session-of-twenty-characters"):
        with pytest.raises(InvalidMfaSession):
            world.second_factor.answer(other_id, wrong, others.code())


@NEEDS_MAIL
def test_a_secret_counts_once_a_code_has_proven_it(world: World) -> None:
    """The password alone signs in until then, and a wrong code proves nothing."""
    email, grant = signed_in(world)
    secret = world.second_factor.associate(grant.access_token)

    with pytest.raises(InvalidCode):
        world.second_factor.prove(grant.access_token, Authenticator(key_uri(secret, email)).wrong())

    assert isinstance(world.directory.authenticate(email, PASSWORD), Grant)
    assert not world.second_factor.required(grant.user_id)


@NEEDS_MAIL
def test_it_can_be_asked_for_no_longer(world: World) -> None:
    """As often as one likes, and for a user who is gone."""
    email, user_id, _ = enrolled(world)
    assert world.second_factor.required(user_id)

    world.second_factor.require(user_id, False)
    world.second_factor.require(user_id, False)

    assert not world.second_factor.required(user_id)
    assert isinstance(world.directory.authenticate(email, PASSWORD), Grant)
    world.directory.delete(user_id)
    world.second_factor.require(user_id, False)
    assert not world.second_factor.required(user_id)


def test_a_made_up_access_token_proves_nothing(world: World) -> None:
    """No code fits a token that nobody issued."""
    with pytest.raises((InvalidCode, SessionEnded)):
        world.second_factor.prove("made.up.token", "123456")


def stored(world: World, user_id: str = USER) -> Profile:
    """A profile without a second step."""
    email = f"{user_id}@example.com"
    world.accounts.create(Profile(user_id, email, "Ada", "L", NOW, NOW, email_verified=True))
    found = world.accounts.load(user_id)
    assert found is not None
    return found


def test_enrolling_stores_the_codes_and_marks_the_profile(world: World) -> None:
    """Nothing else of the profile changes but its version and time."""
    before = stored(world)

    world.mfa.enrol(USER, {ONE, TWO}, LATER)

    assert world.mfa.recovery_codes(USER) == {ONE, TWO}
    assert world.accounts.load(USER) == replace(
        before, mfa_enabled=True, updated_at=LATER, version=before.version + 1
    )


def test_withdrawing_takes_both_away_and_may_be_repeated(world: World) -> None:
    """Also where there was nothing."""
    stored(world)
    world.mfa.enrol(USER, {ONE}, NOW)

    world.mfa.withdraw(USER, LATER)
    world.mfa.withdraw(USER, LATER)

    assert world.mfa.recovery_codes(USER) == frozenset()
    assert not world.accounts.load(USER).mfa_enabled


def test_nobody_without_a_profile_has_a_second_step(world: World) -> None:
    """And nothing is left behind by the attempt."""
    with pytest.raises(UserUnknown):
        world.mfa.enrol(USER, {ONE}, NOW)
    with pytest.raises(UserUnknown):
        world.mfa.withdraw(USER, NOW)

    assert world.mfa.recovery_codes(USER) == frozenset()


@pytest.mark.requirement(13)
def test_a_recovery_code_is_spent_once(world: World) -> None:
    """An unknown one changes nothing, the first takes everything away, the others are void."""
    stored(world)
    world.mfa.enrol(USER, {ONE, TWO}, NOW)
    with pytest.raises(InvalidCode):
        world.mfa.spend(USER, THREE, LATER)
    assert world.accounts.load(USER).mfa_enabled

    world.mfa.spend(USER, ONE, LATER)

    assert not world.accounts.load(USER).mfa_enabled
    for code in (ONE, TWO):
        with pytest.raises(InvalidCode):
            world.mfa.spend(USER, code, LATER)


def test_other_recovery_codes_take_the_place_of_the_former(world: World) -> None:
    """Whether there were any or not."""
    world.mfa.replace_recovery_codes(USER, {ONE}, NOW)
    world.mfa.replace_recovery_codes(USER, {TWO, THREE}, NOW)

    assert world.mfa.recovery_codes(USER) == {TWO, THREE}


@pytest.mark.requirement(13)
def test_a_code_is_taken_once_until_its_time_is_over(world: World) -> None:
    """By its user; what was given back can be taken again."""
    assert world.mfa.take(USER, ONE, NOW, LATER)
    assert not world.mfa.take(USER, ONE, NOW + timedelta(minutes=4), LATER)
    assert world.mfa.take(USER, TWO, NOW, LATER)
    assert world.mfa.take("another", ONE, NOW, LATER)
    assert world.mfa.take(USER, ONE, LATER + timedelta(seconds=1), LATER + timedelta(minutes=5))

    world.mfa.give_back(USER, TWO)
    world.mfa.give_back(USER, THREE)

    assert world.mfa.take(USER, TWO, NOW, LATER)


@pytest.mark.requirement(13)
def test_of_many_who_take_a_code_at_once_one_gets_it(world: World) -> None:
    """However the threads run."""
    barrier, taken = threading.Barrier(8), []

    def take() -> None:
        barrier.wait()
        taken.append(world.mfa.take(USER, ONE, NOW, LATER))

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(taken) == [False] * 7 + [True]
