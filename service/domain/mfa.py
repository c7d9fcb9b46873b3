"""Two-step verification: a code of an authenticator after the password (TOTP, RFC 6238).

The directory alone decides whether it asks for a code. What is stored here follows: the hashes of
the recovery codes, the mark in the profile, and which codes were used.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import quote, urlencode

from service.domain.auditing import audited
from service.domain.errors import (
    DomainError,
    InvalidCode,
    InvalidCredentials,
    InvalidMfaSession,
    MfaAlreadyOn,
    MfaNotOn,
    SessionEnded,
    SignInAgain,
    TooManyRequests,
    Unavailable,
    UserUnknown,
)
from service.domain.notices import Notices
from service.domain.ports import Caller, Grant, MfaClaims, Profile
from service.domain.reauthentication import reauthenticate
from service.domain.second_factor import MfaStore, SecondFactor
from service.domain.sessions import Sessions, SignedIn

ISSUER = "Lifestyle"
RECOVERY_CODES = 10
RECOVERY_BYTES = 10
"""80 random bits, so that a plain hash is enough: nobody can try them all (ASVS 6.5.3)."""

USED_CODE_LIFETIME = timedelta(minutes=5)
"""Longer than the directory takes a code: its own 30 seconds and a step or two on either side."""


@dataclass(frozen=True, slots=True)
class Setup:
    """A secret that waits for its first code."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Mfa:
    """Asks for the second step, and sets it up and takes it away."""

    sessions: Sessions
    factor: SecondFactor
    store: MfaStore
    notices: Notices
    setup_within: timedelta

    def verify_mfa(self, token: str, code: str, user_agent: str) -> SignedIn:
        """Finish a sign-in with a code and open the session.

        Raises `InvalidMfaSession`, `InvalidCode`, `TooManyRequests`, `Unavailable`.
        """
        with audited(self.sessions.audit, "verify_mfa"):
            claims = self._claims(token)
        with audited(self.sessions.audit, "verify_mfa", claims.user_id):
            self._take(claims.user_id, code)
            grant = self._answered(claims, code)
            try:
                signed_in = self.sessions.open(grant, user_agent, second_factor=True)
            except InvalidCredentials as gone:
                raise InvalidMfaSession("the account was deleted meanwhile") from gone
        self.sessions.audit("verify_mfa", "success", user_id=claims.user_id)
        return signed_in

    def recover_mfa(self, token: str, recovery_code: str) -> None:
        """Take the second step away with a recovery code and end every session.

        The directory first: if what follows fails, the same code finishes it. Raises
        `InvalidMfaSession`, `InvalidCode`, `TooManyRequests`, `Unavailable`.
        """
        with audited(self.sessions.audit, "recover_mfa"):
            claims = self._claims(token)
        user_id, digest = claims.user_id, hash_of(recovery_code.upper())
        with audited(self.sessions.audit, "recover_mfa", user_id):
            if digest not in self.store.recovery_codes(user_id):
                raise InvalidCode("no such recovery code")
            self.factor.require(user_id, False)
            self.sessions.end_every(user_id)
            self.store.spend(user_id, digest, self.sessions.clock())
        self.sessions.audit("recover_mfa", "success", user_id=user_id)
        self.notices.mfa_recovered(user_id, claims.email)

    def setup_mfa(self, caller: Caller) -> Setup:
        """Make a secret for an authenticator; nothing changes before its first code.

        Raises `SessionEnded`, `SignInAgain`, `MfaAlreadyOn`, `TooManyRequests`, `Unavailable`.
        """
        with audited(self.sessions.audit, "setup_mfa", caller.user_id):
            session, profile = self.sessions.current(caller)
            if self.sessions.clock() - session.created_at > self.setup_within:
                raise SignInAgain
            self._require_off(profile)
            secret = self.factor.associate(caller.access_token)
        self.sessions.audit("setup_mfa", "success", user_id=caller.user_id)
        return Setup(secret, key_uri(secret, profile.email))

    def verify_mfa_setup(self, caller: Caller, code: str) -> list[str]:
        """Switch the second step on with its first code and return the recovery codes.

        Raises `SessionEnded`, `MfaAlreadyOn`, `InvalidCode`, `TooManyRequests`, `Unavailable`.
        """
        codes = new_recovery_codes()
        with audited(self.sessions.audit, "enable_mfa", caller.user_id):
            _, profile = self.sessions.current(caller)
            self._require_off(profile)
            self._take(caller.user_id, code)
            try:
                with self._returning(caller.user_id, code):
                    self.factor.prove(caller.access_token, code)
                self._enable(caller, codes)
            except (Unavailable, TooManyRequests):
                self._undo(caller.user_id)
                raise
        self.sessions.audit("enable_mfa", "success", user_id=caller.user_id)
        self.notices.mfa_enabled(caller.user_id, profile.email)
        return codes

    def disable_mfa(self, caller: Caller, password: str) -> None:
        """Take the second step away and end the caller's other sessions; may be repeated.

        Raises `SessionEnded`, `WrongPassword`, `TooManyRequests`, `Unavailable`.
        """
        with audited(self.sessions.audit, "disable_mfa", caller.user_id):
            profile = self._proven(caller, password)
            self.factor.require(caller.user_id, False)
            self.sessions.end_others(caller)
            self._withdraw(caller.user_id)
        self.sessions.audit("disable_mfa", "success", user_id=caller.user_id)
        self.notices.mfa_disabled(caller.user_id, profile.email)

    def regenerate_recovery_codes(self, caller: Caller, password: str) -> list[str]:
        """Replace the recovery codes, end the caller's other sessions, return the new codes.

        Raises `SessionEnded`, `WrongPassword`, `MfaNotOn`, `TooManyRequests`, `Unavailable`.
        """
        codes = new_recovery_codes()
        with audited(self.sessions.audit, "replace_recovery_codes", caller.user_id):
            profile = self._proven(caller, password)
            if not (profile.mfa_enabled or self.factor.required(caller.user_id)):
                raise MfaNotOn
            self.sessions.end_others(caller)
            now = self.sessions.clock()
            self.store.replace_recovery_codes(caller.user_id, hashes_of(codes), now)
        self.sessions.audit("replace_recovery_codes", "success", user_id=caller.user_id)
        self.notices.recovery_codes_replaced(caller.user_id, profile.email)
        return codes

    def _claims(self, token: str) -> MfaClaims:
        return self.sessions.sealer.open_mfa(token, self.sessions.clock())

    def _proven(self, caller: Caller, password: str) -> Profile:
        _, profile = self.sessions.current(caller)
        reauthenticate(self.sessions.directory, self.sessions.audit, caller.user_id, password)
        return profile

    def _require_off(self, profile: Profile) -> None:
        # The mark may be left over from an attempt that failed: the directory has the last word.
        if profile.mfa_enabled and self.factor.required(profile.user_id):
            raise MfaAlreadyOn

    def _take(self, user_id: str, code: str) -> None:
        """Spend a code before the directory sees it, so that no two uses of one both get there."""
        now = self.sessions.clock()
        if not self.store.take(user_id, hash_of(code), now, now + USED_CODE_LIFETIME):
            raise InvalidCode("the code was used before")

    @contextmanager
    def _returning(self, user_id: str, code: str) -> Iterator[None]:
        """Give a code back if the directory did not look at it: no answer, or no such sign-in."""
        try:
            yield
        except (Unavailable, TooManyRequests, InvalidMfaSession):
            self._quietly("return_code", user_id, lambda: self._give_back(user_id, code))
            raise

    def _give_back(self, user_id: str, code: str) -> None:
        self.store.give_back(user_id, hash_of(code))

    def _answered(self, claims: MfaClaims, code: str) -> Grant:
        with self._returning(claims.user_id, code):
            grant = self.factor.answer(claims.user_id, claims.session, code)
        if grant.user_id != claims.user_id:
            raise InvalidMfaSession("the directory let somebody else in")
        return grant

    def _enable(self, caller: Caller, codes: list[str]) -> None:
        """Codes first: whoever is asked for a second step has a way back."""
        try:
            self.store.enrol(caller.user_id, hashes_of(codes), self.sessions.clock())
        except UserUnknown as gone:
            raise SessionEnded("the account was deleted meanwhile") from gone
        self.factor.require(caller.user_id, True)
        self.sessions.end_others(caller)

    def _undo(self, user_id: str) -> None:
        """Leave the account as it was; where that fails, the authenticator opens it all the same.

        The recovery codes go last, so that the second step is never without a way back.
        """

        def undo() -> None:
            self.factor.require(user_id, False)
            self._withdraw(user_id)

        self._quietly("undo_enable_mfa", user_id, undo)

    def _withdraw(self, user_id: str) -> None:
        try:
            self.store.withdraw(user_id, self.sessions.clock())
        except UserUnknown:
            return  # The account was deleted meanwhile, and this with it.

    def _quietly(self, event: str, user_id: str, act: Callable[[], None]) -> None:
        try:
            act()
        except DomainError as fault:
            self.sessions.audit(event, "error", user_id=user_id, reason=str(fault))


def new_recovery_codes() -> list[str]:
    """Return ten codes of 80 random bits, in base32 and in groups of four."""
    codes = (base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)) for _ in range(RECOVERY_CODES))
    return ["-".join(re.findall("....", code.decode())) for code in codes]


def hash_of(code: str) -> str:
    """Return what is stored of a code: SHA-256 in hexadecimal."""
    return hashlib.sha256(code.encode()).hexdigest()


def hashes_of(codes: list[str]) -> frozenset[str]:
    """Return what is stored of recovery codes."""
    return frozenset(map(hash_of, codes))


def key_uri(secret: str, account: str) -> str:
    """Return the link that sets an authenticator up, with every default written out.

    https://github.com/google/google-authenticator/wiki/Key-Uri-Format
    """
    parameters = {
        "secret": secret,
        "issuer": ISSUER,
        "algorithm": "SHA1",
        "digits": 6,
        "period": 30,
    }
    return f"otpauth://totp/{ISSUER}:{quote(account, safe='')}?{urlencode(parameters)}"
