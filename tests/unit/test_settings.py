"""The environment: parsed once, with every fault named and no secret shown."""

from __future__ import annotations

import base64
import secrets
from dataclasses import FrozenInstanceError
from datetime import timedelta

import pytest

from service.settings import Settings, SettingsError, parse_sealing_keys

KEY = base64.urlsafe_b64encode(bytes(range(32))).decode()
WHOLE = {
    "ENVIRONMENT": "dev",
    "AWS_REGION": "eu-central-1",
    "COGNITO_USER_POOL_ID": "eu-central-1_Pool",
    "COGNITO_CLIENT_ID": "client",
    "COGNITO_CLIENT_SECRET": "canary-secret-of-the-client",
    "USERS_TABLE": "users-dev",
    "SEALING_KEYS": f"k1:{KEY}",
}


def faults_of(**changes: str) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment({**WHOLE, **changes})
    return [line.strip() for line in str(refused.value).splitlines()[1:]]


def test_a_whole_environment_needs_no_more() -> None:
    """Lifetimes, issuer and JWKS follow from what is given."""
    settings = Settings.from_environment(WHOLE)

    issuer = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Pool"
    assert settings.token_issuer == issuer
    assert settings.jwks_url == f"{issuer}/.well-known/jwks.json"
    assert settings.session_idle == timedelta(days=14)
    assert settings.session_absolute == timedelta(days=30)
    assert settings.refresh_grace == timedelta(seconds=30)
    assert settings.hide_existing_accounts is False
    assert settings.mail_sender is None
    assert settings.sealing_keys == {"k1": bytes(range(32))}


def test_everything_can_be_said_otherwise() -> None:
    """Each optional variable changes its setting."""
    settings = Settings.from_environment(
        {
            **WHOLE,
            "TOKEN_ISSUER": "https://issuer.example",
            "JWKS_URL": "http://127.0.0.1:4566/jwks",
            "SESSION_IDLE_DAYS": "1",
            "SESSION_ABSOLUTE_DAYS": "2",
            "REFRESH_GRACE_SECONDS": "0",
            "HIDE_EXISTING_ACCOUNTS": "TRUE",
            "MAIL_SENDER": "no-reply@example.com",
            "REGISTRATION_FLOOR_SECONDS": "2",
            "ALLOWED_ORIGINS": "https://app.example, http://localhost:5173",
            "LOG_LEVEL": "DEBUG",
            "SERVICE_VERSION": "1.2.3",
        }
    )

    assert settings.token_issuer == "https://issuer.example"
    assert settings.jwks_url == "http://127.0.0.1:4566/jwks"
    assert settings.session_idle == timedelta(days=1)
    assert settings.session_absolute == timedelta(days=2)
    assert settings.refresh_grace == timedelta(0)
    assert settings.hide_existing_accounts is True
    assert settings.mail_sender == "no-reply@example.com"
    assert settings.registration_floor == timedelta(seconds=2)
    assert settings.allowed_origins == ("https://app.example", "http://localhost:5173")
    assert (settings.log_level, settings.version) == ("DEBUG", "1.2.3")


def test_an_empty_environment_names_every_missing_variable() -> None:
    """One start is enough to learn what is to be set."""
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment({})

    for name in WHOLE:
        assert f"\n  {name}: " in str(refused.value), name


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("value", [None, ""])
def test_each_missing_variable_is_named_alone(name: str, value: str | None) -> None:
    """Unset and empty are the same fault."""
    environment = {key: text for key, text in WHOLE.items() if key != name}
    if value is not None:
        environment[name] = value

    with pytest.raises(SettingsError) as refused:
        Settings.from_environment(environment)

    lines = str(refused.value).splitlines()
    assert len(lines) == 2
    assert lines[1].startswith(f"  {name}: ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENVIRONMENT", "staging"),
        ("COGNITO_CLIENT_SECRET", "changeme"),
        ("COGNITO_CLIENT_SECRET", "CHANGEME"),
        ("COGNITO_CLIENT_SECRET", "too short"),
        ("SEALING_KEYS", "k1"),
        ("SEALING_KEYS", "k1:"),
        ("SEALING_KEYS", "k1:not base64url!"),
        ("SEALING_KEYS", "k1:" + base64.urlsafe_b64encode(bytes(31)).decode()),
        ("SEALING_KEYS", "k1:" + base64.urlsafe_b64encode(bytes(32)).decode()),
        ("SEALING_KEYS", f"k-1:{KEY}"),
        ("SEALING_KEYS", f"{'k' * 17}:{KEY}"),
        ("SEALING_KEYS", " , "),
        ("SESSION_IDLE_DAYS", "-1"),
        ("SESSION_IDLE_DAYS", "1.5"),
        ("SESSION_IDLE_DAYS", "\N{ARABIC-INDIC DIGIT FIVE}"),
        ("SESSION_ABSOLUTE_DAYS", "36501"),
        ("REFRESH_GRACE_SECONDS", "soon"),
        ("HIDE_EXISTING_ACCOUNTS", "yes please"),
        ("HIDE_EXISTING_ACCOUNTS", "true"),
        ("MAIL_SENDER", "Lifestyle <no-reply@example.com>"),
        ("MAIL_SENDER", "a@example.com, b@example.com"),
        ("MAIL_SENDER", "example.com"),
        ("ALLOWED_ORIGINS", "*"),
        ("ALLOWED_ORIGINS", "https://app.example,app.example"),
        ("LOG_LEVEL", "verbose"),
    ],
)
def test_a_faulty_variable_stops_the_start_by_name(name: str, value: str) -> None:
    """The fault names the variable, and never a secret's value."""
    (fault,) = faults_of(**{name: value})

    assert fault.startswith(f"{name}: ")
    if name in {"COGNITO_CLIENT_SECRET", "SEALING_KEYS"} and len(value) > 4:
        assert value not in fault


def test_no_secret_shows_in_a_repr() -> None:
    """Settings may end in a traceback (requirement 40)."""
    shown = repr(Settings.from_environment(WHOLE))

    assert WHOLE["COGNITO_CLIENT_SECRET"] not in shown
    assert repr(bytes(range(32)))[2:20] not in shown


def test_settings_do_not_change() -> None:
    """What was parsed at the start holds."""
    settings = Settings.from_environment(WHOLE)

    with pytest.raises(FrozenInstanceError):
        settings.table = "other"


def test_the_first_key_seals_and_all_are_kept() -> None:
    """Order is meaning: the new key in front, the retiring one behind."""
    keys = [base64.urlsafe_b64encode(secrets.token_bytes(32)).decode() for _ in range(2)]

    parsed = parse_sealing_keys(f"new:{keys[0]}, old:{keys[1].rstrip('=')}")

    assert list(parsed) == ["new", "old"]
    assert parsed["old"] == base64.urlsafe_b64decode(keys[1])
