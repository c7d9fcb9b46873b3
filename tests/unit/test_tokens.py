"""Sealed tokens: readable, forgeable and usable for another purpose by nobody."""

from __future__ import annotations

import base64
import secrets
from datetime import UTC, datetime, timedelta

import pytest

from service.aws.tokens import MAX_SEALED, AeadSealer, Unsealable
from service.domain.errors import InvalidMfaSession, InvalidRefreshToken
from service.domain.ports import MfaClaims, RefreshClaims

NOW = datetime(2026, 1, 1, tzinfo=UTC)
USER = "85262b73-ef60-4e2a-8b66-cfd5f3d8239d"
SESSION = "ba2e656f-b3e0-4797-8f6b-e2455c5d4c36"
CLAIMS = RefreshClaims(USER, SESSION, 7, "cognito-refresh-token")
MFA = MfaClaims(USER, "ada@example.com", "cognito-session")


def sealer(*key_ids: str) -> AeadSealer:
    return AeadSealer({key_id: KEYS[key_id] for key_id in key_ids})


KEYS = {key_id: secrets.token_bytes(32) for key_id in ("k1", "k2")}


@pytest.mark.requirement(28)
def test_a_refresh_token_says_what_was_sealed() -> None:
    """Sealing and opening give back the claims."""
    assert sealer("k1").open_refresh(sealer("k1").seal_refresh(CLAIMS)) == CLAIMS


def test_nothing_of_it_can_be_read() -> None:
    """Neither ids nor Cognito's token show, encoded or not."""
    token = sealer("k1").seal_refresh(CLAIMS)

    decoded = base64.urlsafe_b64decode(token.partition(".")[2] + "==")
    for secret in (USER, SESSION, CLAIMS.refresh_token):
        assert secret not in token
        assert secret.encode() not in decoded


def test_two_seals_of_one_thing_differ() -> None:
    """A nonce is never used twice."""
    tokens = {sealer("k1").seal_refresh(CLAIMS) for _ in range(100)}

    assert len({token[:16] for token in tokens}) == 100


def test_every_changed_character_is_noticed() -> None:
    """No single character can be changed, dropped or added (AEAD over key id and purpose)."""
    token = sealer("k1", "k2").seal_refresh(CLAIMS)

    for place, character in enumerate(token):
        for other in ("A" if character != "A" else "B", "", character + "A"):
            changed = token[:place] + other + token[place + 1 :]
            with pytest.raises(InvalidRefreshToken):
                sealer("k1", "k2").open_refresh(changed)


def test_a_token_is_written_one_way_only() -> None:
    """The bits that base64url leaves over at the end are zero, or it is another token."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    tokens = (
        sealer("k1").seal_refresh(RefreshClaims(USER, SESSION, 0, "x" * length))
        for length in range(3)
    )
    token = next(token for token in tokens if len(token.partition(".")[2]) % 4)

    twin = token[:-1] + alphabet[alphabet.index(token[-1]) + 1]

    assert base64.urlsafe_b64decode(twin[3:] + "==") == base64.urlsafe_b64decode(token[3:] + "==")
    with pytest.raises(InvalidRefreshToken):
        sealer("k1").open_refresh(twin)


@pytest.mark.parametrize(
    "hostile",
    ["", ".", "k1", "k1.", "k1.====", "k1.AAAA", "k1.\N{SNOWMAN}", "k1.\ud800", "k9." + "A" * 64,
     "a.b.c", "k1." + "A" * MAX_SEALED, "\x00" * 64],
)  # fmt: skip
def test_hostile_text_is_no_token(hostile: str) -> None:
    """Whatever is presented, the answer is the same error."""
    with pytest.raises(InvalidRefreshToken):
        sealer("k1").open_refresh(hostile)


@pytest.mark.requirement(15)
def test_a_token_serves_its_purpose_only() -> None:
    """An MFA token never opens as a refresh token, nor a row's secret as either."""
    keys = sealer("k1")
    mfa = keys.seal_mfa(MFA, NOW + timedelta(minutes=3))
    row = keys.seal_for_row("secret", "USER#1", "SESSION#1")

    for token in (mfa, row):
        with pytest.raises(InvalidRefreshToken):
            keys.open_refresh(token)
    for token in (keys.seal_refresh(CLAIMS), row):
        with pytest.raises(InvalidMfaSession):
            keys.open_mfa(token, NOW)


def test_a_rows_secret_opens_in_its_row_only() -> None:
    """Copied into another row it is worthless."""
    keys = sealer("k1")
    sealed = keys.seal_for_row("secret", "USER#1", "SESSION#1")

    assert keys.open_for_row(sealed, "USER#1", "SESSION#1") == "secret"
    for place in (("USER#2", "SESSION#1"), ("USER#1", "SESSION#2")):
        with pytest.raises(Unsealable):
            keys.open_for_row(sealed, *place)


def test_an_mfa_session_ends_on_time() -> None:
    """At its end it is over; a second before it is not."""
    keys = sealer("k1")
    token = keys.seal_mfa(MFA, NOW + timedelta(minutes=3))

    assert keys.open_mfa(token, NOW + timedelta(minutes=3, seconds=-1)) == MFA
    with pytest.raises(InvalidMfaSession):
        keys.open_mfa(token, NOW + timedelta(minutes=3))


def test_keys_rotate_without_signing_anybody_out() -> None:
    """The new key seals, the old one still opens; without the old one its tokens end."""
    old = sealer("k1").seal_refresh(CLAIMS)

    rotated = sealer("k2", "k1")

    assert rotated.open_refresh(old) == CLAIMS
    assert rotated.seal_refresh(CLAIMS).startswith("k2.")
    with pytest.raises(InvalidRefreshToken):
        sealer("k2").open_refresh(old)


def test_a_key_id_is_bound_to_its_key() -> None:
    """The same key under another id does not open it."""
    renamed = AeadSealer({"k2": KEYS["k1"]})
    token = sealer("k1").seal_refresh(CLAIMS)

    with pytest.raises(InvalidRefreshToken):
        renamed.open_refresh(token.replace("k1.", "k2."))


@pytest.mark.parametrize(("cognito", "sealed"), [(875, 1319), (1800, 2553), (2900, 4019)])
def test_the_length_is_known(cognito: int, sealed: int) -> None:
    """Around a Cognito token of 1 800 characters it has 2 553; the contract allows 4 096."""
    claims = RefreshClaims(USER, SESSION, 0, "x" * cognito)

    token = sealer("k1").seal_refresh(claims)

    assert len(token) == sealed <= MAX_SEALED


def test_a_token_that_no_client_could_send_back_is_not_made() -> None:
    """Beyond the contract's maximum sealing fails at once, where the cause is seen."""
    with pytest.raises(ValueError, match="4096"):
        sealer("k1").seal_refresh(RefreshClaims(USER, SESSION, 0, "x" * 3000))
