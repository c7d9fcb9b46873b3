"""The composition root: settings -> aws -> domain -> handlers -> engine; all wiring is here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp

from service import operations, telemetry
from service.aws.accounts import DynamoAccounts
from service.aws.clients import Clients, connect
from service.aws.cognito import CognitoDirectory
from service.aws.cognito_mfa import CognitoSecondFactor
from service.aws.cognito_passwords import CognitoPasswords
from service.aws.digests import KeyedDigests
from service.aws.email_changes import DynamoEmailChanges
from service.aws.exports import DynamoExports
from service.aws.idempotency import DynamoIdempotency
from service.aws.jwks import JwksCache, fetcher
from service.aws.limits import DynamoRateLimits
from service.aws.mail import SesMailer
from service.aws.mfa import DynamoMfa
from service.aws.sessions import DynamoSessions
from service.aws.table import Table
from service.aws.tokens import AccessTokens, AeadSealer
from service.contract import create_app
from service.contract.site import Site
from service.domain.accounts import Accounts
from service.domain.deletion import Deletion
from service.domain.email_change import CodeHasher, EmailChanges, EmailChanging
from service.domain.export import Exports, HoldingsStore
from service.domain.health import Health
from service.domain.hiding import Registrations
from service.domain.idempotency import Idempotency, IdempotencyStore
from service.domain.limits import Limits, RateLimits
from service.domain.mfa import Mfa
from service.domain.notices import Notices
from service.domain.open_sessions import OpenSessions
from service.domain.password import PasswordDirectory, Passwords
from service.domain.ports import (
    AccountStore,
    Audit,
    Clock,
    Directory,
    Mailer,
    Sealer,
    SessionStore,
    utc_now,
)
from service.domain.profile import Profiles
from service.domain.second_factor import MfaStore, SecondFactor
from service.domain.sessions import SessionPolicy, Sessions
from service.handlers.problems import translate
from service.handlers.services import Services
from service.settings import Settings

BUNDLE = Path(__file__).with_name("bundle.json")
"""The compiled contract; `python -m service.contract compile` writes it."""

CONTRACT = Path(__file__).parents[1] / "openapi.yaml"
"""Its source, served at `/openapi.yaml` where it is there; an image need not hold it."""


@dataclass(frozen=True, slots=True)
class Ports:
    """The adapters a deployment runs on; tests put fakes in their place. No mailer: mail is off."""

    directory: Directory
    accounts: AccountStore
    sessions: SessionStore
    sealer: Sealer
    hasher: CodeHasher
    second_factor: SecondFactor
    mfa: MfaStore
    passwords: PasswordDirectory
    limits: RateLimits
    idempotency: IdempotencyStore
    email_changes: EmailChanges
    exports: HoldingsStore
    mailer: Mailer | None = None
    audit: Audit = telemetry.audit
    clock: Clock = utc_now


def adapters(settings: Settings, clients: Clients, clock: Clock = utc_now) -> Ports:
    """Return the ports on Amazon Cognito, DynamoDB and SES."""
    table = Table(clients.dynamodb, settings.table)
    sealer, digests = AeadSealer(settings.sealing_keys), KeyedDigests(settings.sealing_keys)
    pool: dict[str, Any] = {
        "pool_id": settings.user_pool_id,
        "client_id": settings.client_id,
        "client_secret": settings.client_secret,
    }
    return Ports(
        directory=CognitoDirectory(clients.cognito, **pool),
        second_factor=CognitoSecondFactor(clients.cognito, **pool),
        mfa=DynamoMfa(table),
        passwords=CognitoPasswords(clients.cognito, **pool),
        accounts=DynamoAccounts(table),
        sessions=DynamoSessions(table, sealer),
        sealer=sealer,
        hasher=digests,
        email_changes=DynamoEmailChanges(table),
        exports=DynamoExports(table),
        mailer=SesMailer(clients.mail, settings.mail_sender) if settings.mail_sender else None,
        limits=DynamoRateLimits(table, digests),
        idempotency=DynamoIdempotency(table, sealer, digests),
        clock=clock,
    )


def assemble(settings: Settings, ports: Ports) -> Services:
    """Return the domain on the given ports."""
    notices = Notices(ports.mailer, ports.audit)
    accounts = Accounts(
        directory=ports.directory,
        store=ports.accounts,
        audit=ports.audit,
        clock=ports.clock,
        replace_after=settings.replace_unverified_after,
    )
    sessions = Sessions(
        directory=ports.directory,
        accounts=accounts,
        store=ports.sessions,
        sealer=ports.sealer,
        audit=ports.audit,
        clock=ports.clock,
        policy=SessionPolicy(
            idle=settings.session_idle,
            absolute=settings.session_absolute,
            grace=settings.refresh_grace,
            hide_existing_accounts=settings.hide_existing_accounts,
        ),
    )
    return Services(
        accounts=accounts,
        registrations=Registrations(
            accounts,
            notices,
            hide=settings.hide_existing_accounts,
            floor=settings.registration_floor,
        ),
        sessions=sessions,
        passwords=Passwords(ports.passwords, sessions, notices, ports.audit),
        open_sessions=OpenSessions(sessions),
        mfa=Mfa(
            sessions=sessions,
            factor=ports.second_factor,
            store=ports.mfa,
            notices=notices,
            setup_within=settings.mfa_setup_within,
        ),
        profiles=Profiles(sessions=sessions, store=ports.accounts, clock=ports.clock),
        notices=notices,
        deletion=Deletion(sessions),
        exports=Exports(sessions, ports.exports),
        email_changing=EmailChanging(sessions, ports.email_changes, ports.hasher, notices),
        health=Health(directory=ports.directory, store=ports.accounts),
        limits=Limits(ports.limits, ports.audit, ports.clock, settings.rate_limits),
        idempotency=Idempotency(ports.idempotency, ports.audit, ports.clock),
        clock=ports.clock,
        version=settings.version,
    )


def create(
    settings: Settings,
    *,
    bundle: Mapping[str, Any] | None = None,
    clients: Clients | None = None,
    clock: Clock = utc_now,
    **engine: Any,
) -> ASGIApp:
    """Return the server as an ASGI application; `engine` goes to `create_app` as it is.

    Sends nothing: a deployment whose AWS is unreachable starts and answers 503.
    """
    telemetry.configure(settings.log_level)
    if settings.mail_sender is None:
        telemetry.logger.warning(
            "mail is off: MAIL_SENDER is not set, so nobody is told of changes"
        )
    clients = clients or connect(settings.region)
    tokens = AccessTokens(
        JwksCache(fetcher(settings.jwks_url)),
        issuer=settings.token_issuer,
        client_id=settings.client_id,
    )
    bundle = bundle or json.loads(BUNDLE.read_bytes())
    api = create_app(
        bundle,
        operations.bind(assemble(settings, adapters(settings, clients, clock))),
        authenticate={"bearer": tokens.authenticate},
        translate=translate,
        observe=telemetry.observe,
        **engine,
    )
    return Site(api, bundle, CONTRACT)
