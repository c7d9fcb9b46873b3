"""The token attack table: what a bearer operation accepts, and everything that it does not."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest

from service.aws.clients import Clients
from service.domain.ports import normalise_email
from service.settings import Settings
from tests.api.conftest import ADA, PASSWORD, Api, problem
from tests.api.forger import KEY_ID, Forger, by_hand, new_key
from tests.aws_calls import recording

HS, RS = {"alg": "HS256", "typ": "JWT", "kid": KEY_ID}, {"alg": "RS256", "kid": KEY_ID}
ATTACKER = new_key()


def attackers_jwk() -> dict[str, Any]:
    jwk: dict[str, Any] = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(ATTACKER.public_key()))
    return jwk


def signed_by_attacker(forger: Forger, **headers: Any) -> str:
    return jwt.encode(forger.claims(), ATTACKER, "RS256", headers={"kid": KEY_ID, **headers})


def resealed(token: str, **claims: Any) -> str:
    """Change claims and keep the signature."""
    header, _, signature = token.split(".")
    changed = {**jwt.decode(token, options={"verify_signature": False}), **claims}
    return f"{header}.{by_hand({}, changed).split('.')[1]}.{signature}"


Attack = Callable[[Forger], str]
SIGNATURE: dict[str, Attack] = {
    "alg none": lambda f: by_hand({"alg": "none"}, f.claims()),
    "alg none with a key id": lambda f: by_hand({**RS, "alg": "none"}, f.claims()),
    "alg nOnE": lambda f: by_hand({**RS, "alg": "nOnE"}, f.claims()),
    "RS256 without a signature": lambda f: by_hand(RS, f.claims()),
    "HS256 with the public key as secret": lambda f: by_hand(HS, f.claims(), f.public_pem),
    "HS256 with the JWKS as secret": lambda f: by_hand(HS, f.claims(), f.jwks),
    "HS256 with the client id as secret": lambda f: by_hand(HS, f.claims(), f.client_id.encode()),
    "no alg": lambda f: by_hand({"kid": KEY_ID}, f.claims()),
    "RS512": lambda f: jwt.encode(f.claims(), f.key, "RS512", headers={"kid": KEY_ID}),
    "PS256": lambda f: jwt.encode(f.claims(), f.key, "PS256", headers={"kid": KEY_ID}),
    "another key": signed_by_attacker,
    "changed after signing": lambda f: resealed(f.token(), sub="somebody-else"),
    "signature cut": lambda f: f.token()[:-8],
    "two parts": lambda f: f.token().rpartition(".")[0],
    "five parts": lambda f: f"{f.token()}.e30.e30",
    "a critical header": lambda f: f.token(headers={"crit": ["exp"]}),
    "unencoded payload": lambda f: f.token(headers={"b64": False, "crit": ["b64"]}),
}
KEYS: dict[str, Attack] = {
    "an unknown kid": lambda f: f.token(headers={"kid": "unknown"}),
    "no kid": lambda f: jwt.encode(f.claims(), f.key, "RS256"),
    "a path as kid": lambda f: signed_by_attacker(f, kid="../../../../dev/null"),
    "SQL as kid": lambda f: signed_by_attacker(f, kid="x' UNION SELECT 'key'--"),
    "an address as kid": lambda f: signed_by_attacker(f, kid="https://evil.example/jwks.json"),
    "a kid of 3 000": lambda f: signed_by_attacker(f, kid="k" * 3000),
    "a number as kid": lambda f: by_hand({**RS, "kid": 7}, f.claims()),
    "a list as kid": lambda f: by_hand({**RS, "kid": [KEY_ID]}, f.claims()),
    "jku": lambda f: signed_by_attacker(f, jku="http://127.0.0.1:9/jwks.json"),
    "x5u": lambda f: signed_by_attacker(f, x5u="http://127.0.0.1:9/cert.pem"),
    "jwk": lambda f: signed_by_attacker(f, jwk=attackers_jwk()),
}
CLAIMS: dict[str, Attack] = {
    "expired": lambda f: f.token(exp=int(time.time()) - 60),
    "no exp": lambda f: f.token(exp=None),
    "exp as text": lambda f: f.token(exp="tomorrow"),
    "exp beyond all numbers": lambda f: by_hand(RS, f.claims(exp=10**400)),
    "not valid yet": lambda f: f.token(nbf=int(time.time()) + 600),
    "issued in the future": lambda f: f.token(iat=int(time.time()) + 600),
    "another issuer": lambda f: f.token(iss="https://evil.example"),
    "an issuer that begins alike": lambda f: f.token(iss=f.issuer + "/x"),
    "no issuer": lambda f: f.token(iss=None),
}
USE: dict[str, Attack] = {
    "an ID token": lambda f: f.token(token_use="id", aud=f.client_id, client_id=None),
    "token_use id": lambda f: f.token(token_use="id"),
    "token_use refresh": lambda f: f.token(token_use="refresh"),
    "no token_use": lambda f: f.token(token_use=None),
    "token_use as list": lambda f: f.token(token_use=["access"]),
}
CLIENT: dict[str, Attack] = {
    "another client": lambda f: f.token(client_id="another-client"),
    "no client": lambda f: f.token(client_id=None),
    "the client as audience only": lambda f: f.token(client_id=None, aud=f.client_id),
    "the client in a list": lambda f: f.token(client_id=[f.client_id]),
}
SUBJECT: dict[str, Attack] = {
    "no sub": lambda f: f.token(sub=None),
    "no session": lambda f: f.token(origin_jti=None),
    "a key as sub": lambda f: by_hand(RS, f.claims(sub="x#PROFILE")),
    "another row as session": lambda f: f.token(origin_jti="../USER#x"),
    "an empty session": lambda f: f.token(origin_jti=""),
    "a session as object": lambda f: f.token(origin_jti={"S": "x"}),
}
FORM: dict[str, Attack] = {
    "oversized": lambda f: f.token(padding="x" * 6000),
    "not a token": lambda _: "hello",
    "points": lambda _: "..",
    "many points": lambda _: "." * 3000,
    "no JSON": lambda _: "bm90LWpzb24.bm90LWpzb24.c2ln",
    "a header nested deeply": lambda _: by_hand({}, {}).replace("e30", "W1tb" * 900, 1),
}
SOURCES = {23: SIGNATURE, 24: KEYS, 25: CLAIMS, 26: USE, 27: CLIENT, 32: SUBJECT, 34: FORM}
ATTACKS = [
    pytest.param(attack, id=name, marks=pytest.mark.requirement(number))
    for number, attacks in SOURCES.items()
    for name, attack in attacks.items()
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_forged_token_is_refused(
    guarded: Api, clients: Clients, forger: Forger, attack: Attack
) -> None:
    """401 with the way to authenticate; nobody's row is read for it."""
    with recording(clients) as calls:
        response = guarded.get(
            "/users/profile", headers={"Authorization": f"Bearer {attack(forger)}"}
        )

    document = problem(response, 401, "UNAUTHORIZED")
    assert 'error="invalid_token"' in response.headers["www-authenticate"]
    assert document.keys() == {"type", "title", "status", "instance", "code", "requestId"}
    assert calls.names == []


def test_the_forgers_genuine_token_passes_the_door(
    guarded: Api, forger: Forger, clients: Clients
) -> None:
    """Without this every attack above could be refused for a reason of its own."""
    with recording(clients) as calls:
        response = guarded.get(
            "/users/profile", headers={"Authorization": f"Bearer {forger.token()}"}
        )

    problem(response, 401, "UNAUTHORIZED")
    assert calls.names == ["dynamodb:BatchGetItem"]


@pytest.mark.requirement(25)
def test_the_clocks_of_two_machines_may_differ_a_little(
    guarded: Api, forger: Forger, clients: Clients
) -> None:
    """Some seconds past `exp` or before `nbf` are no attack."""
    now = int(time.time())
    for claims in ({"exp": now - 2}, {"nbf": now + 3}):
        with recording(clients) as calls:
            token = forger.token(**claims)
            guarded.get("/users/profile", headers={"Authorization": f"Bearer {token}"})

        assert calls.names == ["dynamodb:BatchGetItem"]


@pytest.mark.requirement(24)
def test_unknown_keys_do_not_hammer_the_jwks(guarded: Api, forger: Forger) -> None:
    """A hundred tokens with made-up key ids fetch the document once at most."""
    guarded.get("/users/profile", headers={"Authorization": f"Bearer {forger.token()}"})
    before = forger.fetched

    for n in range(100):
        token = forger.token(headers={"kid": f"made-up-{n}"})
        guarded.get("/users/profile", headers={"Authorization": f"Bearer {token}"})

    assert forger.fetched - before <= 1


@pytest.mark.requirement(26)
def test_the_id_token_of_cognito_is_refused(api: Api, clients: Clients, settings: Settings) -> None:
    """Of the two tokens Cognito gives, one opens doors."""
    from service.aws.cognito import CognitoDirectory

    api.verified()
    directory = CognitoDirectory(
        clients.cognito,
        pool_id=settings.user_pool_id,
        client_id=settings.client_id,
        client_secret=settings.client_secret,
    )
    address = normalise_email(ADA)
    tokens = clients.cognito.admin_initiate_auth(
        UserPoolId=settings.user_pool_id,
        ClientId=settings.client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={
            "USERNAME": address,
            "PASSWORD": PASSWORD,
            "SECRET_HASH": directory._secret_hash(address),
        },
    )["AuthenticationResult"]

    response = api.get("/users/profile", headers={"Authorization": f"Bearer {tokens['IdToken']}"})

    problem(response, 401, "UNAUTHORIZED")


@pytest.mark.requirement(18)
def test_a_token_of_cognito_without_a_session_of_ours_is_refused(
    api: Api, clients: Clients, settings: Settings
) -> None:
    """A token that was not made by loginUser has no session row."""
    api.verified()
    from service.aws.cognito import CognitoDirectory

    grant = CognitoDirectory(
        clients.cognito,
        pool_id=settings.user_pool_id,
        client_id=settings.client_id,
        client_secret=settings.client_secret,
    ).authenticate(ADA, PASSWORD)

    response = api.get("/users/profile", headers={"Authorization": f"Bearer {grant.access_token}"})

    problem(response, 401, "UNAUTHORIZED")


@pytest.mark.requirement(37)
@pytest.mark.parametrize("header", ["Bearer {}", "bearer {}", "BEARER {}", "Bearer  {}"], ids=repr)
def test_the_scheme_is_read_without_case(api: Api, header: str) -> None:
    """RFC 9110, 11.1."""
    session = api.signed_in()

    response = api.get(
        "/users/profile", headers={"Authorization": header.format(session.access_token)}
    )

    assert response.status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        "{}",
        "Basic {}",
        "Token {}",
        "Bearer",
        "Bearer ",
        "Bearer\t{}",
        "Bearer {},{}",
        "Bearer {} x",
        "",
    ],
    ids=repr,
)
def test_any_other_header_is_401(api: Api, header: str) -> None:
    """A genuine token in the wrong clothes is none."""
    session = api.signed_in()

    response = api.get(
        "/users/profile",
        headers={"Authorization": header.format(session.access_token, session.access_token)},
    )

    problem(response, 401, "UNAUTHORIZED")
    assert response.headers["www-authenticate"].startswith("Bearer ")


def test_two_authorization_headers_are_refused(api: Api) -> None:
    """One reader would take the first and another the last."""
    session = api.signed_in()
    genuine, other = session.headers["Authorization"], "Bearer x"

    for pair in ([genuine, other], [other, genuine], [genuine, genuine]):
        response = api.get("/users/profile", headers=[("Authorization", each) for each in pair])

        problem(response, 400, "VALIDATION_FAILED")


@pytest.mark.requirement(30)
@pytest.mark.parametrize("name", ["access_token", "token", "accessToken", "authorization"])
def test_a_token_in_the_query_is_no_authentication(api: Api, name: str) -> None:
    """RFC 6750, 2.3 is not offered, and the answer does not repeat the token."""
    session = api.signed_in()

    response = api.get(f"/users/profile?{name}={session.access_token}")

    problem(response, 401, "UNAUTHORIZED")
    assert session.access_token not in response.text


@pytest.mark.requirement(30)
def test_a_token_in_body_or_cookie_is_no_authentication(api: Api) -> None:
    """RFC 6750, 2.2 is not offered either."""
    session = api.signed_in()

    cookie = api.get("/users/profile", headers={"Cookie": f"access_token={session.access_token}"})
    body = api.patch("/users/profile", {"access_token": session.access_token})

    problem(cookie, 401, "UNAUTHORIZED")
    problem(body, 401, "UNAUTHORIZED")
