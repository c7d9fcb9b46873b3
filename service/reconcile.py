"""Finds what was left half-done and finishes or removes it: `python -m service.reconcile`.

Also a scheduled function (`service.reconcile.handler`). Walks the outbox, the
deletions, then every user of the
directory: a verified user without a profile gets one, an unverified one without a profile is
deleted once it is older than an hour. It repeats nothing that is done and may be killed anywhere.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from service import telemetry
from service.app import adapters, assemble
from service.aws.clients import connect
from service.aws.secrets import with_secrets
from service.domain.accounts import Accounts
from service.domain.errors import DomainError, UserUnknown
from service.domain.ports import DirectoryUser, Leftover
from service.settings import Settings

T = TypeVar("T")

IN_FLIGHT = timedelta(hours=1)
"""How long a registration is left alone; far longer than any request lasts."""


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Settles the outbox and walks the directory."""

    accounts: Accounts

    def run(self) -> Counter[str]:
        """Return how many were settled, healed, deleted, or failed; a failure stops nothing."""
        done: Counter[str] = Counter()
        for leftover in self.accounts.store.leftovers():
            done[self._guarded(self._settle, leftover.user_id, leftover)] += 1
        for user_id in self.accounts.store.deletions():
            done[self._guarded(self._delete, user_id, user_id)] += 1
        cursor: str | None = None
        while True:
            users, cursor = self.accounts.directory.page(cursor)
            for user in self._astray(users):
                done[self._guarded(self._mend, user.user_id, user)] += 1
            if cursor is None:
                return done

    def _astray(self, users: Sequence[DirectoryUser]) -> list[DirectoryUser]:
        """Return the users that have no profile, or another address there."""
        old = self.accounts.clock() - IN_FLIGHT
        settled = [user for user in users if user.created_at < old]
        addresses = self.accounts.store.addresses(user.user_id for user in settled)
        return [user for user in settled if addresses.get(user.user_id) != user.email]

    def _settle(self, leftover: Leftover) -> str:
        user = self.accounts.directory.find(leftover.user_id)
        if user is not None and user.confirmed:
            # Its owner had the code already and verified it: an account that works.
            outcome = self._mend(user)
        elif self.accounts.undo(leftover.user_id, leftover.email):
            outcome = "deleted"
        else:
            return "failed"
        self.accounts.store.settle(leftover)
        return outcome

    def _mend(self, user: DirectoryUser) -> str:
        profile = self.accounts.store.load(user.user_id)
        if profile is not None:
            if profile.email != user.email:
                self.accounts.settle_address(profile)
            return "settled"
        if user.confirmed:
            try:
                self.accounts.heal(user)
            except UserUnknown:
                return "deleted"
            return "healed"
        return "deleted" if self.accounts.undo(user.user_id, user.email) else "failed"

    def _delete(self, user_id: str) -> str:
        self.accounts.finish_deletion(user_id)
        return "deleted"

    @staticmethod
    def _guarded(mend: Callable[[T], str], user_id: str, item: T) -> str:
        try:
            return mend(item)
        except DomainError as fault:
            telemetry.audit("reconcile", "error", user_id=user_id, reason=str(fault))
            return "failed"


def reconcile(environment: Mapping[str, str]) -> dict[str, int]:
    """Run once on the environment's deployment and return what was done."""
    settings = Settings.from_environment(with_secrets(environment))
    telemetry.configure(settings.log_level)
    services = assemble(settings, adapters(settings, connect(settings.region)))
    done = dict(Reconciler(services.accounts).run())
    telemetry.logger.info("reconciled", extra={"fields": {"done": done}})
    return done


def handler(event: Mapping[str, Any], context: object) -> dict[str, int]:
    """Answer the schedule; fails the invocation if anything could not be mended."""
    done = reconcile(os.environ)
    if done.get("failed"):
        raise RuntimeError(json.dumps(done))
    return done


if __name__ == "__main__":
    sys.exit(1 if reconcile(os.environ).get("failed") else 0)
