"""What the domain may rely on of a `Directory`."""

from __future__ import annotations

import pytest

from service.domain.errors import (
    EmailNotVerified,
    InvalidCode,
    InvalidCredentials,
    InvalidRefreshToken,
    PasswordRejected,
    UserExists,
)
from service.domain.ports import Challenge, Grant
from tests.aws.conftest import NEEDS_MAIL, World

PASSWORD = "correct horse battery"


def signed_in(world: World, email: str) -> Grant:
    grant = world.directory.authenticate(email, PASSWORD)
    assert isinstance(grant, Grant)
    return grant


def test_a_new_user_is_unconfirmed_and_found_by_id_and_address(world: World) -> None:
    """The id and the address, in any case, lead to the same user."""
    email = world.address()

    user_id = world.sign_up(email.upper())

    by_id, by_address = world.directory.find(user_id), world.directory.find(email.upper())
    assert by_id == by_address
    assert by_id is not None
    assert (by_id.user_id, by_id.email, by_id.confirmed) == (user_id, email, False)
    assert (by_id.first_name, by_id.last_name) == ("Ada", "O'Brien")
    assert by_id.created_at.tzinfo is not None


@pytest.mark.parametrize("spell", [str.lower, str.upper, str.title])
def test_an_address_has_one_user_however_it_is_written(world: World, spell) -> None:
    """A taken address is refused in every case variant."""
    email = world.address()
    world.sign_up(email)

    with pytest.raises(UserExists):
        world.sign_up(spell(email))


@pytest.mark.parametrize("password", ["short", "1234567"])
def test_a_password_under_eight_characters_is_rejected(world: World, password: str) -> None:
    """Seven characters are refused, and nobody is made."""
    email = world.address()

    with pytest.raises(PasswordRejected):
        world.sign_up(email, password)

    assert world.directory.find(email) is None


@pytest.mark.parametrize("password", ["12345678", "pass phrase", "pässwörd 李 🔑"])
def test_a_password_needs_length_and_no_composition(world: World, password: str) -> None:
    """Eight characters of any kind are accepted (requirement 2)."""
    assert world.sign_up(world.address(), password)


def test_a_long_password_is_accepted(world: World) -> None:
    """128 characters are accepted (requirement 1)."""
    assert world.sign_up(world.address(), "x" * 128)


def test_nobody_is_found_under_an_unknown_name(world: World) -> None:
    """An unknown address and an unknown id are both None."""
    assert world.directory.find(world.address()) is None
    assert world.directory.find("00000000-0000-4000-8000-000000000000") is None


@NEEDS_MAIL
def test_the_mailed_code_proves_the_address_once(world: World) -> None:
    """The code works, and the second time the user is confirmed already."""
    email = world.address()
    user_id = world.sign_up(email)
    code = world.code_for(email)

    world.directory.confirm_sign_up(email.upper(), code)

    found = world.directory.find(user_id)
    assert found is not None
    assert found.confirmed
    with pytest.raises(InvalidCode):
        world.directory.confirm_sign_up(email, code)


@NEEDS_MAIL
def test_a_wrong_code_proves_nothing(world: World) -> None:
    """Another code is refused and the user stays unconfirmed."""
    email = world.address()
    user_id = world.sign_up(email)
    wrong = "000000" if world.code_for(email) != "000000" else "000001"

    with pytest.raises(InvalidCode):
        world.directory.confirm_sign_up(email, wrong)

    found = world.directory.find(user_id)
    assert found is not None
    assert not found.confirmed


def test_a_code_for_an_unknown_address_is_just_wrong(world: World) -> None:
    """An unknown address answers like a wrong code (requirement 8)."""
    with pytest.raises(InvalidCode):
        world.directory.confirm_sign_up(world.address(), "123456")


@NEEDS_MAIL
def test_resending_mails_a_code_that_works(world: World) -> None:
    """After a resend the newest code proves the address."""
    email = world.address()
    world.sign_up(email)

    world.directory.resend_code(email)

    world.directory.confirm_sign_up(email, world.code_for(email))


@NEEDS_MAIL
def test_resending_says_nothing_about_who_exists(world: World) -> None:
    """Unknown and confirmed users are passed over in silence."""
    email = world.address()
    world.verified(email)

    world.directory.resend_code(world.address())
    world.directory.resend_code(email)


@NEEDS_MAIL
def test_the_right_password_signs_in(world: World) -> None:
    """A grant names the user as stored and carries both tokens."""
    email = world.address()
    user_id = world.verified(email)

    grant = signed_in(world, email.upper())

    assert (grant.user_id, grant.email) == (user_id, email)
    assert (grant.first_name, grant.last_name) == ("Ada", "O'Brien")
    assert grant.access_token
    assert grant.refresh_token
    assert grant.expires_in == 900


@NEEDS_MAIL
def test_two_sign_ins_are_two_sessions(world: World) -> None:
    """Every authentication makes new tokens and a new session (requirement 16)."""
    email = world.address()
    world.verified(email)

    first, second = signed_in(world, email), signed_in(world, email)

    assert first.session_id != second.session_id
    assert first.access_token != second.access_token
    assert first.refresh_token != second.refresh_token


@NEEDS_MAIL
@pytest.mark.parametrize("wrong", ["Correct horse battery", "correct horse battery ", "12345678"])
def test_a_wrong_password_and_an_unknown_address_look_alike(world: World, wrong: str) -> None:
    """The password counts exactly as it was set, and both failures are one (requirements 3, 8)."""
    email = world.address()
    world.verified(email)

    with pytest.raises(InvalidCredentials):
        world.directory.authenticate(email, wrong)
    with pytest.raises(InvalidCredentials):
        world.directory.authenticate(world.address(), PASSWORD)


def test_an_unproven_address_cannot_sign_in(world: World) -> None:
    """An unconfirmed user is told to verify, whatever the password."""
    email = world.address()
    world.sign_up(email)

    with pytest.raises(EmailNotVerified):
        world.directory.authenticate(email, PASSWORD)


@NEEDS_MAIL
def test_renewing_stays_in_the_session(world: World) -> None:
    """New tokens keep the session's id and the user."""
    email = world.address()
    user_id = world.verified(email)
    grant = signed_in(world, email)

    renewed = world.directory.renew(user_id, grant.refresh_token)

    assert renewed.session_id == grant.session_id
    assert renewed.user_id == user_id
    assert renewed.email == email
    assert renewed.refresh_token


@NEEDS_MAIL
def test_a_revoked_family_renews_no_more(world: World) -> None:
    """Revoking ends the family, revoking again and revoking nothing are fine."""
    email = world.address()
    user_id = world.verified(email)
    grant = signed_in(world, email)

    world.directory.revoke(grant.refresh_token)
    world.directory.revoke(grant.refresh_token)
    world.directory.revoke("")

    with pytest.raises(InvalidRefreshToken):
        world.directory.renew(user_id, grant.refresh_token)


@NEEDS_MAIL
@pytest.mark.parametrize("token", ["made.up.token", "x", "e30.e30.e30"])
def test_a_made_up_refresh_token_is_invalid(world: World, token: str) -> None:
    """What the directory never issued renews nothing."""
    user_id = world.verified(world.address())

    with pytest.raises(InvalidRefreshToken):
        world.directory.renew(user_id, token)


@NEEDS_MAIL
def test_a_deleted_user_is_gone_with_all_tokens(world: World) -> None:
    """Deleting twice is fine; nothing of the user works afterwards and the address is free."""
    email = world.address()
    user_id = world.verified(email)
    grant = signed_in(world, email)

    world.directory.delete(user_id)
    world.directory.delete(user_id)

    assert world.directory.find(user_id) is None
    with pytest.raises(InvalidRefreshToken):
        world.directory.renew(user_id, grant.refresh_token)
    with pytest.raises(InvalidCredentials):
        world.directory.authenticate(email, PASSWORD)
    assert world.sign_up(email) != user_id


def test_pages_hold_every_user_once(world: World) -> None:
    """Walking the pages meets each user one time, at most 60 to a page."""
    made = {world.sign_up(world.address()) for _ in range(62)}

    met: list[str] = []
    cursor = None
    while True:
        users, cursor = world.directory.page(cursor)
        assert len(users) <= 60
        met += [user.user_id for user in users]
        if cursor is None:
            break

    assert len(met) == len(set(met))
    assert made <= set(met)


def test_a_directory_that_answers_passes_the_check(world: World) -> None:
    """The readiness probe returns."""
    world.directory.check()


@NEEDS_MAIL
def test_no_token_shows_in_a_repr(world: World) -> None:
    """What ends in a traceback or a log holds no token (requirement 40)."""
    email = world.address()
    world.verified(email)

    grant = signed_in(world, email)

    shown = repr(grant) + repr(Challenge("u", "session-secret"))
    for secret in (grant.access_token, grant.refresh_token, "session-secret"):
        assert secret not in shown


@NEEDS_MAIL
def test_signing_out_everywhere_ends_every_family(world: World) -> None:
    """No refresh token of the user renews any more; doing it again is fine."""
    email = world.address()
    world.verified(email)
    first, second = signed_in(world, email), signed_in(world, email)

    world.directory.sign_out_everywhere(first.user_id)
    world.directory.sign_out_everywhere(first.user_id)

    for grant in (first, second):
        with pytest.raises(InvalidRefreshToken):
            world.directory.renew(grant.user_id, grant.refresh_token)


@NEEDS_MAIL
def test_a_user_id_signs_in_as_the_address_does(world: World) -> None:
    """Proving oneself again needs no address, which may be changing."""
    email = world.address()
    world.verified(email)
    user = world.directory.find(email)
    assert user is not None

    grant = world.directory.authenticate(user.user_id, PASSWORD)

    assert isinstance(grant, Grant)
    assert grant.user_id == user.user_id
