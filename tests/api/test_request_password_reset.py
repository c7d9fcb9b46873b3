"""requestPasswordReset."""

from __future__ import annotations

import pytest

from tests.api.conftest import ADA, Api, problem
from tests.faults.harness import Fault, FaultInjector

MESSAGE = {"message": "If this address has an account, a code is on its way."}


@pytest.mark.requirement(11)
def test_it_mails_a_code_that_sets_a_password(api: Api) -> None:
    """Six digits, to the address and to nobody else."""
    api.verified()
    before = len(api.aws.mails())

    response = api.forgot("Ada@Example.com")

    assert (response.status_code, response.json()) == (202, MESSAGE)
    assert response.headers["cache-control"] == "no-store"
    assert [mail["to"] for mail in api.aws.mails()][: -before or None] == [ADA]
    assert api.reset("a brand new phrase").status_code == 204


@pytest.mark.requirement(8)
def test_unknown_and_unverified_addresses_are_answered_alike(api: Api) -> None:
    """Byte for byte, and nobody is mailed."""
    api.verified()
    known = api.forgot()
    api.register("bob@example.com")
    mails = len(api.aws.mails())

    for email in ("nobody@example.com", "bob@example.com"):
        response = api.forgot(email)

        assert (response.status_code, response.content) == (202, known.content)
        assert response.headers.keys() == known.headers.keys()
    assert len(api.aws.mails()) == mails


@pytest.mark.requirement(11)
def test_a_newer_code_replaces_the_older(api: Api) -> None:
    """Only one code is good at a time."""
    api.verified()
    api.forgot()
    older = api.aws.code_for(ADA)
    api.forgot()

    if older != api.aws.code_for(ADA):
        problem(api.reset("a brand new phrase", code=older), 400, "INVALID_CODE")
    assert api.reset("a brand new phrase").status_code == 204


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [("server-error", 503, "SERVICE_UNAVAILABLE"), ("throttled", 429, "RATE_LIMITED")],
)
def test_an_outage_and_a_limit_of_the_pool_are_said(
    api: Api, faults: FaultInjector, kind: str, status: int, code: str
) -> None:
    """They are the same for every address, and the person may try again."""
    with faults.injected(Fault(3, "before", kind)):
        response = api.forgot()

    problem(response, status, code)
    assert int(response.headers["retry-after"]) > 0
