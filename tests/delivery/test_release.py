"""A release, call by call: what is sent to AWS, and what happens when something objects."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.response import StreamingBody
from botocore.stub import ANY

from ci import release, rollback
from ci.alias import Alias, Traffic
from ci.release import Release, ReleaseFailed
from tests.delivery.stubs import ALARMS, FUNCTION, RELEASE, Stub


@pytest.fixture
def functions() -> Iterator[Stub]:
    """Lambda; every expected call was made when the test ends."""
    stub = Stub("lambda")
    yield stub
    stub.stubber.assert_no_pending_responses()


@pytest.fixture
def metrics(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    """CloudWatch, in a world where nobody waits."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    stub = Stub("cloudwatch")
    yield stub
    stub.stubber.assert_no_pending_responses()


def shift(functions: Stub, metrics: Stub, before: Traffic, wanted: Release = RELEASE) -> Traffic:
    """Move the traffic of the alias."""
    alias = Alias(functions.client, wanted.function, wanted.alias)
    return release.shift(alias, metrics.client, wanted, before)


def test_prod_is_tried_with_a_tenth_of_the_traffic(functions: Stub, metrics: Stub) -> None:
    """Each move is on condition of the revision that the move before it returned."""
    metrics.alarms()
    functions.moves("7", {"8": 0.1}, "r1", "r2")
    for _ in range(3):  # At 0, 10 and 20 seconds.
        metrics.alarms()
    functions.moves("8", {}, "r2", "r3")

    assert shift(functions, metrics, Traffic("7", {}, "r1")) == Traffic("8", {}, "r3")


def test_an_alarm_sends_all_traffic_back(functions: Stub, metrics: Stub) -> None:
    """As soon as it fires, not at the end of the trial."""
    metrics.alarms()
    functions.moves("7", {"8": 0.1}, "r1", "r2")
    metrics.alarms()
    metrics.alarms("api-5xx-prod")
    functions.moves("7", {}, "r2", "r3")

    with pytest.raises(ReleaseFailed, match="In ALARM while version 8 was tried: api-5xx-prod"):
        shift(functions, metrics, Traffic("7", {}, "r1"))


def test_an_alarm_that_fired_before_does_not_stop_its_cure(
    functions: Stub, metrics: Stub, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise a broken prod could never be repaired."""
    metrics.alarms("api-5xx-prod")
    functions.moves("7", {"8": 0.1}, "r1", "r2")
    for _ in range(3):
        metrics.alarms("api-5xx-prod")
    functions.moves("8", {}, "r2", "r3")

    assert shift(functions, metrics, Traffic("7", {}, "r1")).version == "8"
    assert "ignored by it: api-5xx-prod" in capsys.readouterr().out


def test_a_trial_that_breaks_off_is_ended(functions: Stub, metrics: Stub) -> None:
    """CloudWatch fails in the middle: the version keeps no share of the traffic."""
    metrics.alarms()
    functions.moves("7", {"8": 0.1}, "r1", "r2")
    metrics.stubber.add_client_error("describe_alarms", "InternalServiceFault")
    functions.moves("7", {}, "r2", "r3")

    with pytest.raises(ClientError):
        shift(functions, metrics, Traffic("7", {}, "r1"))


def test_dev_gets_all_traffic_at_once(functions: Stub, metrics: Stub) -> None:
    """No trial is asked for, so no alarm is read."""
    wanted = Release(FUNCTION, "live", "8", "b" * 40, ALARMS, 0.0)
    functions.moves("8", {}, "r1", "r2")

    assert shift(functions, metrics, Traffic("7", {}, "r1"), wanted).version == "8"


def test_an_alias_that_moved_meanwhile_is_left_alone(functions: Stub, metrics: Stub) -> None:
    """Somebody else's move is not undone unseen."""
    metrics.alarms()
    functions.stubber.add_client_error("update_alias", "PreconditionFailedException")

    with pytest.raises(ClientError, match="PreconditionFailed"):
        shift(functions, metrics, Traffic("7", {}, "r1"))


def test_an_alarm_that_does_not_exist_is_named(metrics: Stub) -> None:
    """Watching nothing would let everything pass."""
    sent = {"AlarmNames": list(ALARMS), "AlarmTypes": ["MetricAlarm"]}
    answer = {"MetricAlarms": [{"AlarmName": "api-5xx-prod", "StateValue": "OK"}]}
    metrics.stubber.add_response("describe_alarms", answer, sent)

    with pytest.raises(ReleaseFailed, match="No such alarm: api-latency-prod"):
        release.firing(metrics.client, ALARMS)


def test_a_release_waits_for_the_update_and_the_version(functions: Stub, metrics: Stub) -> None:
    """function-updated-v2 reads GetFunction until the update is over; then the version is read."""
    updating = {"Configuration": {"LastUpdateStatus": "InProgress"}}
    updated = {"Configuration": {"LastUpdateStatus": "Successful"}}
    function, version = {"FunctionName": FUNCTION}, {"FunctionName": FUNCTION, "Qualifier": "8"}
    functions.stubber.add_response("get_function", updating, function)
    functions.stubber.add_response("get_function", updated, function)
    functions.stubber.add_response("get_function_configuration", {"State": "Pending"}, version)
    functions.stubber.add_response("get_function_configuration", {"State": "Active"}, version)
    functions.stubber.add_response("get_function_configuration", {"CodeSha256": "a"}, version)
    functions.stubber.add_response("get_function_configuration", {"CodeSha256": "a"}, function)

    release.settle(functions.client, RELEASE)


def test_a_function_that_was_changed_after_its_version_is_not_released(functions: Stub) -> None:
    """What would be released is not what Terraform applied last."""
    function, version = {"FunctionName": FUNCTION}, {"FunctionName": FUNCTION, "Qualifier": "8"}
    updated = {"Configuration": {"LastUpdateStatus": "Successful"}}
    functions.stubber.add_response("get_function", updated, function)
    functions.stubber.add_response("get_function_configuration", {"State": "Active"}, version)
    functions.stubber.add_response("get_function_configuration", {"CodeSha256": "a"}, version)
    functions.stubber.add_response("get_function_configuration", {"CodeSha256": "b"}, function)

    with pytest.raises(ReleaseFailed, match="changed after version 8"):
        release.settle(functions.client, RELEASE)


def answers(functions: Stub, response: object, error: str | None = None) -> None:
    """Expect the health event, sent to the version itself."""
    payload = json.dumps(response).encode()
    body = StreamingBody(io.BytesIO(payload), len(payload))
    answer: dict[str, Any] = {"StatusCode": 200, "Payload": body}
    if error:
        answer["FunctionError"] = error
    sent = {"FunctionName": FUNCTION, "Qualifier": "8", "Payload": ANY}
    functions.stubber.add_response("invoke", answer, sent)


def test_a_version_that_answers_as_itself_passes(functions: Stub) -> None:
    """Status 200, and the version of this run."""
    answers(functions, {"statusCode": 200, "body": json.dumps({"version": "b" * 40})})

    release.invoke(functions.client, RELEASE)


@pytest.mark.parametrize(
    ("response", "error", "reason"),
    [
        ({"errorMessage": "No module named 'service'"}, "Unhandled", "failed on the health event"),
        ({"statusCode": 500, "body": "{}"}, None, "answers the health event 500"),
        ({"statusCode": 200, "body": '{"version": "0.0.0"}'}, None, "says that it is '0.0.0'"),
    ],
)
def test_a_version_that_does_not_answer_gets_no_traffic(
    functions: Stub, response: object, error: str | None, reason: str
) -> None:
    """It crashed, it is broken, or it is another one."""
    answers(functions, response, error)

    with pytest.raises(ReleaseFailed, match=reason):
        release.invoke(functions.client, RELEASE)


def test_the_health_event_is_one_that_the_gateway_sends() -> None:
    """Payload 2.0, for a path of the contract."""
    event = json.loads(release.HEALTH_EVENT.read_text())

    assert (event["version"], event["rawPath"]) == ("2.0", "/v1/health")
    assert event["requestContext"]["http"]["method"] == "GET"


def back(functions: Stub, previous: str) -> str:
    """Roll the alias back."""
    return rollback.roll_back(Alias(functions.client, FUNCTION, "live"), previous)


def test_a_rollback_points_the_alias_at_the_version_before(functions: Stub) -> None:
    """An open trial is ended with it."""
    functions.alias("8", "r1", {"9": 0.1})
    functions.moves("7", {}, "r1", "r2")

    assert back(functions, "7") == "The alias was on version 8 with a trial and is back on 7."


@pytest.mark.parametrize("previous", ["8", ""])
def test_there_is_nothing_to_roll_back(functions: Stub, previous: str) -> None:
    """On the first deployment, or when the release had not begun."""
    functions.alias("8", "r1")

    assert "nothing to roll back" in back(functions, previous)


def test_the_version_before_is_written_before_anything_can_fail(
    functions: Stub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rollback job reads it even where this job died right after."""
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    functions.alias("7", "r1")
    functions.stubber.add_client_error("get_function", "ResourceNotFoundException")

    with pytest.raises(Exception, match="ResourceNotFound"):
        release.carry_out(RELEASE, functions.client, None, None)

    assert "\n7\n" in (tmp_path / "output").read_text()
