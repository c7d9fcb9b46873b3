"""One effect and one answer for all requests that carry the same Idempotency-Key.

Draft: draft-ietf-httpapi-idempotency-key-header. The key's record is taken before the operation
begins and completed with its answer. An attempt that died leaves a record without an answer: it is
leased, and the next attempt takes it over when the lease has ended (docs/decisions/0101).
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from service.domain.errors import IdempotencyKeyReused, RequestInProgress, Unavailable
from service.domain.ports import Audit, Clock

LEASE = timedelta(seconds=30)
"""How long an attempt has the key for itself: longer than the function may run, which is 29 s."""

LIFETIME = timedelta(hours=24)
"""How long an answer is kept; published in the contract."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered: a status (None is the operation's own), headers and body, or a problem."""

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: str = field(default="", repr=False)
    code: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One run of a request under a key; `owner` is its own random name."""

    key: str = field(repr=False)
    payload: str = field(repr=False)
    owner: str
    lease_ends_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """The record of an earlier attempt; `same` tells whether its payload was the same."""

    same: bool
    owner: str
    lease_ends_at: datetime
    answer: Answer | None


class IdempotencyStore(Protocol):
    """Records of keys: rows with a TTL in DynamoDB, their contents unreadable at rest."""

    def begin(self, attempt: Attempt, now: datetime) -> Kept | None:
        """Take a key that is free or expired, else return its record. Raises `Unavailable`.

        What was written already by the same attempt is its own, as after a retry of the SDK.
        """

    def take_over(self, attempt: Attempt, owner: str) -> bool:
        """Take the unanswered key from an owner; False if somebody else did.

        Raises `Unavailable`.
        """

    def finish(self, attempt: Attempt, answer: Answer) -> None:
        """Keep the answer, if the attempt still owns the key. Raises `Unavailable`."""

    def release(self, attempt: Attempt) -> None:
        """End the lease at once, if the attempt still owns the key. Raises `Unavailable`.

        The key keeps its payload: the attempt may have had an effect, which the next one looks for.
        """


@dataclass(frozen=True, slots=True)
class Outcome:
    """An answer, whether it is worth keeping, and whether it was kept already."""

    answer: Answer
    keep: bool = True
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Idempotency:
    """Runs a request once per key."""

    store: IdempotencyStore
    audit: Audit
    clock: Clock

    def run(self, key: str, payload: str, act: Callable[[bool], Outcome]) -> Outcome:
        """Return the kept answer of `key`, or act and keep the answer.

        `act` is told whether an earlier attempt began and was never answered. Whatever it raises
        ends the lease, so that a retry need not wait.

        Raises `IdempotencyKeyReused`, `RequestInProgress`, `Unavailable`.
        """
        now = self.clock()
        attempt = Attempt(key, payload, secrets.token_hex(8), now + LEASE, now + LIFETIME)
        kept = self.store.begin(attempt, now)
        if kept is not None:
            if not kept.same:
                raise IdempotencyKeyReused
            if kept.answer is not None:
                return Outcome(kept.answer, replayed=True)
            self._take_over(attempt, kept, now)
        try:
            outcome = act(kept is not None)
        except Exception:
            self._settle("release", attempt, lambda: self.store.release(attempt))
            raise
        if outcome.keep:
            self._settle("finish", attempt, lambda: self.store.finish(attempt, outcome.answer))
        else:
            self._settle("release", attempt, lambda: self.store.release(attempt))
        return outcome

    def _take_over(self, attempt: Attempt, kept: Kept, now: datetime) -> None:
        left = kept.lease_ends_at - now
        if left > timedelta(0):
            raise RequestInProgress(retry_after=math.ceil(left.total_seconds()))
        if not self.store.take_over(attempt, kept.owner):
            raise RequestInProgress(retry_after=math.ceil(LEASE.total_seconds()))

    def _settle(self, what: str, attempt: Attempt, settle: Callable[[], None]) -> None:
        """The request is done: a record that cannot be written must not fail it."""
        try:
            settle()
        except Unavailable as fault:
            self.audit(f"idempotency_{what}", "error", reason=str(fault))
