"""Changes of address and exports in memory, held to the same tests as the adapter."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from datetime import datetime

from service.domain.email_change import EmailChange
from service.domain.errors import AddressHeld, InvalidCode, VersionMismatch
from service.domain.export import Holdings
from service.domain.ports import Claim, Profile
from tests.fakes import MemoryAccounts


@dataclass
class MemoryEmailChanges:
    """Changes of address and exports in memory, on the profiles of `accounts`."""

    accounts: MemoryAccounts = field(default_factory=MemoryAccounts)
    waiting: dict[str, EmailChange] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def __post_init__(self) -> None:
        self.accounts.purges.append(self.settle)

    def begin(self, change: EmailChange) -> None:
        self.waiting[change.user_id] = change

    def attempt(self, user_id: str, now: datetime, tries: int) -> EmailChange:
        with self._lock:
            change = self.waiting.get(user_id)
            if change is None or change.attempts >= tries or change.expires_at <= now:
                raise InvalidCode
            self.waiting[user_id] = replace(change, attempts=change.attempts + 1)
            return self.waiting[user_id]

    def move(self, former: Profile, changed: Profile, now: datetime, replacing: str | None) -> None:
        store, mine = self.accounts, former.user_id
        with store._lock:
            stored = store.profiles.get(mine)
            if stored is None or stored.version != former.version:
                raise VersionMismatch
            held = store.claims.get(changed.email)
            other = store.profiles.get(replacing or "")
            if held and held.user_id not in {mine, replacing}:
                raise AddressHeld(held.user_id)
            if other is not None and other.email_verified:
                raise AddressHeld(other.user_id)
            store.profiles.pop(replacing or "", None)
            store.claims.pop(former.email, None)
            store.claims[changed.email] = Claim(mine, now)
            store.profiles[mine] = changed

    def settle(self, user_id: str) -> None:
        self.waiting.pop(user_id, None)


@dataclass
class MemoryExports:
    """What is stored about people, as a test says."""

    stored: dict[str, Holdings] = field(default_factory=dict)

    def holdings(self, user_id: str) -> Holdings:
        return self.stored.get(user_id, Holdings())
