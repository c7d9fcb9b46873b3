"""The counters and the records of keys in memory, held to the same tests as the adapters."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from service.domain.idempotency import Answer, Attempt, Kept
from service.domain.limits import Limit, Taken


@dataclass
class MemoryRateLimits:
    """Counters in memory."""

    used: dict[tuple[str, str, int], int] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def take(self, counter: str, subject: str, limit: Limit, now: datetime) -> Taken:
        end = int(now.timestamp() // limit.seconds + 1) * limit.seconds
        ends_at = datetime.fromtimestamp(end, UTC)
        with self._lock:
            used = self.used.get((counter, subject, end), 0)
            if used >= limit.quota:
                return Taken(False, limit.quota, ends_at)
            self.used[counter, subject, end] = used + 1
        return Taken(True, used + 1, ends_at)


@dataclass
class MemoryIdempotency:
    """Records of keys in memory."""

    rows: dict[str, tuple[Attempt, Answer | None]] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def begin(self, attempt: Attempt, now: datetime) -> Kept | None:
        with self._lock:
            held, answer = self.rows.get(attempt.key, (None, None))
            if held is None or held.expires_at <= now or held.owner == attempt.owner:
                self.rows[attempt.key] = attempt, None
                return None
            same = held.payload == attempt.payload
            lease = held.lease_ends_at.replace(microsecond=0)
            return Kept(same, held.owner, lease, answer)

    def take_over(self, attempt: Attempt, owner: str) -> bool:
        with self._lock:
            held, answer = self.rows.get(attempt.key, (None, None))
            if held is None or held.owner != owner or answer is not None:
                return False
            self.rows[attempt.key] = attempt, None
            return True

    def finish(self, attempt: Attempt, answer: Answer) -> None:
        with self._lock:
            held, _ = self.rows.get(attempt.key, (None, None))
            if held and held.owner == attempt.owner:
                self.rows[attempt.key] = held, answer

    def release(self, attempt: Attempt) -> None:
        with self._lock:
            held, _ = self.rows.get(attempt.key, (None, None))
            if held and held.owner == attempt.owner:
                past = datetime.fromtimestamp(0, UTC)
                self.rows[attempt.key] = replace(held, lease_ends_at=past), None
