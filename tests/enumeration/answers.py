"""Compares two requests that must not tell an account that exists from one that does not."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

Ask = Callable[[], httpx.Response]

# What differs between any two answers.
OWN_TO_EACH = {"x-request-id", "date"}
OWN_IN_BODY = {"requestId"}

PAIRS = 50
# Milliseconds by which the fast tenths may differ. Other processes only ever add time, so the fast
# answers of a noisy machine still show what the slow ones hide.
FLOOR = 5.0


def shape(response: httpx.Response) -> dict[str, Any]:
    """Return all that a client can see of an answer, but what is its own in every answer."""
    headers = {
        name: "present" if name in OWN_TO_EACH else value
        for name, value in response.headers.items()
        # Counts down with every request, of a known and of an unknown address alike.
        if not name.startswith("ratelimit")
    }
    names = sorted(name.lower() for name in response.headers)
    body = response.json() if response.content else None
    if isinstance(body, dict):
        body = {key: "own" if key in OWN_IN_BODY else value for key, value in body.items()}
    size = len(response.content)
    return {
        "status": response.status_code,
        "names": names,
        "headers": headers,
        "body": body,
        "size": size,
    }


@dataclass(frozen=True)
class Band:
    """The times of two kinds of request, in milliseconds, taken in turns."""

    known: list[float]
    unknown: list[float]

    @property
    def both(self) -> tuple[list[float], list[float]]:
        return self.known, self.unknown

    @property
    def difference(self) -> float:
        """The distance of the medians."""
        return abs(statistics.median(self.known) - statistics.median(self.unknown))

    @property
    def spread(self) -> float:
        """The smaller of the two quartile ranges."""
        return min(quartile_range(self.known), quartile_range(self.unknown))

    @property
    def floor(self) -> float:
        """The distance of the fast tenths."""
        known, unknown = (statistics.quantiles(times, n=10)[0] for times in self.both)
        return abs(known - unknown)

    @property
    def alike(self) -> bool:
        return self.difference < self.spread and self.floor < FLOOR

    def __str__(self) -> str:
        known, unknown = (statistics.median(times) for times in self.both)
        wide, other = (quartile_range(times) for times in self.both)
        return (
            f"medians {known:.2f} and {unknown:.2f} ms, apart {self.difference:.2f} ms "
            f"(fast tenths {self.floor:.2f} ms), quartile ranges {wide:.2f} and {other:.2f} ms, "
            f"{len(self.known)} pairs"
        )


def quartile_range(times: list[float]) -> float:
    first, _, third = statistics.quantiles(times, n=4)
    return third - first


def measure(known: Ask, unknown: Ask, pairs: int = PAIRS) -> Band:
    """Time both in turns, in random order within a pair, after two of each to warm up."""
    order = random.Random(8)
    times: dict[Ask, list[float]] = {known: [], unknown: []}
    for number in range(-2, pairs):
        for ask in order.sample([known, unknown], 2):
            began = time.perf_counter()
            ask()
            if number >= 0:
                times[ask].append((time.perf_counter() - began) * 1000)
    return Band(times[known], times[unknown])
