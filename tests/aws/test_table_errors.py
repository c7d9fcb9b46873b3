"""What no emulator raises: conflicts, throttling, partial answers and refusals of the table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.parsers import ResponseParserError
from botocore.stub import Stubber

from service.aws.accounts import DynamoAccounts
from service.aws.clients import connect
from service.aws.errors import RequestRefused
from service.aws.table import TRIES, ConditionFailed, Table, marshal, moment, stamp, unmarshal
from service.domain.errors import AddressHeld, Unavailable
from service.domain.ports import Profile

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PROFILE = Profile("user", "ada@example.com", "Ada", "L", NOW, NOW)
KEY = ("USER#1", "USER#1")
NONE, CONFLICT = {"Code": "None"}, {"Code": "TransactionConflict"}
FAILED = {"Code": "ConditionalCheckFailed", "Item": {"userId": {"S": "holder"}}}


@pytest.fixture
def client(models: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The service's own DynamoDB client; nothing it sends leaves the process."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    return connect("us-east-1", models).dynamodb


@pytest.fixture
def stubber(client: Any) -> Iterator[Stubber]:
    """The answers of DynamoDB, in order; all of them must have been asked for."""
    with Stubber(client) as answers:
        yield answers
    answers.assert_no_pending_responses()


@pytest.fixture
def pauses() -> list[float]:
    """How long the table waited between its tries."""
    return []


@pytest.fixture
def table(client: Any, pauses: list[float]) -> Table:
    """The table on that client."""
    return Table(client, "users-dev", pauses.append)


def cancel(stubber: Stubber, *reasons: dict[str, Any]) -> None:
    stubber.add_client_error(
        "transact_write_items",
        "TransactionCanceledException",
        modeled_fields={"CancellationReasons": list(reasons)},
        response_meta={"RequestId": "aws-request-1"},
    )


def test_a_conflict_is_tried_again(stubber: Stubber, table: Table, pauses: list[float]) -> None:
    """Another writer's transaction is waited for, a little longer each time."""
    cancel(stubber, CONFLICT, NONE)
    cancel(stubber, NONE, CONFLICT)
    stubber.add_response("transact_write_items", {})

    table.transact([])

    assert len(pauses) == 2
    assert all(0 <= pause <= 0.05 for pause in pauses)


def test_a_lasting_conflict_is_an_outage(stubber: Stubber, table: Table) -> None:
    """After the last try the caller is told to come back."""
    for _ in range(TRIES):
        cancel(stubber, CONFLICT, NONE)

    with pytest.raises(Unavailable) as raised:
        table.transact([])

    assert raised.value.retry_after == 1
    assert "aws-request-1" in str(raised.value)


def test_throttling_inside_a_transaction_is_tried_again(stubber: Stubber, table: Table) -> None:
    """A throttled transaction was not applied."""
    cancel(stubber, {"Code": "ThrottlingError"}, NONE)
    cancel(stubber, {"Code": "ProvisionedThroughputExceeded"}, NONE)
    stubber.add_response("transact_write_items", {})

    table.transact([])


def test_a_failed_condition_beats_a_conflict(stubber: Stubber, table: Table) -> None:
    """No try can help where a condition does not hold."""
    cancel(stubber, FAILED, CONFLICT)

    with pytest.raises(ConditionFailed) as raised:
        table.transact([])

    assert raised.value.items == {0: {"userId": "holder"}}


def test_the_holder_of_an_address_is_told(stubber: Stubber, table: Table) -> None:
    """The uniqueness row that stood in the way names the user."""
    cancel(stubber, FAILED, NONE)

    with pytest.raises(AddressHeld) as raised:
        DynamoAccounts(table).create(PROFILE)

    assert raised.value.holder == "holder"


def test_a_profile_that_exists_still_gets_its_address(stubber: Stubber, table: Table) -> None:
    """Only the profile is there: the uniqueness row is written without it."""
    cancel(stubber, NONE, FAILED)
    stubber.add_response("transact_write_items", {})

    DynamoAccounts(table).create(PROFILE)


def test_a_malformed_request_stays_an_error_of_ours(stubber: Stubber, table: Table) -> None:
    """A ValidationError is no outage: nobody should try again."""
    cancel(stubber, {"Code": "ValidationError"}, CONFLICT)
    with pytest.raises(RequestRefused):
        table.transact([])

    stubber.add_client_error("get_item", "ValidationException", "words of AWS")
    with pytest.raises(RequestRefused) as raised:
        table.get(KEY)
    assert "words of AWS" not in str(raised.value)


@pytest.mark.parametrize(
    "code",
    ["ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded",
     "InternalServerError", "ResourceNotFoundException", "AccessDeniedException",
     "UnrecognizedClientException", "ExpiredTokenException", "SomethingNew"],
)  # fmt: skip
def test_what_the_table_cannot_do_now_is_an_outage(
    stubber: Stubber, table: Table, code: str
) -> None:
    """Throttling, faults and refusals of AWS are 503, whatever their status was."""
    stubber.add_client_error("get_item", code, "words of AWS")

    with pytest.raises(Unavailable) as raised:
        table.get(KEY)

    assert code in str(raised.value)
    assert "words of AWS" not in str(raised.value)


def test_a_single_write_that_meets_a_transaction_is_tried_again(
    stubber: Stubber, table: Table
) -> None:
    """UpdateItem during somebody's transaction answers TransactionConflictException."""
    stubber.add_client_error("update_item", "TransactionConflictException")
    stubber.add_response("update_item", {"Attributes": {"version": {"N": "2"}}})

    assert table.update(KEY, "ADD version :one", "attribute_exists(pk)", one=1) == {"version": 2}


def test_unprocessed_keys_are_asked_for_again(
    stubber: Stubber, table: Table, pauses: list[float]
) -> None:
    """A partial answer is completed."""
    keys = {"users-dev": {"Keys": [{"pk": {"S": "b"}, "sk": {"S": "b"}}]}}
    first = {"users-dev": [{"pk": {"S": "a"}}]}
    stubber.add_response("batch_get_item", {"Responses": first, "UnprocessedKeys": keys})
    stubber.add_response(
        "batch_get_item", {"Responses": {"users-dev": [{"pk": {"S": "b"}}]}}, {"RequestItems": keys}
    )

    rows = table.batch_get([("a", "a"), ("b", "b")])

    assert rows == [{"pk": "a"}, {"pk": "b"}]
    assert len(pauses) == 1


def test_keys_that_stay_unprocessed_are_an_outage(stubber: Stubber, table: Table) -> None:
    """A half answer never passes for a whole one: an absent session would sign somebody out."""
    keys = {"users-dev": {"Keys": [{"pk": {"S": "b"}, "sk": {"S": "b"}}]}}
    for _ in range(TRIES):
        stubber.add_response(
            "batch_get_item", {"Responses": {"users-dev": []}, "UnprocessedKeys": keys}
        )

    with pytest.raises(Unavailable):
        table.batch_get([("b", "b")])


@pytest.mark.parametrize(
    "outage", [ReadTimeoutError(endpoint_url="x"), ResponseParserError("a row of the table")]
)
def test_no_answer_is_an_outage(client: Any, table: Table, outage: Exception) -> None:
    """The SDK tries twice, then the caller is told to come back."""
    sent = []

    def fail(**_: object) -> None:
        sent.append(1)
        raise outage

    client.meta.events.register("before-send", fail)

    with pytest.raises(Unavailable) as raised:
        table.get(KEY)

    assert len(sent) == (2 if isinstance(outage, ReadTimeoutError) else 1)
    assert "a row" not in f"{raised.value} {raised.value.__cause__}"


@pytest.mark.parametrize(
    "value",
    ["", "text 李", True, False, 0, -7, 10**30, None, [], ["a", 1, [None]], {}, {"a": {"b": [1]}}],
)
def test_values_survive_the_table(value: Any) -> None:
    """Nested, empty and large values come back as they went, numbers as whole numbers."""
    attribute = marshal(value)

    assert unmarshal(json.loads(json.dumps(attribute))) == value
    assert type(unmarshal(attribute)) is type(value)


@pytest.mark.parametrize("value", [1.5, float("nan"), Decimal("1.5"), b"x", {1}, object(), [2.0]])
def test_the_table_holds_no_floats_and_nothing_strange(value: Any) -> None:
    """What has no exact form is refused before it is sent."""
    with pytest.raises(TypeError):
        marshal(value)


def test_moments_sort_as_text() -> None:
    """Conditions compare moments as text, so every one has the same length and zone."""
    moments = [
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
        datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC),
        datetime(2026, 10, 1, tzinfo=UTC),
    ]

    texts = [stamp(each) for each in moments]

    assert texts == sorted(texts)
    assert {len(text) for text in texts} == {27}
    assert [moment(text) for text in texts] == moments
    assert texts[0] == "2026-01-01T00:00:00.000000Z"
