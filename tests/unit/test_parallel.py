"""Two calls side by side."""

from __future__ import annotations

import contextvars
import threading

import pytest

from service.domain.parallel import both

name: contextvars.ContextVar[str] = contextvars.ContextVar("name", default="nobody")


def test_both_results_come_in_order() -> None:
    """Whichever is ready first."""
    assert both(lambda: 1, lambda: "two") == (1, "two")


def test_they_run_at_the_same_time() -> None:
    """Each waits until the other has begun."""
    meeting = threading.Barrier(2, timeout=5)

    assert both(meeting.wait, meeting.wait) in [(0, 1), (1, 0)]


def test_the_second_sees_the_context_of_the_first() -> None:
    """The request id of a log line, for one; and it changes nothing outside."""
    token = name.set("Ada")

    def second() -> str:
        seen = name.get()
        name.set("changed")
        return seen

    assert both(name.get, second) == ("Ada", "Ada")
    assert name.get() == "Ada"
    name.reset(token)


def test_what_the_first_raises_comes_before_what_the_second_raises() -> None:
    """So that the same request fails in the same way each time."""

    def fail(error: Exception) -> None:
        raise error

    with pytest.raises(KeyError):
        both(lambda: fail(KeyError()), lambda: fail(ValueError()))
    with pytest.raises(ValueError, match="second"):
        both(lambda: 1, lambda: fail(ValueError("second")))


def test_nothing_is_left_running_when_the_first_fails() -> None:
    """The second has ended by the time the error arrives."""
    ended, go = threading.Event(), threading.Event()

    def first() -> None:
        go.set()
        raise KeyError

    def second() -> None:
        go.wait(5)
        threading.Event().wait(0.05)
        ended.set()

    with pytest.raises(KeyError):
        both(first, second)

    assert ended.is_set()
