"""Signing in, staying signed in, signing out: sessions on top of the directory's tokens.

The directory knows no sessions and its access tokens outlive a sign-out. Ours is a row that has to
be alive for a token to work, and a refresh token that is sealed, counted and good for one use.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from service.domain.accounts import Accounts
from service.domain.auditing import audited
from service.domain.errors import (
    DomainError,
    EmailNotVerified,
    InvalidCredentials,
    InvalidRefreshToken,
    NotAdvanced,
    SessionEnded,
    UserUnknown,
    VersionMismatch,
)
from service.domain.ports import (
    Audit,
    Caller,
    Challenge,
    Clock,
    Directory,
    DirectoryUser,
    Grant,
    MfaClaims,
    Profile,
    RefreshClaims,
    Sealer,
    Session,
    SessionStore,
    normalise_email,
)
from service.domain.revocation import revoke

MFA_CHALLENGE_LIFETIME = timedelta(minutes=3)
"""How long Cognito keeps a challenge open (AuthSessionValidity of the app client, minutes)."""

USER_AGENT_LIMIT = 200


@dataclass(frozen=True, slots=True)
class SessionPolicy:
    """How long a session lives unused, how long at all, and how long a spent token is excused."""

    idle: timedelta
    absolute: timedelta
    grace: timedelta
    hide_existing_accounts: bool = False


@dataclass(frozen=True, slots=True)
class SessionTokens:
    """What a signed-in client holds; `expires_in` is in seconds."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session is open."""

    tokens: SessionTokens
    profile: Profile


@dataclass(frozen=True, slots=True)
class MfaRequired:
    """The password is right and the second step is missing; `expires_in` is in seconds."""

    session_token: str = field(repr=False)
    expires_in: int


@dataclass(frozen=True, slots=True)
class Sessions:
    """Opens, renews and ends sessions."""

    directory: Directory
    accounts: Accounts
    store: SessionStore
    sealer: Sealer
    audit: Audit
    clock: Clock
    policy: SessionPolicy

    def login_user(self, email: str, password: str, user_agent: str) -> SignedIn | MfaRequired:
        """Check a password and open a session, or ask for the second step.

        Raises `InvalidCredentials`, `EmailNotVerified`, `TooManyRequests`, `Unavailable`.
        """
        email = normalise_email(email)
        with audited(self.audit, "login"):
            try:
                answer = self.directory.authenticate(email, password)
            except EmailNotVerified as unverified:
                if self.policy.hide_existing_accounts:
                    raise InvalidCredentials from unverified
                raise
        if isinstance(answer, Challenge):
            self.audit("login", "challenged", user_id=answer.user_id)
            return self._challenge(email, answer)
        with audited(self.audit, "login", answer.user_id):
            signed_in = self.open(answer, user_agent, second_factor=False)
        self.audit("login", "success", user_id=answer.user_id)
        return signed_in

    def refresh_token(self, token: str) -> SessionTokens:
        """Trade a refresh token for new tokens of its session.

        The directory comes first and has no side effect, so that its failure spends nothing; the
        conditional write decides. Raises `InvalidRefreshToken`, `TooManyRequests`, `Unavailable`.
        """
        with audited(self.audit, "refresh"):
            claims = self.sealer.open_refresh(token)
        with audited(self.audit, "refresh", claims.user_id):
            grant = self.directory.renew(claims.user_id, claims.refresh_token)
            generation = self._advance(claims)
        self.audit("refresh", "success", user_id=claims.user_id)
        return self._tokens(grant, claims.session_id, generation)

    def logout_user(self, caller: Caller) -> None:
        """End the caller's session here and at the directory. Raises `SessionEnded`."""
        with audited(self.audit, "logout", caller.user_id):
            session = self.store.end(caller.user_id, caller.session_id)
            if session is None:
                raise SessionEnded("signed out before")
        self.revoke(session.user_id, session.refresh_token)
        self.audit("logout", "success", user_id=caller.user_id)

    def current(self, caller: Caller) -> tuple[Session, Profile]:
        """Return the caller's session and profile, in one read. Raises `SessionEnded`."""
        session, profile = self.store.with_profile(caller)
        if session is None or profile is None or not self.alive(session):
            raise SessionEnded
        return session, profile

    def open(self, grant: Grant, user_agent: str, *, second_factor: bool) -> SignedIn:
        """Open a session for somebody whom the directory has let in.

        `second_factor` tells whether it asked for one. Raises `InvalidCredentials`, `Unavailable`.
        """
        now = self.clock()
        session = Session(
            user_id=grant.user_id,
            session_id=grant.session_id,
            created_at=now,
            last_used_at=now,
            expires_at=now + self.policy.absolute,
            user_agent="".join(filter(str.isprintable, user_agent))[:USER_AGENT_LIMIT].strip(),
            refresh_token=grant.refresh_token,
        )
        try:
            profile = self._profile(grant, now, second_factor)
            self.store.open(session)
        except DomainError:
            self.revoke(grant.user_id, grant.refresh_token)
            raise
        return SignedIn(self._tokens(grant, session.session_id, session.generation), profile)

    def end_others(self, caller: Caller) -> None:
        """End every session of the caller's but this one, at the directory as far as it answers.

        Raises `Unavailable`.
        """
        for session in self.store.end_all(caller.user_id, keep=caller.session_id):
            self.revoke(caller.user_id, session.refresh_token)

    def end_every(self, user_id: str) -> None:
        """End every session of a user, at the directory as far as it answers.

        Raises `Unavailable`.
        """
        self.store.end_all(user_id)
        try:
            self.directory.sign_out_everywhere(user_id)
        except DomainError as fault:
            self.audit("revoke", "error", user_id=user_id, reason=str(fault))

    def revoke(self, user_id: str, refresh_token: str) -> None:
        """End the family at the directory too; the row is gone, so a failure opens nothing."""
        revoke(self.directory, self.audit, user_id, refresh_token)

    def alive(self, session: Session | None) -> bool:
        """Tell whether a session may still be used."""
        now = self.clock()
        return (
            session is not None
            and session.expires_at > now
            and session.last_used_at >= now - self.policy.idle
        )

    def _challenge(self, email: str, challenge: Challenge) -> MfaRequired:
        claims = MfaClaims(challenge.user_id, email, challenge.session)
        token = self.sealer.seal_mfa(claims, self.clock() + MFA_CHALLENGE_LIFETIME)
        return MfaRequired(token, round(MFA_CHALLENGE_LIFETIME.total_seconds()))

    def _profile(self, grant: Grant, now: datetime, second_factor: bool) -> Profile:
        """Return the profile of somebody who has just proven the address, mended if need be."""
        profile = self.accounts.store.load(grant.user_id)
        if profile is None:
            profile = self._heal(
                DirectoryUser(
                    user_id=grant.user_id,
                    email=grant.email,
                    confirmed=True,
                    created_at=now,
                    first_name=grant.first_name,
                    last_name=grant.last_name,
                )
            )
        elif not profile.email_verified:
            profile = self._mark_verified(profile, now)
        if profile.email != grant.email:
            self._follow_address(profile)
        if profile.mfa_enabled == second_factor:
            return profile
        return self._follow(profile, second_factor, now)

    def _heal(self, user: DirectoryUser) -> Profile:
        try:
            return self.accounts.heal(user)
        except UserUnknown as gone:
            raise InvalidCredentials("the account was deleted") from gone

    def _follow_address(self, profile: Profile) -> None:
        """Finish a change of address that the directory has not heard of."""
        try:
            self.accounts.settle_address(profile)
        except (DomainError, UserUnknown) as fault:
            self.audit("heal_address", "error", user_id=profile.user_id, reason=str(fault))
        else:
            self.audit("heal_address", "success", user_id=profile.user_id)

    def _mark_verified(self, profile: Profile, now: datetime) -> Profile:
        try:
            return self.accounts.store.mark_verified(profile.user_id, now)
        except UserUnknown as gone:
            raise InvalidCredentials("the account was deleted meanwhile") from gone

    def _follow(self, profile: Profile, second_factor: bool, now: datetime) -> Profile:
        """Let the profile say of the second step what the directory does."""
        changed = replace(
            profile, mfa_enabled=second_factor, updated_at=now, version=profile.version + 1
        )
        try:
            self.accounts.store.update(changed, profile.version)
        except VersionMismatch:
            return profile  # Somebody changes it at this moment; the next sign-in looks again.
        self.audit("heal_mfa", "success", user_id=profile.user_id)
        return changed

    def _advance(self, claims: RefreshClaims) -> int:
        """Return the generation that the next token carries; end the family on a replay."""
        now = self.clock()
        try:
            return self.store.advance(claims, now, now - self.policy.idle).generation
        except NotAdvanced as kept:
            stored = kept.stored
        if stored is None or not self.alive(stored):
            raise InvalidRefreshToken("the session is over")
        one_behind = claims.generation == stored.generation - 1
        if one_behind and now - stored.last_used_at <= self.policy.grace:
            return stored.generation
        self.audit("refresh_replayed", "failure", user_id=claims.user_id)
        self.store.end(claims.user_id, claims.session_id)
        self.revoke(claims.user_id, claims.refresh_token)
        raise InvalidRefreshToken("an older refresh token was used again")

    def _tokens(self, grant: Grant, session_id: str, generation: int) -> SessionTokens:
        claims = RefreshClaims(grant.user_id, session_id, generation, grant.refresh_token)
        sealed = self.sealer.seal_refresh(claims)
        return SessionTokens(grant.access_token, sealed, grant.expires_in)
