"""Records what the service asks of AWS: to count round trips and to compare with IAM policies."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from service.aws.clients import Clients

# TransactWriteItems needs the permission of each thing it does, and none of its own:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
_TRANSACTED = {
    "Put": "PutItem",
    "Delete": "DeleteItem",
    "Update": "UpdateItem",
    "ConditionCheck": "ConditionCheckItem",
}


@dataclass(frozen=True, slots=True)
class Call:
    """One API call: `cognito-idp`, `SignUp`, the names of its parameters, pool or tables."""

    service: str
    operation: str
    parameters: frozenset[str]
    resources: frozenset[str]
    actions: frozenset[str]

    @property
    def name(self) -> str:
        """Service and operation, `dynamodb:GetItem`."""
        return f"{self.service}:{self.operation}"


@dataclass
class CallRecorder:
    """Lists API calls in the order in which they begin; the SDK's own retries are not calls.

    ``with recording(clients) as calls: ...; assert calls.names == ["cognito-idp:SignUp", ...]``
    """

    calls: list[Call] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __call__(self, params: Mapping[str, Any], model: Any, **_: object) -> None:
        """Take note of a call; botocore's `before-parameter-build` event."""
        call = Call(
            service=model.service_model.service_name,
            operation=model.name,
            parameters=frozenset(params),
            resources=frozenset(_resources(params)),
            actions=frozenset(_actions(model, params)),
        )
        with self._lock:
            self.calls.append(call)

    def __len__(self) -> int:
        return len(self.calls)

    @property
    def names(self) -> list[str]:
        """The calls as `service:Operation`."""
        return [call.name for call in self.calls]

    @property
    def actions(self) -> set[str]:
        """The IAM actions that the calls need."""
        return set().union(*(call.actions for call in self.calls))

    def clear(self) -> None:
        """Forget everything so far."""
        self.calls.clear()


@contextmanager
def recording(clients: Clients) -> Iterator[CallRecorder]:
    """Record the calls of the clients for the duration of the block."""
    recorder = CallRecorder()
    emitters = [client.meta.events for client in (clients.cognito, clients.dynamodb, clients.mail)]
    for events in emitters:
        events.register("before-parameter-build", recorder)
    try:
        yield recorder
    finally:
        for events in emitters:
            events.unregister("before-parameter-build", recorder)


def _resources(params: Mapping[str, Any]) -> Iterator[str]:
    for name in ("UserPoolId", "TableName"):
        if name in params:
            yield params[name]
    yield from params.get("RequestItems", ())
    for item in params.get("TransactItems", ()):
        yield from (part["TableName"] for part in item.values())


def _actions(model: Any, params: Mapping[str, Any]) -> Iterator[str]:
    service = model.service_model.signing_name
    if model.auth_type == "none":
        return  # Unsigned: SignUp and its like need no permission, only the client's secret.
    if model.name != "TransactWriteItems":
        yield f"{service}:{model.name}"
    for item in params.get("TransactItems", ()):
        yield from (f"{service}:{_TRANSACTED[part]}" for part in item)
