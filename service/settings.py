"""Typed settings from the environment, parsed once; a start names every fault at a time."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from service.domain.limits import DEFAULTS, Policy, local_defaults, parse_limits

T = TypeVar("T")

_PLACEHOLDERS = frozenset({"changeme", "change-me", "secret", "todo", "xxx", "placeholder"})


class SettingsError(ValueError):
    """Raised when the environment does not hold what the service needs; lists every fault."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a deployment decides. Durations are `timedelta`; keys are raw 32 byte AES keys by id."""

    environment: str
    region: str
    user_pool_id: str
    client_id: str
    client_secret: str = field(repr=False)
    table: str
    sealing_keys: Mapping[str, bytes] = field(repr=False)
    token_issuer: str
    jwks_url: str
    session_idle: timedelta = timedelta(days=14)
    session_absolute: timedelta = timedelta(days=30)
    refresh_grace: timedelta = timedelta(seconds=30)
    replace_unverified_after: timedelta = timedelta(seconds=2)
    mfa_setup_within: timedelta = timedelta(minutes=15)
    hide_existing_accounts: bool = False
    registration_floor: timedelta = timedelta(seconds=1)
    mail_sender: str | None = None
    rate_limits: Mapping[str, Policy] = field(default_factory=lambda: DEFAULTS)
    allowed_origins: tuple[str, ...] = ()
    log_level: str = "INFO"
    version: str = "dev"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Parse the environment. Raises `SettingsError` naming every missing or faulty variable."""
        read = _Reader(environment)
        region = read.text("AWS_REGION", None)
        pool = read.text("COGNITO_USER_POOL_ID", None)
        issuer = read.text("TOKEN_ISSUER", f"https://cognito-idp.{region}.amazonaws.com/{pool}")
        stage = read.choice("ENVIRONMENT", ("local", "dev", "prod"))
        limits = local_defaults() if stage == "local" else DEFAULTS
        settings = cls(
            environment=stage,
            region=region,
            user_pool_id=pool,
            client_id=read.text("COGNITO_CLIENT_ID", None),
            client_secret=read.secret("COGNITO_CLIENT_SECRET"),
            table=read.text("USERS_TABLE", None),
            sealing_keys=read.parsed("SEALING_KEYS", parse_sealing_keys, None),
            token_issuer=issuer,
            jwks_url=read.text("JWKS_URL", f"{issuer}/.well-known/jwks.json"),
            session_idle=read.duration("SESSION_IDLE_DAYS", timedelta(days=14)),
            session_absolute=read.duration("SESSION_ABSOLUTE_DAYS", timedelta(days=30)),
            refresh_grace=read.duration("REFRESH_GRACE_SECONDS", timedelta(seconds=30)),
            replace_unverified_after=read.duration(
                "REPLACE_UNVERIFIED_AFTER_SECONDS", timedelta(seconds=2)
            ),
            mfa_setup_within=read.duration("MFA_SETUP_WITHIN_SECONDS", timedelta(minutes=15)),
            hide_existing_accounts=read.parsed("HIDE_EXISTING_ACCOUNTS", _boolean, "false"),
            registration_floor=read.duration("REGISTRATION_FLOOR_SECONDS", timedelta(seconds=1)),
            mail_sender=read.parsed("MAIL_SENDER", _address, "") or None,
            rate_limits=read.parsed("RATE_LIMITS", lambda text: parse_limits(text, limits), ""),
            allowed_origins=read.parsed("ALLOWED_ORIGINS", _origins, ""),
            log_level=read.choice("LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR"), "INFO"),
            version=read.text("SERVICE_VERSION", "dev"),
        )
        if settings.hide_existing_accounts and not settings.mail_sender:
            read.fault("HIDE_EXISTING_ACCOUNTS", "it needs MAIL_SENDER: the owner is mailed")
        read.finish()
        return settings


def parse_sealing_keys(text: str) -> dict[str, bytes]:
    """Parse `kid:base64url[,kid:base64url]`, the sealing key first. Raises `ValueError`."""
    keys: dict[str, bytes] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        key_id, separator, encoded = entry.partition(":")
        if not separator or not key_id.isalnum() or len(key_id) > 16:
            raise ValueError("each entry is KEYID:BASE64URL, the id up to 16 letters and digits")
        try:
            key = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        except (binascii.Error, ValueError):
            raise ValueError(f"key {key_id} is not base64url") from None
        if len(key) != 32 or len(set(key)) < 8:
            raise ValueError(f"key {key_id} must be 32 random bytes")
        keys[key_id] = key
    if not keys:
        raise ValueError("it names no key")
    return keys


def _boolean(text: str) -> bool:
    try:
        return {"true": True, "1": True, "false": False, "0": False}[text.lower()]
    except KeyError:
        raise ValueError("it must be true or false") from None


def _address(text: str) -> str:
    if text and not re.fullmatch(r"[!-?A-~]+@[A-Za-z0-9.-]+", text):
        raise ValueError("it must be one address, without a name")
    return text


def _origins(text: str) -> tuple[str, ...]:
    origins = tuple(filter(None, (part.strip() for part in text.split(","))))
    if any(not origin.startswith(("http://", "https://")) for origin in origins):
        raise ValueError("each origin starts with http:// or https://; a wildcard is not accepted")
    return origins


class _Reader:
    """Reads variables and keeps the faults, so that one start names them all."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._faults: list[str] = []

    def parsed(self, name: str, parse: Callable[[str], T], default: str | None) -> T:
        text = self._environment.get(name, default)
        try:
            if not text and default is None:
                raise ValueError("it is not set")
            return parse(text or "")
        except ValueError as fault:
            self._faults.append(f"{name}: {fault}")
            return None  # type: ignore[return-value]  # finish() raises before it is used.

    def text(self, name: str, default: str | None) -> str:
        return self.parsed(name, str, default)

    def secret(self, name: str) -> str:
        def parse(text: str) -> str:
            if text.lower() in _PLACEHOLDERS or len(text) < 16:
                raise ValueError("it is a placeholder, not a secret")
            return text

        return self.parsed(name, parse, None)

    def choice(self, name: str, allowed: tuple[str, ...], default: str | None = None) -> str:
        def parse(text: str) -> str:
            if text not in allowed:
                raise ValueError(f"it must be one of {', '.join(allowed)}")
            return text

        return self.parsed(name, parse, default)

    def duration(self, name: str, default: timedelta) -> timedelta:
        unit = timedelta(days=1) if name.endswith("_DAYS") else timedelta(seconds=1)

        def parse(text: str) -> timedelta:
            if not text.isascii() or not text.isdigit() or int(text) > 36500:
                raise ValueError(f"it must be a whole number of {name.rpartition('_')[2].lower()}")
            return int(text) * unit

        return self.parsed(name, parse, str(default // unit))

    def fault(self, name: str, text: str) -> None:
        self._faults.append(f"{name}: {text}")

    def finish(self) -> None:
        if self._faults:
            raise SettingsError("The environment is not complete:\n  " + "\n  ".join(self._faults))
