"""How often an operation may be tried: by account and by source address, in fixed windows.

A limit slows guessing and mailing down and never locks anybody out: a window ends by itself, and
nothing that is refused makes it longer. Accounts that exist and accounts that do not are counted
alike, so a limit tells nobody who has one (docs/decisions/0100).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Protocol

from service.domain.errors import RateLimited
from service.domain.ports import Audit, Clock

LONGEST = timedelta(days=1)
"""The longest window; the contract bounds `Retry-After` by it."""

IPV6_PREFIX = 64
"""The bits of an IPv6 address that count: one customer has at least a /64 (RFC 6177, section 2)."""

_ENTRY = re.compile(r"([a-z-]+)\.(account|source)=([1-9][0-9]{0,6})/([1-9][0-9]{0,4})([smh])")
_UNITS = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1)}


@dataclass(frozen=True, slots=True)
class Limit:
    """So many attempts in each window."""

    quota: int
    window: timedelta

    @property
    def seconds(self) -> int:
        """The length of the window."""
        return int(self.window.total_seconds())


@dataclass(frozen=True, slots=True)
class Policy:
    """What one kind of attempt is allowed; `source` is wider, as many people share an address."""

    account: Limit
    source: Limit


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one attempt: whether it was admitted, the attempts counted, the end."""

    admitted: bool
    used: int
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """How a caller stands with one limit; `resets_in` is in whole seconds and at least one."""

    name: str
    limit: Limit
    remaining: int
    resets_in: int


class RateLimits(Protocol):
    """Counters that end by themselves: rows with a TTL in DynamoDB in production."""

    def take(self, counter: str, subject: str, limit: Limit, now: datetime) -> Taken:
        """Count an attempt of a subject in the window that `now` is in, unless it is full.

        A full window is not counted further. Raises `Unavailable`.
        """


_QUARTER_HOUR = timedelta(minutes=15)
_HOUR = timedelta(hours=1)
_GUESS = Policy(account=Limit(10, _QUARTER_HOUR), source=Limit(100, _QUARTER_HOUR))
_MAIL = Policy(account=Limit(5, _HOUR), source=Limit(50, _HOUR))

DEFAULTS: Mapping[str, Policy] = {
    # A password is guessed.
    "login": _GUESS,
    "password": _GUESS,
    # A code is guessed: the mailed ones by address, the authenticator's by user.
    "email-code": _GUESS,
    "reset-code": _GUESS,
    "mfa-code": _GUESS,
    "own-code": _GUESS,
    # A mail is sent.
    "register": _MAIL,
    "resend": _MAIL,
    "reset": _MAIL,
}

LOCAL_FACTOR = 10_000
"""How much wider the defaults are where ENVIRONMENT is local: no test meets one unawares."""


def local_defaults() -> Mapping[str, Policy]:
    """Return the default policies as they are in local mode."""
    return {
        name: Policy(
            *(replace(each, quota=each.quota * LOCAL_FACTOR) for each in (p.account, p.source))
        )
        for name, p in DEFAULTS.items()
    }


def parse_limits(text: str, defaults: Mapping[str, Policy] = DEFAULTS) -> Mapping[str, Policy]:
    """Parse `login.account=10/15m,login.source=100/15m`; what it does not name keeps its default.

    A quota is at most 9999999, a window at most a day, in s, m or h. Raises `ValueError`.
    """
    policies = dict(defaults)
    for entry in filter(None, (part.strip() for part in text.split(","))):
        found = _ENTRY.fullmatch(entry)
        if found is None:
            raise ValueError(f"{entry[:60]!r} is not like login.account=10/15m")
        name, whose, quota, number, unit = found.groups()
        if name not in policies:
            raise ValueError(f"there is no policy {name}, only {', '.join(sorted(policies))}")
        limit = Limit(int(quota), int(number) * _UNITS[unit])
        if limit.window > LONGEST:
            raise ValueError(f"the window of {name}.{whose} is longer than a day")
        changed = {"account": limit} if whose == "account" else {"source": limit}
        policies[name] = replace(policies[name], **changed)
    return policies


def source_group(address: str | None) -> str:
    """Return what a source address counts as: itself, or the /64 of an IPv6 address.

    Addresses that cannot be read count as one, so that hiding the address wins nothing.
    """
    try:
        parsed = ip_address((address or "").partition("%")[0])
    except ValueError:
        return "unknown"
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(IPv6Network((parsed, IPV6_PREFIX), strict=False))


@dataclass(frozen=True, slots=True)
class Limits:
    """Admits attempts, or refuses them for a while."""

    store: RateLimits
    audit: Audit
    clock: Clock
    policies: Mapping[str, Policy]

    def admit(self, policy: str, *, source: str | None, account: str) -> tuple[Standing, ...]:
        """Count an attempt and return how the caller stands. Raises `RateLimited`, `Unavailable`.

        The source comes first: what it may not do is not counted against the account, so that one
        address cannot use up the attempts of more accounts than its own limit allows.
        """
        limits = self.policies[policy]
        by_source = self._take(f"{policy}.source", source_group(source), limits.source)
        return by_source, self._take(f"{policy}.account", account, limits.account)

    def _take(self, counter: str, subject: str, limit: Limit) -> Standing:
        now = self.clock()
        taken = self.store.take(counter, subject, limit, now)
        left = max(1, math.ceil((taken.ends_at - now).total_seconds()))
        standing = Standing(counter, limit, max(0, limit.quota - taken.used), left)
        if not taken.admitted:
            self.audit("rate_limited", "failure", reason=counter)
            raise RateLimited(standing)
        return standing
