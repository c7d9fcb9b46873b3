"""The users table: values to and from items, and calls whose errors the domain understands.

Timestamps are RFC 3339 in UTC with six decimals, always 27 characters, so that their order as text
is their order in time. Numbers are whole; a float is refused.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError

from service.aws.errors import NO_ANSWER, CodedFault, give_up, unavailable
from service.domain.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]
Key = tuple[str, str]
T = TypeVar("T")

TIMESTAMP = "%Y-%m-%dT%H:%M:%S.%fZ"
# Tries of a call that met another writer or got part of an answer, besides the SDK's own.
TRIES = 4
# DynamoDB's quota for one BatchGetItem.
BATCH = 100
# And for one BatchWriteItem.
WRITE_BATCH = 25
_CONFLICTS = frozenset({"TransactionConflict", "TransactionConflictException"})
# Of a whole transaction; the SDK itself repeats single calls that were throttled.
_BUSY = _CONFLICTS | {"ProvisionedThroughputExceeded", "ThrottlingError"}


class ConditionFailed(Exception):
    """Raised when a condition did not hold; `items` are the stored rows, by place in the call."""

    def __init__(self, items: Mapping[int, Item | None]) -> None:
        super().__init__(f"condition {', '.join(map(str, items))}")
        self.items = items


def stamp(moment: datetime) -> str:
    """Return a moment as it is stored."""
    return moment.astimezone(UTC).strftime(TIMESTAMP)


def moment(text: str) -> datetime:
    """Return a stored moment, aware."""
    return datetime.strptime(text, TIMESTAMP).replace(tzinfo=UTC)


def marshal(value: Any) -> dict[str, Any]:
    """Return a value as a DynamoDB attribute. Raises `TypeError` for what the table never holds."""
    match value:
        case None | bool():
            return {"NULL": True} if value is None else {"BOOL": value}
        case str():
            return {"S": value}
        case int():
            return {"N": str(value)}
        case frozenset():
            return {"SS": sorted(value)}
        case Mapping():
            return {"M": {str(key): marshal(each) for key, each in value.items()}}
        case list() | tuple():
            return {"L": [marshal(each) for each in value]}
    raise TypeError(f"The table holds no {type(value).__name__}")


def unmarshal(attribute: Mapping[str, Any]) -> Any:
    """Return the value of a DynamoDB attribute."""
    ((kind, value),) = attribute.items()
    match kind:
        case "S" | "BOOL":
            return value
        case "N":
            return int(value)
        case "NULL":
            return None
        case "SS":
            return frozenset(value)
        case "M":
            return {key: unmarshal(each) for key, each in value.items()}
        case "L":
            return [unmarshal(each) for each in value]
    raise TypeError(f"The table holds no attribute of type {kind}")


def pack(row: Mapping[str, Any]) -> Item:
    """Return a row as an item, without the attributes that are None."""
    return {name: marshal(value) for name, value in row.items() if value is not None}


def unpack(item: Mapping[str, Any] | None) -> Item | None:
    """Return an item as a row."""
    return {name: unmarshal(value) for name, value in item.items()} if item else None


class Table:
    """One table. Every method may raise `Unavailable`; conditional ones `ConditionFailed`."""

    def __init__(
        self, client: DynamoDBClient, name: str, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._client = client
        self._name = name
        self._pause = pause

    def get(self, key: Key, *, consistent: bool = True) -> Item | None:
        """Return one row."""
        answer = self._call(
            "get_item", TableName=self._name, Key=_key(key), ConsistentRead=consistent
        )
        return unpack(answer.get("Item"))

    def batch_get(self, keys: Iterable[Key], *names: str) -> list[Item]:
        """Return those of up to 100 rows that exist, unordered, all of each or only `names`."""
        request: dict[str, Any] = {
            "Keys": [_key(key) for key in keys],
            "ConsistentRead": True,
        }
        if names:
            request["ProjectionExpression"] = ", ".join(names)
        pending: dict[str, Any] = {self._name: request}
        rows: list[Item] = []
        for attempt in range(TRIES):
            answer = self._call("batch_get_item", RequestItems=pending)
            rows += [row for row in map(unpack, answer["Responses"].get(self._name, ())) if row]
            pending = answer.get("UnprocessedKeys") or {}
            if not pending:
                return rows
            self._wait(attempt)
        raise Unavailable(f"BatchGetItem left keys unprocessed {TRIES} times", retry_after=1)

    def first(self, partition: str, limit: int, starting: str = "") -> list[Item]:
        """Return the first rows of a partition, of those whose sort key starts so, in its order."""
        condition, values = "pk = :pk", {":pk": partition}
        if starting:
            condition += " AND begins_with(sk, :starting)"
            values[":starting"] = starting
        answer = self._call(
            "query",
            TableName=self._name,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=pack(values),
            ConsistentRead=True,
            Limit=limit,
        )
        return [row for row in map(unpack, answer["Items"]) if row]

    def partition(self, partition: str) -> list[Item]:
        """Return every row of a partition; an answer holds 1 MiB, so it may take several."""
        rows: list[Item] = []
        start: dict[str, Any] = {}
        while True:
            answer = self._call(
                "query",
                TableName=self._name,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues=pack({":pk": partition}),
                ConsistentRead=True,
                **start,
            )
            rows += [row for row in map(unpack, answer["Items"]) if row]
            if "LastEvaluatedKey" not in answer:
                return rows
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def batch_delete(self, keys: Iterable[Key]) -> None:
        """Delete rows, 25 at a time (the limit of BatchWriteItem); absent rows are fine."""
        requests = [{"DeleteRequest": {"Key": _key(key)}} for key in keys]
        for start in range(0, len(requests), WRITE_BATCH):
            self._write({self._name: requests[start : start + WRITE_BATCH]})

    def _write(self, pending: dict[str, Any]) -> None:
        for attempt in range(TRIES):
            answer = self._call("batch_write_item", RequestItems=pending)
            pending = answer.get("UnprocessedItems") or {}
            if not pending:
                return
            self._wait(attempt)
        raise Unavailable(f"BatchWriteItem left rows unprocessed {TRIES} times", retry_after=1)

    def put(self, row: Item, condition: str | None = None, **values: Any) -> None:
        """Write a row."""
        self._call("put_item", TableName=self._name, Item=pack(row), **_when(condition, values))

    def update(self, key: Key, change: str, condition: str, **values: Any) -> Item:
        """Change a row that fulfils a condition and return it as it is now."""
        answer = self._call(
            "update_item",
            TableName=self._name,
            Key=_key(key),
            UpdateExpression=change,
            ReturnValues="ALL_NEW",
            **_when(condition, values),
        )
        return unpack(answer["Attributes"]) or {}

    def delete(self, key: Key) -> Item | None:
        """Delete a row and return what it was."""
        answer = self._call(
            "delete_item", TableName=self._name, Key=_key(key), ReturnValues="ALL_OLD"
        )
        return unpack(answer.get("Attributes"))

    def transact(self, operations: Sequence[Mapping[str, Any]]) -> None:
        """Do all of the operations (`putting`, `updating`, `deleting`) or none.

        The SDK adds a ClientRequestToken, so its own retry after a lost answer is no second write.
        """
        named = [
            {action: {"TableName": self._name, **parts} for action, parts in operation.items()}
            for operation in operations
        ]
        self._call("transact_write_items", TransactItems=named)

    def _call(self, method: str, **parameters: Any) -> Any:
        for attempt in range(TRIES):
            try:
                return getattr(self._client, method)(**parameters)
            except NO_ANSWER as error:
                raise unavailable(error, method) from error
            except ClientError as error:
                if not _is_conflict(error) or attempt == TRIES - 1:
                    _refuse(error)
                self._wait(attempt)
        raise AssertionError("the loop returns or raises")

    def _wait(self, attempt: int) -> None:
        # Full jitter, at most 25, 50, 100 ms: the other writer's transaction takes about 20.
        self._pause(random.uniform(0, 0.025 * 2**attempt))  # noqa: S311  # No secret in a pause.


def putting(row: Item, condition: str | None = None, **values: Any) -> Item:
    """Return the writing of a row as part of a transaction."""
    return {"Put": {"Item": pack(row), **_when(condition, values)}}


def updating(key: Key, change: str, condition: str, **values: Any) -> Item:
    """Return the change of a row as part of a transaction."""
    return {
        "Update": {"Key": _key(key), "UpdateExpression": change, **_when(condition, values)},
    }


def deleting(key: Key, condition: str | None = None, **values: Any) -> Item:
    """Return the deletion of a row as part of a transaction."""
    return {"Delete": {"Key": _key(key), **_when(condition, values)}}


def _key(key: Key) -> Item:
    return pack({"pk": key[0], "sk": key[1]})


def _when(condition: str | None, values: Mapping[str, Any]) -> Item:
    parameters: Item = {}
    if condition:
        parameters["ConditionExpression"] = condition
        parameters["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    if values:
        parameters["ExpressionAttributeValues"] = pack({f":{k}": v for k, v in values.items()})
    return parameters


def _is_conflict(error: ClientError) -> bool:
    reasons = {reason.get("Code") for reason in _reasons(error)}
    if "ConditionalCheckFailed" in reasons or "ValidationError" in reasons:
        return False
    return bool(reasons & _BUSY) or error.response["Error"]["Code"] in _CONFLICTS


def _reasons(error: ClientError) -> list[Any]:
    found: Any = error.response.get("CancellationReasons", ())
    return list(found)


def _refuse(error: ClientError) -> None:
    fault = CodedFault(error)
    if fault.code == "ConditionalCheckFailedException":
        response: Any = error.response
        raise ConditionFailed({0: unpack(response.get("Item"))}) from error
    reasons = _reasons(error)
    failed = {
        place: unpack(reason.get("Item"))
        for place, reason in enumerate(reasons)
        if reason.get("Code") == "ConditionalCheckFailed"
    }
    if failed:
        raise ConditionFailed(failed) from error
    if any(reason.get("Code") == "ValidationError" for reason in reasons):
        fault.code = "ValidationError"
    give_up(fault)
