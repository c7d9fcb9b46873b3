"""Two calls side by side, for the places where neither needs the other's answer."""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=32, thread_name_prefix="side-by-side")


def both(first: Callable[[], A], second: Callable[[], B]) -> tuple[A, B]:
    """Run both, the second on another thread, and return both results.

    Waits for both even if one fails, so that nothing is left running; then raises what `first`
    raised, else what `second` raised.
    """
    other = _pool().submit(contextvars.copy_context().run, second)
    try:
        mine = first()
    except BaseException:
        other.exception()
        raise
    return mine, other.result()
