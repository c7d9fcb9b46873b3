"""From an address to a verified account.

Registration is a saga over two systems without a common transaction: the directory (Cognito) and
the account store (DynamoDB). Whatever fails after the first side effect is compensated; what cannot
be compensated goes to the outbox, and three others heal what is left: registering the address
again, signing in, and the reconciler. After any crash the account works or its address is free.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from service.domain.auditing import audited
from service.domain.errors import (
    AddressHeld,
    DomainError,
    EmailNotVerified,
    EmailTaken,
    InvalidCredentials,
    RegistrationInProgress,
    Unavailable,
    UserExists,
    UserUnknown,
)
from service.domain.parallel import both
from service.domain.password_rule import refuse_guessable
from service.domain.ports import (
    AccountStore,
    Audit,
    Clock,
    Directory,
    DirectoryUser,
    Grant,
    Leftover,
    Profile,
    normalise_email,
)
from service.domain.revocation import revoke


@dataclass(frozen=True, slots=True)
class Registration:
    """What a person registers with; the address is normalised here, once."""

    email: str
    password: str = field(repr=False)
    first_name: str
    last_name: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "email", normalise_email(self.email))


@dataclass(frozen=True, slots=True)
class Accounts:
    """Registers, verifies and heals accounts.

    `replace_after` is how old an unverified account must be before a new registration replaces
    it: shorter, and two registrations that arrive together would both succeed, the second
    replacing the first.
    """

    directory: Directory
    store: AccountStore
    audit: Audit
    clock: Clock
    replace_after: timedelta

    def register_user(self, registration: Registration) -> Profile:
        """Open an unverified account and have a code mailed.

        Raises `EmailTaken`, `RegistrationInProgress`, `PasswordRejected`, `TooManyRequests`,
        `Unavailable`.
        """
        arrived = self.clock()
        replaced = None
        with audited(self.audit, "register"):
            names = (registration.first_name, registration.last_name)
            refuse_guessable(registration.password, registration.email, names)
            try:
                user_id = self._sign_up(registration)
            except UserExists:
                replaced = self._make_way(registration.email, arrived)
                user_id = self._sign_up_again(registration)
            profile = Profile(
                user_id=user_id,
                email=registration.email,
                first_name=registration.first_name,
                last_name=registration.last_name,
                created_at=arrived,
                updated_at=arrived,
            )
            self._store_or_undo(profile, replaced)
        self.audit("register", "success", user_id=user_id)
        return profile

    def resume_registration(self, registration: Registration) -> Profile | None:
        """Return the account that the same registration opened when nobody heard its answer.

        It may have been verified since; then only its password proves that it is the same person's.
        None if it is somebody else's. Raises `TooManyRequests`, `Unavailable`.
        """
        try:
            proof = self.directory.authenticate(registration.email, registration.password)
        except (InvalidCredentials, EmailNotVerified):
            return None
        if isinstance(proof, Grant):
            revoke(self.directory, self.audit, proof.user_id, proof.refresh_token)
        now = self.clock()
        names = registration.first_name, registration.last_name
        profile = self.store.load(proof.user_id) or self.heal(
            DirectoryUser(proof.user_id, registration.email, True, now, *names)
        )
        self.audit("resume_registration", "success", user_id=profile.user_id)
        return profile

    def verify_email(self, email: str, code: str) -> str:
        """Prove an address with its mailed code and return it as it is stored.

        Raises `InvalidCode`, `TooManyRequests`, `Unavailable`.

        The code is spent once the directory has taken it, so a store that fails after that does
        not fail the request: signing in mends the profile.
        """
        email = normalise_email(email)
        with audited(self.audit, "verify_email"):
            self.directory.confirm_sign_up(email, code)
        user_id = None
        try:
            claim = self.store.claim(email)
            if claim is not None:
                user_id = claim.user_id
                self.store.mark_verified(user_id, self.clock())
        except (Unavailable, UserUnknown) as fault:
            self.audit("mark_verified", "error", user_id=user_id, reason=str(fault))
        self.audit("verify_email", "success", user_id=user_id)
        return email

    def resend_verification(self, email: str) -> None:
        """Mail another code, and say nothing of whether there was anybody to mail it to."""
        with audited(self.audit, "resend_verification"):
            self.directory.resend_code(normalise_email(email))
        self.audit("resend_verification", "success")

    def heal(self, user: DirectoryUser) -> Profile:
        """Create the profile that a verified user lacks, and return it.

        Raises `UserUnknown` for a user who is being deleted, after finishing that. Raises
        `Unavailable` if another user that exists holds the address: a person has to look.
        """
        if self.store.deleting(user.user_id):
            self.finish_deletion(user.user_id)
            raise UserUnknown("deleted")
        profile = Profile(
            user_id=user.user_id,
            email=user.email,
            first_name=user.first_name,
            last_name=user.last_name,
            created_at=user.created_at,
            updated_at=self.clock(),
            email_verified=True,
        )
        try:
            self._create(profile)
        except EmailTaken as held:
            raise Unavailable(f"the address of {user.user_id} is held: {held}") from held
        if self.directory.find(user.user_id) is None:
            # A deletion began and ended between the two looks; nothing may outlive it.
            self.store.finish_deletion(user.user_id)
            raise UserUnknown("deleted meanwhile")
        self.audit("heal_profile", "success", user_id=user.user_id)
        return profile

    def undo(self, user_id: str, email: str) -> bool:
        """Remove an account from both systems; False if it is still there, in part or whole."""
        try:
            self.directory.delete(user_id)
            self.store.remove(user_id, email)
        except DomainError as fault:
            self.audit("undo_registration", "error", user_id=user_id, reason=str(fault))
            return False
        self.audit("undo_registration", "success", user_id=user_id)
        return True

    def settle_address(self, profile: Profile) -> None:
        """Give the directory's user the address that the table has decided on.

        Whoever else has it there has no profile for it: a registration that was never verified or
        never stored, which the proof of the mailbox outranks. Raises `UserUnknown`.
        """
        other = self.directory.find(profile.email)
        if other is not None and other.user_id != profile.user_id:
            if other.confirmed and self.store.load(other.user_id) is not None:
                raise Unavailable(f"{other.user_id} has the address of {profile.user_id}")
            self.directory.delete(other.user_id)
            self.store.remove(other.user_id, profile.email)
            self.audit("replace_unverified", "success", user_id=other.user_id)
        try:
            self.directory.set_email(profile.user_id, profile.email)
        except UserExists as taken:
            raise Unavailable("the address is being registered", retry_after=1) from taken

    def finish_deletion(self, user_id: str) -> None:
        """Clear up after a user whose deletion is decided; doing it again changes nothing."""
        self.directory.delete(user_id)
        self.store.finish_deletion(user_id)
        self.audit("finish_deletion", "success", user_id=user_id)

    def _sign_up(self, registration: Registration) -> str:
        return self.directory.sign_up(
            registration.email,
            registration.password,
            registration.first_name,
            registration.last_name,
        )

    def _sign_up_again(self, registration: Registration) -> str:
        try:
            return self._sign_up(registration)
        except UserExists as lost:
            # Between making way and signing up another registration took the address.
            raise self._in_progress() from lost

    def _in_progress(self) -> RegistrationInProgress:
        return RegistrationInProgress(retry_after=max(1, round(self.replace_after.total_seconds())))

    def _make_way(self, email: str, arrived: datetime) -> str | None:
        """Delete the unverified user that has an address; return its id, None if it was gone."""
        user, claim = both(lambda: self.directory.find(email), lambda: self.store.claim(email))
        if user is None:
            return None
        if user.confirmed:
            if claim is not None and claim.user_id == user.user_id:
                raise EmailTaken
            self._release(user)
            return None
        since = user.created_at
        if claim is not None and claim.user_id == user.user_id:
            since = max(since, claim.claimed_at)
        if arrived - since < self.replace_after:
            raise self._in_progress()
        # By id, never by address: the address may have a new owner by now.
        self.directory.delete(user.user_id)
        self.audit("replace_unverified", "success", user_id=user.user_id)
        return user.user_id

    def _release(self, user: DirectoryUser) -> None:
        """Free an address that the table says is not this user's. Raises `EmailTaken` if it is."""
        profile = self.store.load(user.user_id)
        if profile is not None and profile.email != user.email:
            self.settle_address(profile)
        elif self.store.deleting(user.user_id):
            self.finish_deletion(user.user_id)
        else:
            raise EmailTaken

    def _store_or_undo(self, profile: Profile, replaced: str | None) -> None:
        try:
            self._create(profile, replaced)
        except Exception:
            if not self.undo(profile.user_id, profile.email):
                self._note(Leftover(profile.user_id, profile.email, self.clock()))
            raise

    def _create(self, profile: Profile, replaced: str | None = None) -> None:
        """Store a profile; take the address over from a user that no longer exists.

        Raises `EmailTaken` if the uniqueness row names a user that does exist.
        """
        try:
            self.store.create(profile, replacing=replaced)
        except AddressHeld as held:
            if held.holder == replaced or self.directory.find(held.holder) is not None:
                raise EmailTaken(f"held by {held.holder}") from held
            self._create(profile, held.holder)

    def _note(self, leftover: Leftover) -> None:
        try:
            self.store.note(leftover)
        except Unavailable as fault:
            # The reconciler walks the directory too; the outbox only makes it sooner.
            self.audit("note_leftover", "error", user_id=leftover.user_id, reason=str(fault))
