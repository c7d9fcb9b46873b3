"""Fails the AWS calls of an operation, one by one, before and after they take effect.

    faults = FaultInjector(clients)
    with faults.injected(Fault(2, "after", "read-timeout")):
        accounts.register_user(registration)        # the second call is applied, its answer lost

    rows = sweep(faults, arrange, act, verdict)     # every call x position x kind x extent
    print(table(rows))

`arrange()` makes a fresh world without faults and returns what `act` needs; `act(world)` is the
operation; `verdict(world, outcome)` looks at the world without faults afterwards, raises
`AssertionError` when it is half-done, and returns a word for the table ("works", "address free").

A call is one call of the API; the SDK's own retries belong to it. The extent says how much fails:

    once     the first attempt of the n-th call; the SDK may try again and succeed
    call     every attempt of the n-th call; the calls after it succeed (a compensation, say)
    outage   every attempt of the n-th call and of all later calls: the compensation fails too

`died` is the process being killed: `ProcessDied` is no `Exception`, nothing in the service may
catch it, and every later call of the same run dies too. What follows is a new process.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from botocore.awsrequest import AWSResponse
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)
from urllib3 import HTTPHeaderDict

from service.aws.clients import Clients

Position = Literal["before", "after"]
Kind = Literal[
    "throttled", "server-error", "connect-timeout", "refused", "reset", "read-timeout", "died"
]
Extent = Literal["once", "call", "outage"]
World = TypeVar("World")

KINDS: dict[Position, tuple[Kind, ...]] = {
    "before": ("throttled", "server-error", "connect-timeout", "refused", "reset", "died"),
    "after": ("server-error", "reset", "read-timeout", "died"),
}
EXTENTS: tuple[Extent, ...] = ("once", "call", "outage")


class ProcessDied(BaseException):
    """Raised in place of an answer when the process is killed; everything in memory is lost."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Fail the `index`-th call, counted from 1, before it is sent or after it was applied."""

    index: int
    position: Position
    kind: Kind
    extent: Extent = "call"

    def __str__(self) -> str:
        return f"{self.position} call {self.index}: {self.kind} ({self.extent})"


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one fault: the call it hit, what the operation did, how the world is."""

    fault: Fault
    call: str
    outcome: str
    verdict: str


class FaultInjector:
    """Stands between the clients and the network; without an injected fault it only counts."""

    def __init__(self, clients: Clients) -> None:
        self.calls: list[str] = []
        self._invocations: list[str] = []
        self._attempts: dict[str, int] = {}
        self._faults: tuple[Fault, ...] = ()
        self._dead = False
        self._lock = threading.Lock()
        for client in (clients.cognito, clients.dynamodb, clients.mail):
            client.meta.events.register("before-send", _Hook(self, client))

    @contextmanager
    def injected(self, *faults: Fault) -> Iterator[FaultInjector]:
        """Fail calls for the duration of the block; `calls` lists what was called in it."""
        self.calls, self._invocations, self._attempts = [], [], {}
        self._faults, self._dead = faults, False
        try:
            yield self
        finally:
            self._faults, self._dead = (), False

    @property
    def attempts(self) -> int:
        """How many requests were made since the last injection began, retries included."""
        return sum(self._attempts.values())

    def answer(self, name: str, request: Any, send: Callable[[Any], Any]) -> Any:
        """Return None to let a request pass, or the answer it gets instead."""
        if not self._faults and not self._dead:
            self._count(name, request)
            return None
        index, attempt = self._count(name, request)
        if self._dead:
            raise ProcessDied(name)
        for fault in self._faults:
            if _hits(fault, index, attempt):
                return self._fail(fault, request, send)
        return None

    def _count(self, name: str, request: Any) -> tuple[int, int]:
        # One id for all attempts of a call (botocore, inject_sdk_invocation_id).
        invocation = str(request.headers["amz-sdk-invocation-id"])
        with self._lock:
            if invocation not in self._attempts:
                self._attempts[invocation] = 0
                self._invocations.append(invocation)
                self.calls.append(name)
            self._attempts[invocation] += 1
            return self._invocations.index(invocation) + 1, self._attempts[invocation]

    def _fail(self, fault: Fault, request: Any, send: Callable[[Any], Any]) -> Any:
        if fault.position == "after":
            answer = send(request)
            if answer.status_code >= 400:
                return answer  # AWS refused, so there is no effect whose answer could be lost.
        if fault.kind == "died":
            self._dead = True
            raise ProcessDied(str(fault))
        return _instead_of_an_answer(fault.kind, request)


@dataclass(frozen=True)
class _Hook:
    injector: FaultInjector
    client: Any

    def __call__(self, request: Any, event_name: str, **_: object) -> Any:
        service = self.client.meta.service_model.service_name
        operation = event_name.rpartition(".")[2]
        send = self.client._endpoint.http_session.send
        return self.injector.answer(f"{service}:{operation}", request, send)


def _hits(fault: Fault, index: int, attempt: int) -> bool:
    if fault.extent == "outage":
        return index >= fault.index
    return index == fault.index and (fault.extent == "call" or attempt == 1)


def _instead_of_an_answer(kind: Kind, request: Any) -> Any:
    url = request.url
    match kind:
        case "throttled":
            dynamo = "DynamoDB" in str(request.headers.get("X-Amz-Target"))
            code = (
                "ProvisionedThroughputExceededException" if dynamo else "TooManyRequestsException"
            )
            return _made_up(url, 400, code)
        case "server-error":
            return _made_up(url, 500, "InternalServerError")
        case "connect-timeout":
            raise ConnectTimeoutError(endpoint_url=url)
        case "refused":
            raise EndpointConnectionError(endpoint_url=url, error="connection refused")
        case "reset":
            raise ConnectionClosedError(endpoint_url=url)
        case "read-timeout":
            raise ReadTimeoutError(endpoint_url=url)
    raise ValueError(kind)


class _Body:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self._content


def _made_up(url: str, status: int, code: str) -> AWSResponse:
    content = f'{{"__type": "{code}", "message": "made up by the fault harness"}}'.encode()
    headers = HTTPHeaderDict({"x-amzn-requestid": "made-up", "x-amzn-errortype": code})
    return AWSResponse(url, status, headers, _Body(content))


def every_fault(
    calls: int, extents: Sequence[Extent] = EXTENTS, only: Sequence[Kind] | None = None
) -> list[Fault]:
    """Return each call x position x kind x extent; a process that died has one extent."""
    return [
        Fault(index, position, kind, extent)
        for index in range(1, calls + 1)
        for position, kinds in KINDS.items()
        for kind in kinds
        if only is None or kind in only
        for extent in (extents if kind != "died" else ("call",))
    ]


def count_calls(faults: FaultInjector, run: Callable[[], object]) -> list[str]:
    """Run without a fault and return the calls it makes, as `service:Operation`."""
    with faults.injected():
        run()
    return list(faults.calls)


def sweep(
    faults: FaultInjector,
    arrange: Callable[[], World],
    act: Callable[[World], object],
    verdict: Callable[[World, object], str],
    *,
    extents: Sequence[Extent] = EXTENTS,
    only: Sequence[Kind] | None = None,
) -> list[Row]:
    """Do the operation once per fault, each time in a new world; `only` limits the kinds.

    `outcome` is what `act` returned or raised. Raises `AssertionError` naming every fault after
    which the verdict failed, and `ValueError` if the operation makes no call at all.
    """
    world = arrange()
    calls = count_calls(faults, lambda: act(world))
    if not calls:
        raise ValueError("The operation calls nothing; there is nothing to fail")
    rows, broken = [], []
    for fault in every_fault(len(calls), extents, only):
        world = arrange()
        with faults.injected(fault):
            outcome = _outcome(act, world)
        try:
            word = verdict(world, outcome)
        except AssertionError as failure:
            broken.append(f"{fault} of {calls[fault.index - 1]}: {_word(outcome)}: {failure}")
        else:
            rows.append(Row(fault, calls[fault.index - 1], _word(outcome), word))
    assert not broken, f"{len(broken)} faults leave a broken world:\n" + "\n".join(broken)
    return rows


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table."""
    lines = ["| call | fault | outcome | afterwards |", "|---|---|---|---|"]
    lines += [f"| {row.call} | {row.fault} | {row.outcome} | {row.verdict} |" for row in rows]
    return "\n".join(lines)


def _outcome(act: Callable[[World], object], world: World) -> object:
    try:
        return act(world)
    except (Exception, ProcessDied) as raised:
        return raised


def _word(outcome: object) -> str:
    return type(outcome).__name__ if isinstance(outcome, BaseException) else "done"
