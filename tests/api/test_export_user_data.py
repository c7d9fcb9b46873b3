"""exportUserData."""

from __future__ import annotations

import json

import pytest

from tests.api.conftest import BOB, PASSWORD, Api, problem
from tests.everything import everything

NEW = "new@example.com"
# Every attribute of the partition, and where it is in the export; a new one has to be entered here.
EXPORTED = {
    "USER#": {
        "userId",
        "email",
        "firstName",
        "lastName",
        "createdAt",
        "updatedAt",
        "emailVerified",
        "mfaEnabled",
        "phoneNumber",
        "dateOfBirth",
        "timezone",
        "preferences",
    },
    "SESSION#": {"sessionId", "createdAt", "lastUsedAt", "endsAt", "userAgent"},
    "MFA": {"enabledAt", "recoveryCodes"},  # Of the codes, which are hashed, how many are left.
    "EMAIL_CHANGE": {"newEmail", "requestedAt", "expiresAt"},
    "TOTP#": set(),
}
# Keys, what another attribute says too, counters, and what nobody may read.
LEFT_OUT = {
    "USER#": {"pk", "sk", "gsi1_pk", "gsi1_sk", "version"},
    "SESSION#": {"pk", "sk", "userId", "expiresAt", "generation", "refreshToken"},
    "MFA": {"pk", "sk"},
    "EMAIL_CHANGE": {"pk", "sk", "userId", "formerEmail", "codeHash", "attempts"},
    "TOTP#": {"pk", "sk", "takenBy", "expiresAt"},
}


@pytest.mark.requirement(31)
def test_a_new_account_has_a_profile_and_a_session(api: Api) -> None:
    """What was never given is left out."""
    session = api.signed_in()

    response = api.export(session)

    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    data = response.json()
    assert data.keys() == {"exportedAt", "profile", "sessions"}
    assert data["profile"] == api.profile(session).json()
    assert [each["id"] for each in data["sessions"]] == [session.session_id]


def test_everything_that_is_stored_is_in_it(api: Api) -> None:
    """Each attribute of each row is exported, or is left out by name with a reason."""
    session = api.signed_in()
    api.enrol(session)
    everywhere = {"units": "metric", "language": "en-IE"}
    full = {"phoneNumber": "+35315550100", "dateOfBirth": "1990-12-10", "timezone": "Europe/Dublin"}
    assert api.change(session, {**full, "preferences": everywhere}).is_success
    assert api.change_email(session, NEW).is_success

    data = api.export(session).json()

    user = session.user["userId"]
    rows = [row for row in everything(api.aws) if row["pk"]["S"] == f"USER#{user}"]
    kinds = {}
    for row in rows:
        kind = next(kind for kind in EXPORTED if row["sk"]["S"].startswith(kind))
        kinds[kind] = row
        assert row.keys() == (EXPORTED[kind] | LEFT_OUT[kind]) & row.keys(), row.keys()
        assert EXPORTED[kind] <= row.keys(), kind
    assert kinds.keys() == EXPORTED.keys()
    assert data["profile"]["phoneNumber"] == "+35315550100"
    assert data["profile"]["preferences"] == everywhere
    assert data["mfa"]["recoveryCodesLeft"] == 10
    assert data["emailChange"]["newEmail"] == NEW
    assert data["emailChange"].keys() == {"newEmail", "requestedAt", "expiresAt"}


@pytest.mark.requirement(13)
@pytest.mark.requirement(40)
def test_no_secret_is_in_it(api: Api) -> None:
    """No token, no hash of a code, no password."""
    session = api.signed_in()
    api.enrol(session)
    api.change_email(session, NEW)

    text = api.export(session).text

    assert PASSWORD not in text
    assert session.refresh_token not in text
    rows = everything(api.aws)
    secrets = [
        row[name]["S"] for row in rows for name in ("refreshToken", "codeHash") if name in row
    ]
    secrets += [code for row in rows for code in row.get("recoveryCodes", {}).get("SS", ())]
    assert len(secrets) >= 12
    assert not [secret for secret in secrets if secret in text]


@pytest.mark.requirement(32)
def test_nothing_of_another_is_in_it(api: Api) -> None:
    """Ada's export knows nothing of Bob, and Bob's nothing of Ada."""
    ada, bob = api.signed_in(), api.signed_in(BOB)

    ours, theirs = api.export(ada).text, api.export(bob).text

    for mine, other in ((ours, bob), (theirs, ada)):
        assert other.user["userId"] not in mine
        assert other.user["email"] not in mine
        assert other.session_id not in mine
    assert json.loads(theirs)["profile"]["email"] == BOB


def test_a_session_that_is_over_gets_nothing(api: Api) -> None:
    """Not even what was stored a moment ago."""
    session = api.signed_in()
    api.logout(session)

    problem(api.export(session), 401, "UNAUTHORIZED")
