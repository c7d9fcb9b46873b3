"""A release and a rollback on the embedded AWS: two versions, an alias, an alarm that fires."""

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from ci import aws, release, rollback
from ci.alias import Alias
from ci.deploy_local_aws import LocalAws, start_local_aws
from ci.release import Release, ReleaseFailed
from tests.delivery.handlers import healthy

FUNCTION = "api-handler-prod"
ALARM = "api-5xx-prod"


@pytest.fixture(scope="module")
def account() -> Iterator[LocalAws]:
    """One embedded AWS for this module."""
    with start_local_aws() as found:
        yield found


@pytest.fixture
def functions(account: LocalAws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A function whose alias is on version 1, and whose version 2 waits for its release."""
    for name, value in account.environment.items():
        monkeypatch.setenv(name, value)
    client = aws.client("lambda")
    client.create_function(
        FunctionName=FUNCTION,
        Role=role(),
        Runtime="python3.13",
        Handler="service.lambda_handler.handler",
        Code={"ZipFile": package("a")},
        Environment={"Variables": {"SERVICE_VERSION": "a"}},
        Publish=True,
    )
    client.create_alias(FunctionName=FUNCTION, Name="live", FunctionVersion="1")
    client.update_function_configuration(
        FunctionName=FUNCTION, Environment={"Variables": {"SERVICE_VERSION": "b"}}
    )
    client.update_function_code(FunctionName=FUNCTION, ZipFile=package("b"), Publish=True)
    alarm(aws.client("cloudwatch"), "OK")
    yield client
    client.delete_function(FunctionName=FUNCTION)


def role() -> str:
    """Return a role that exists, which is all that the embedded Lambda asks of one."""
    client = aws.client("iam")
    try:
        trust = '{"Version": "2012-10-17", "Statement": []}'
        made = client.create_role(RoleName="function", AssumeRolePolicyDocument=trust)
    except client.exceptions.EntityAlreadyExistsException:
        made = client.get_role(RoleName="function")
    return str(made["Role"]["Arn"])


def package(sha: str) -> bytes:
    """Package the healthy function of a commit."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in healthy(sha).items():
            archive.writestr(name, text)
    return target.getvalue()


def alarm(client: Any, state: str) -> None:
    """Put the alarm into a state."""
    client.put_metric_alarm(
        AlarmName=ALARM,
        Namespace="AWS/ApiGateway",
        MetricName="5xx",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
    )
    client.set_alarm_state(AlarmName=ALARM, StateValue=state, StateReason="a test")


def wanted(seconds: float = 0.2) -> Release:
    """The release of version 2."""
    return Release(FUNCTION, "live", "2", "b", (ALARM,), seconds)


def shift(functions: Any) -> None:
    """Invoke the version and move the traffic to it, as the release does."""
    release.invoke(functions, wanted())
    alias = Alias(functions, FUNCTION, "live")
    release.shift(alias, aws.client("cloudwatch"), wanted(), alias.read())


def test_the_alias_ends_on_the_new_version(functions: Any) -> None:
    """And nothing is left of the trial."""
    release.settle(functions, wanted())
    shift(functions)

    traffic = Alias(functions, FUNCTION, "live").read()
    assert (traffic.version, traffic.weights) == ("2", {})


def test_an_alarm_that_fires_during_the_trial_sends_the_traffic_back(
    functions: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it lasts a tenth goes to version 2; afterwards nothing does."""
    seen: list[dict[str, float]] = []

    def wait(seconds: float) -> None:
        seen.append(Alias(functions, FUNCTION, "live").read().weights)
        alarm(aws.client("cloudwatch"), "ALARM")

    release.settle(functions, wanted())
    monkeypatch.setattr("time.sleep", wait)

    with pytest.raises(ReleaseFailed, match=ALARM):
        shift(functions)

    traffic = Alias(functions, FUNCTION, "live").read()
    assert seen == [{"2": 0.1}]
    assert (traffic.version, traffic.weights) == ("1", {})


def test_a_version_that_says_it_is_another_one_gets_no_traffic(functions: Any) -> None:
    """The alias stays on version 1."""
    other = Release(FUNCTION, "live", "1", "b", (ALARM,), 0.0)

    with pytest.raises(ReleaseFailed, match="says that it is 'a'"):
        release.invoke(functions, other)

    assert Alias(functions, FUNCTION, "live").read().version == "1"


def test_a_rollback_ends_on_the_version_before(functions: Any) -> None:
    """A second one finds nothing to do."""
    shift(functions)
    alias = Alias(functions, FUNCTION, "live")

    assert rollback.roll_back(alias, "1").endswith("is back on 1.")
    assert alias.read().version == "1"
    assert "nothing to roll back" in rollback.roll_back(alias, "1")


def test_a_move_on_stale_knowledge_is_refused(functions: Any) -> None:
    """The embedded AWS is as strict as AWS, or the test above would prove nothing."""
    alias = Alias(functions, FUNCTION, "live")
    stale = alias.read()
    alias.point("2", stale)

    with pytest.raises(functions.exceptions.PreconditionFailedException):
        alias.point("1", stale)
