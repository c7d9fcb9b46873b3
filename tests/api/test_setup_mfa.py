"""setupMfa."""

from __future__ import annotations

import base64
import io
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp
import pytest
import zxingcpp
from PIL import Image

from tests.api.conftest import ADA, Api, MovableClock, SignedIn, problem
from tests.authenticator import Authenticator
from tests.faults.harness import Fault, FaultInjector


def setup(api: Api, session: SignedIn) -> dict[str, str]:
    response = api.post("/auth/mfa/setup", headers=session.headers)
    assert response.status_code == 200, response.text
    assert response.headers["cache-control"] == "no-store"
    return response.json()


def test_the_link_sets_a_standard_authenticator_up(api: Api) -> None:
    """Key URI format: issuer, account, the secret, SHA-1, six digits, thirty seconds."""
    body = setup(api, api.signed_in())

    assert body.keys() == {"secret", "otpauthUri", "qrCode"}
    uri = urlsplit(body["otpauthUri"])
    assert (uri.scheme, uri.netloc, unquote(uri.path)) == ("otpauth", "totp", f"/Lifestyle:{ADA}")
    assert parse_qs(uri.query) == {
        "secret": [body["secret"]],
        "issuer": ["Lifestyle"],
        "algorithm": ["SHA1"],
        "digits": ["6"],
        "period": ["30"],
    }
    totp = pyotp.parse_uri(body["otpauthUri"])
    assert (totp.name, totp.issuer, totp.secret) == (ADA, "Lifestyle", body["secret"])
    assert len(base64.b32decode(body["secret"])) >= 16  # RFC 4226, section 4, R6: 128 bits.


@pytest.mark.parametrize("email", [ADA, f"{'a' * 64}@{'b' * 60}.{'c' * 60}.example.com"])
def test_a_camera_reads_the_link_from_the_picture(api: Api, email: str) -> None:
    """A PNG that a QR decoder reads back, for a long address too."""
    body = setup(api, api.signed_in(email))

    kind, _, picture = body["qrCode"].partition(",")
    assert kind == "data:image/png;base64"
    image = Image.open(io.BytesIO(base64.b64decode(picture, validate=True)))
    assert image.format == "PNG"
    assert [code.text for code in zxingcpp.read_barcodes(image)] == [body["otpauthUri"]]


def test_nothing_changes_before_the_first_code(api: Api) -> None:
    """The password alone still signs in, and asking again makes another secret."""
    session = api.signed_in()

    first, second = setup(api, session), setup(api, session)

    assert first["secret"] != second["secret"]
    assert api.sign_in().user["mfaEnabled"] is False


def test_the_newest_secret_counts(api: Api) -> None:
    """A code of the former is refused."""
    session = api.signed_in()
    former, newest = (Authenticator(setup(api, session)["otpauthUri"]) for _ in range(2))

    def enable(code: str) -> int:
        body = {"code": code}
        return api.post("/auth/mfa/verify-setup", body, headers=session.headers).status_code

    assert enable(former.code()) == 400
    assert enable(newest.code()) == 200


@pytest.mark.requirement(21)
def test_an_old_session_has_to_sign_in_again(api: Api, clock: MovableClock) -> None:
    """A token that was stolen later does not lock its owner out."""
    session = api.signed_in()
    clock.advance(minutes=15, seconds=5)

    problem(api.post("/auth/mfa/setup", headers=session.headers), 403, "SIGN_IN_AGAIN")

    clock.advance(minutes=-1)
    assert setup(api, session)


def test_what_is_on_is_not_set_up_again(api: Api) -> None:
    """It has to be switched off with the password first."""
    session = api.signed_in()
    api.enrol(session)

    problem(api.post("/auth/mfa/setup", headers=session.headers), 409, "MFA_ALREADY_ON")


@pytest.mark.parametrize("call", [1, 2])
def test_an_outage_is_503_and_the_next_try_works(
    api: Api, faults: FaultInjector, call: int
) -> None:
    """Of the table or of Cognito."""
    session = api.signed_in()
    with faults.injected(Fault(call, "before", "server-error")):
        problem(api.post("/auth/mfa/setup", headers=session.headers), 503, "SERVICE_UNAVAILABLE")

    assert setup(api, session)
