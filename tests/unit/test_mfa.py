"""Two-step verification: the six operations, and what happens when a step of them fails."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from service.domain.errors import (
    InvalidCode,
    InvalidMfaSession,
    MfaAlreadyOn,
    MfaNotOn,
    SessionEnded,
    SignInAgain,
    TooManyRequests,
    Unavailable,
    WrongPassword,
)
from service.domain.mfa import hash_of, key_uri, new_recovery_codes
from service.domain.ports import Caller, MfaClaims
from service.domain.sessions import MFA_CHALLENGE_LIFETIME, MfaRequired
from tests.authenticator import Authenticator
from tests.unit.conftest import ADA, PASSWORD, Domain

BOB = "bob@example.com"


def enrolled(domain: Domain, email: str = ADA) -> tuple[Caller, Authenticator, list[str]]:
    """Somebody with two-step verification on, and the session in which it was switched on."""
    domain.verified(email)
    caller = domain.caller(domain.login(email))
    authenticator = Authenticator(domain.mfa.setup_mfa(caller).uri)
    return caller, authenticator, domain.mfa.verify_mfa_setup(caller, authenticator.code())


def challenged(domain: Domain, email: str = ADA) -> str:
    outcome = domain.sessions.login_user(email, PASSWORD, "test")
    assert isinstance(outcome, MfaRequired)
    return outcome.session_token


def test_a_code_finishes_the_sign_in(domain: Domain) -> None:
    """A session is open, and the profile says that it took two steps."""
    _, authenticator, _ = enrolled(domain)

    signed_in = domain.mfa.verify_mfa(challenged(domain), authenticator.code(), "a phone")

    assert signed_in.profile.mfa_enabled
    caller = domain.caller(signed_in)
    assert domain.sessions.current(caller)[0].user_agent == "a phone"
    assert domain.events.seen[-1] == ("verify_mfa", "success")


@pytest.mark.requirement(13)
def test_a_code_is_refused_before_the_directory_is_asked_again(
    domain: Domain, fail: Callable[..., None]
) -> None:
    """Our own guard, whatever the directory would say."""
    _, authenticator, _ = enrolled(domain)
    code = authenticator.code()
    domain.mfa.verify_mfa(challenged(domain), code, "")
    fail(domain.mfa.factor, "answer", AssertionError("the directory was asked"))

    with pytest.raises(InvalidCode):
        domain.mfa.verify_mfa(challenged(domain), code, "")


@pytest.mark.requirement(11)
def test_a_sealed_token_is_over_after_its_lifetime(
    domain: Domain, fail: Callable[..., None]
) -> None:
    """To the second, and the directory is not asked."""
    _, authenticator, codes = enrolled(domain)
    token = challenged(domain)
    domain.clock.advance(MFA_CHALLENGE_LIFETIME)
    fail(domain.mfa.factor, "answer", AssertionError("the directory was asked"))

    with pytest.raises(InvalidMfaSession):
        domain.mfa.verify_mfa(token, authenticator.code(), "")
    with pytest.raises(InvalidMfaSession):
        domain.mfa.recover_mfa(token, codes[0])


@pytest.mark.requirement(15)
def test_a_session_of_one_user_serves_no_other(domain: Domain) -> None:
    """Not even in a token of ours that puts the two together."""
    _, _, _ = enrolled(domain)
    _, bobs, _ = enrolled(domain, BOB)
    claims = domain.sessions.sealer.open_mfa(challenged(domain), domain.clock())
    bob = domain.directory.find(BOB)
    assert bob is not None
    mixed = MfaClaims(bob.user_id, BOB, claims.session)
    token = domain.sessions.sealer.seal_mfa(mixed, domain.clock() + timedelta(minutes=1))

    with pytest.raises(InvalidMfaSession):
        domain.mfa.verify_mfa(token, bobs.code(), "")


@pytest.mark.parametrize("error", [Unavailable(), TooManyRequests()])
def test_a_code_that_the_directory_did_not_look_at_can_be_sent_again(
    domain: Domain, fail: Callable[..., None], error: Exception
) -> None:
    """An outage spends nothing."""
    _, authenticator, _ = enrolled(domain)
    token, code = challenged(domain), authenticator.code()
    fail(domain.mfa.factor, "answer", error, times=1)

    with pytest.raises(type(error)):
        domain.mfa.verify_mfa(token, code, "")

    assert domain.mfa.verify_mfa(token, code, "").profile.mfa_enabled


def test_a_code_that_could_not_be_returned_is_recorded(
    domain: Domain, fail: Callable[..., None]
) -> None:
    """The next one works, in half a minute."""
    _, authenticator, _ = enrolled(domain)
    token = challenged(domain)
    fail(domain.mfa.factor, "answer", Unavailable(), times=1)
    fail(domain.mfa.store, "give_back", Unavailable())

    with pytest.raises(Unavailable):
        domain.mfa.verify_mfa(token, authenticator.code(), "")

    assert ("return_code", "error") in domain.events.seen
    assert domain.mfa.verify_mfa(token, authenticator.code(), "").profile.mfa_enabled


@pytest.mark.requirement(21)
def test_setting_up_takes_a_recent_sign_in(domain: Domain) -> None:
    """A token stolen later does not lock its owner out."""
    domain.verified()
    caller = domain.caller(domain.login())
    domain.clock.advance(timedelta(minutes=15, seconds=1))

    with pytest.raises(SignInAgain):
        domain.mfa.setup_mfa(caller)

    assert domain.mfa.setup_mfa(domain.caller(domain.login())).secret


def test_what_is_on_is_not_set_up_again(domain: Domain) -> None:
    """It has to be switched off first, with the password."""
    caller, authenticator, _ = enrolled(domain)

    with pytest.raises(MfaAlreadyOn):
        domain.mfa.setup_mfa(caller)
    with pytest.raises(MfaAlreadyOn):
        domain.mfa.verify_mfa_setup(caller, authenticator.code())


@pytest.mark.requirement(10)
@pytest.mark.requirement(20)
def test_switching_on_ends_the_other_sessions_and_tells_the_user(domain: Domain) -> None:
    """The session in which it happens goes on."""
    domain.verified()
    other = domain.caller(domain.login())
    caller = domain.caller(domain.login())
    authenticator = Authenticator(domain.mfa.setup_mfa(caller).uri)

    domain.mfa.verify_mfa_setup(caller, authenticator.code())

    assert domain.sessions.current(caller)
    with pytest.raises(SessionEnded):
        domain.sessions.current(other)
    assert [(to, subject) for to, subject, _ in domain.mailer.sent] == [
        (ADA, "Two-step verification is on")
    ]


@pytest.mark.parametrize("step", ["enrol", "require", "end_all"])
def test_switching_on_that_fails_is_undone(
    domain: Domain, fail: Callable[..., None], step: str
) -> None:
    """The password alone signs in, and it can be set up anew."""
    domain.verified()
    caller = domain.caller(domain.login())
    authenticator = Authenticator(domain.mfa.setup_mfa(caller).uri)
    port = {"enrol": domain.mfa.store, "require": domain.mfa.factor, "end_all": domain.rows}[step]
    fail(port, step, Unavailable(), times=1)

    with pytest.raises(Unavailable):
        domain.mfa.verify_mfa_setup(caller, authenticator.code())

    assert not domain.login().profile.mfa_enabled
    assert domain.mfa.store.recovery_codes(caller.user_id) == frozenset()
    assert domain.mfa.setup_mfa(caller).secret


def test_an_undoing_that_fails_too_leaves_the_authenticator_and_the_codes(
    domain: Domain, fail: Callable[..., None]
) -> None:
    """Whoever is asked for a code has one."""
    domain.verified()
    caller = domain.caller(domain.login())
    authenticator = Authenticator(domain.mfa.setup_mfa(caller).uri)
    fail(domain.mfa.factor, "require", Unavailable(), times=2, after=True)
    fail(domain.directory, "revoke", Unavailable())

    with pytest.raises(Unavailable):
        domain.mfa.verify_mfa_setup(caller, authenticator.code())

    assert ("undo_enable_mfa", "error") in domain.events.seen
    assert len(domain.mfa.store.recovery_codes(caller.user_id)) == 10


@pytest.mark.requirement(13)
def test_a_recovery_code_works_once_and_takes_the_others_with_it(domain: Domain) -> None:
    """The password alone signs in afterwards, and every session is over."""
    caller, _, codes = enrolled(domain)
    token = challenged(domain)

    domain.mfa.recover_mfa(token, codes[7].lower())

    with pytest.raises(SessionEnded):
        domain.sessions.current(caller)
    for code in (codes[7], codes[0]):
        with pytest.raises(InvalidCode):
            domain.mfa.recover_mfa(token, code)
    assert not domain.login().profile.mfa_enabled
    assert domain.mailer.sent[-1][1] == "A recovery code was used"


@pytest.mark.parametrize("step", ["require", "end_all", "spend"])
def test_a_recovery_that_fails_is_finished_by_the_same_code(
    domain: Domain, fail: Callable[..., None], step: str
) -> None:
    """No outage costs a recovery code."""
    _, _, codes = enrolled(domain)
    token = challenged(domain)
    port = {"require": domain.mfa.factor, "end_all": domain.rows, "spend": domain.mfa.store}[step]
    fail(port, step, Unavailable(), times=1)

    with pytest.raises(Unavailable):
        domain.mfa.recover_mfa(token, codes[0])
    domain.mfa.recover_mfa(token, codes[0])

    assert not domain.login().profile.mfa_enabled


@pytest.mark.requirement(21)
def test_switching_off_and_new_codes_take_the_password(domain: Domain) -> None:
    """A stolen token takes nothing away."""
    caller, _, codes = enrolled(domain)

    with pytest.raises(WrongPassword):
        domain.mfa.disable_mfa(caller, "a wrong password")
    with pytest.raises(WrongPassword):
        domain.mfa.regenerate_recovery_codes(caller, "a wrong password")

    assert challenged(domain)
    assert hash_of(codes[0]) in domain.mfa.store.recovery_codes(caller.user_id)


@pytest.mark.requirement(20)
def test_switching_off_ends_the_other_sessions_and_may_be_repeated(domain: Domain) -> None:
    """Again after a lost answer, it is off."""
    caller, authenticator, _ = enrolled(domain)
    other = domain.caller(domain.mfa.verify_mfa(challenged(domain), authenticator.code(), ""))

    domain.mfa.disable_mfa(caller, PASSWORD)
    domain.mfa.disable_mfa(caller, PASSWORD)

    assert not domain.login().profile.mfa_enabled
    with pytest.raises(SessionEnded):
        domain.sessions.current(other)


def test_new_recovery_codes_replace_the_former(domain: Domain) -> None:
    """The former are void at once, and the owner is told."""
    caller, _, former = enrolled(domain)

    codes = domain.mfa.regenerate_recovery_codes(caller, PASSWORD)

    assert not set(codes) & set(former)
    with pytest.raises(InvalidCode):
        domain.mfa.recover_mfa(challenged(domain), former[0])
    domain.mfa.recover_mfa(challenged(domain), codes[0])
    assert "New recovery codes" in [subject for _, subject, _ in domain.mailer.sent]


def test_there_are_no_recovery_codes_without_a_second_step(domain: Domain) -> None:
    """There would be nothing to recover."""
    domain.verified()

    with pytest.raises(MfaNotOn):
        domain.mfa.regenerate_recovery_codes(domain.caller(domain.login()), PASSWORD)


def test_an_account_that_is_gone_is_told_nothing(domain: Domain) -> None:
    """Deleted between the session's check and the store."""
    domain.verified()
    caller = domain.caller(domain.login())
    authenticator = Authenticator(domain.mfa.setup_mfa(caller).uri)
    profile = domain.store.profiles[caller.user_id]
    genuine = domain.mfa.factor.prove

    def deleting(token: str, code: str) -> None:
        genuine(token, code)
        domain.store.remove(profile.user_id, ADA)

    domain.mfa.factor.prove = deleting  # type: ignore[method-assign]

    with pytest.raises(SessionEnded):
        domain.mfa.verify_mfa_setup(caller, authenticator.code())


@pytest.mark.requirement(11)
def test_recovery_codes_are_eighty_random_bits(domain: Domain) -> None:
    """Sixteen characters of base32 each, none twice in a thousand."""
    codes = [code for _ in range(100) for code in new_recovery_codes()]

    assert len(set(codes)) == 1000
    assert all(len(code.replace("-", "")) == 16 for code in codes)
    assert {character for code in codes for character in code} <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567-"
    )


def test_the_link_is_a_key_uri() -> None:
    """Issuer and account in the label, the address escaped, every default written out."""
    assert key_uri("ABC", "a+b@example.com") == (
        "otpauth://totp/Lifestyle:a%2Bb%40example.com"
        "?secret=ABC&issuer=Lifestyle&algorithm=SHA1&digits=6&period=30"
    )
