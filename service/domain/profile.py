"""What is stored about a person, read and changed by that person."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from service.domain.errors import VersionMismatch
from service.domain.ports import AccountStore, Caller, Clock, Profile
from service.domain.sessions import Sessions

ATTEMPTS = 3
"""How often a change without `If-Match` is tried against concurrent changes."""


@dataclass(frozen=True, slots=True)
class Profiles:
    """Reads and changes profiles of callers whose session is alive."""

    sessions: Sessions
    store: AccountStore
    clock: Clock

    def get_user_profile(self, caller: Caller) -> Profile:
        """Return the caller's profile, in one read with the session. Raises `SessionEnded`."""
        _, profile = self.sessions.current(caller)
        return profile

    def update_user_profile(
        self, caller: Caller, changes: Mapping[str, Any], expected: Collection[int] | None
    ) -> Profile:
        """Merge changes into the caller's profile; None clears (RFC 7396).

        With `expected` only one of those versions is changed. Raises `SessionEnded`,
        `VersionMismatch`, `Unavailable`.
        """
        for attempt in range(1, ATTEMPTS + 1):
            stored = self.get_user_profile(caller)
            if expected is not None and stored.version not in expected:
                raise VersionMismatch(f"{stored.version} is none of {sorted(expected)}")
            changed = self._merge(stored, changes)
            try:
                self.store.update(changed, stored.version)
            except VersionMismatch:
                if expected is not None or attempt == ATTEMPTS:
                    raise
            else:
                return changed
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _merge(self, stored: Profile, changes: Mapping[str, Any]) -> Profile:
        fields = dict(changes)
        if "preferences" in fields:
            patch = fields["preferences"]
            fields["preferences"] = {} if patch is None else merge_patch(stored.preferences, patch)
        return replace(stored, **fields, updated_at=self.clock(), version=stored.version + 1)


def merge_patch(target: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Return `target` with `patch` applied by the rules of RFC 7396; objects left empty go."""
    merged = dict(target)
    for key, value in patch.items():
        below = merged.get(key)
        if isinstance(value, Mapping):
            merged[key] = merge_patch(below if isinstance(below, Mapping) else {}, value)
        else:
            merged[key] = value
    return {key: value for key, value in merged.items() if value is not None and value != {}}
