"""Clients of AWS that answer from a list, and the release that the tests are about."""

from typing import Any

import boto3
from botocore.stub import Stubber

from ci.release import Release

FUNCTION = "api-handler-prod"
ALARMS = ("api-5xx-prod", "api-latency-prod")
RELEASE = Release(FUNCTION, "live", "8", "b" * 40, ALARMS, 20.0)
KEY = {"FunctionName": FUNCTION, "Name": "live"}


class Stub:
    """A client of one service that answers from a list."""

    def __init__(self, service: str) -> None:
        session: Any = boto3
        self.client = session.client(
            service,
            region_name="eu-central-1",
            aws_access_key_id="x",
            aws_secret_access_key="x",
        )
        self.stubber = Stubber(self.client)
        self.stubber.activate()

    def alias(self, version: str, revision: str, weights: dict[str, float] | None = None) -> None:
        """Expect a read of the alias."""
        answer: dict[str, Any] = {"FunctionVersion": version, "RevisionId": revision}
        if weights:
            answer["RoutingConfig"] = {"AdditionalVersionWeights": weights}
        self.stubber.add_response("get_alias", answer, KEY)

    def moves(self, version: str, weights: dict[str, float], seen: str, revision: str) -> None:
        """Expect the alias to be moved, on condition of a revision."""
        sent = {
            **KEY,
            "FunctionVersion": version,
            "RoutingConfig": {"AdditionalVersionWeights": weights},
            "RevisionId": seen,
        }
        self.stubber.add_response("update_alias", {"RevisionId": revision}, sent)

    def alarms(self, *firing: str) -> None:
        """Expect a look at the alarms."""
        states = [
            {"AlarmName": name, "StateValue": "ALARM" if name in firing else "OK"}
            for name in ALARMS
        ]
        sent = {"AlarmNames": list(ALARMS), "AlarmTypes": ["MetricAlarm"]}
        self.stubber.add_response("describe_alarms", {"MetricAlarms": states}, sent)
