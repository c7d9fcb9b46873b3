"""getHealth."""

from __future__ import annotations

from tests.api.conftest import Api


def test_it_answers_without_asking_aws(api: Api) -> None:
    """The process is alive, whatever the state of AWS."""
    response = api.get("/health")

    assert response.status_code == 200
    assert response.json()["status"] == "alive"
    assert response.json()["time"].endswith("Z")
