"""getReadiness."""

from __future__ import annotations

from dataclasses import replace

import pytest

from service.settings import Settings
from tests.api.conftest import Api, Start, problem
from tests.faults.harness import Fault, FaultInjector


def test_it_names_both_services(api: Api) -> None:
    """Cognito and DynamoDB answer."""
    response = api.get("/health/ready")

    assert response.status_code == 200
    assert response.json() == {
        "status": "ready",
        "checks": [{"name": "cognito", "status": "up"}, {"name": "dynamodb", "status": "up"}],
    }


def test_it_names_the_one_that_does_not_answer(start: Start, settings: Settings) -> None:
    """A pool that is not there is named, the table is not."""
    misdirected = start(replace(settings, user_pool_id="us-east-1_nobody000"))

    response = misdirected.get("/health/ready")

    document = problem(response, 503, "NOT_READY")
    assert document["detail"] == "Not reachable: cognito."
    assert int(response.headers["retry-after"]) > 0


@pytest.mark.requirement(38)
def test_an_outage_of_both_is_503(api: Api, faults: FaultInjector) -> None:
    """The answer names both and says when to ask again."""
    with faults.injected(Fault(1, "before", "refused", "outage")):
        response = api.get("/health/ready")

    document = problem(response, 503, "NOT_READY")
    assert document["detail"] == "Not reachable: cognito, dynamodb."
    assert int(response.headers["retry-after"]) > 0
