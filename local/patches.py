"""Strictness that ministack 1.5.33 lacks: each wrapper restores one documented Cognito behaviour.

Only `local.child` applies them, after it has refused every other version. A test per wrapper shows
that the unpatched emulator still differs, so a wrapper can go when ministack has caught up.

GUIDE is https://docs.aws.amazon.com/cognito/latest/developerguide, API is
https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any

# Seconds a mailed code is good for. GUIDE/signing-up-users-in-your-app.html (24 hours),
# GUIDE/how-to-recover-a-user-account.html (one hour).
CODE_LIFETIMES = {"_confirmation_code": 24 * 3600, "_reset_code": 3600}
# A code is accepted in its own 30 second step and one on either side.
TOTP_WINDOW = 90

User = dict[str, Any]
Handler = Callable[..., Any]


def apply(cognito: ModuleType) -> None:
    """Wrap the functions of ministack's Cognito module."""
    _serialise(cognito)
    _mail_random_codes(cognito)
    _let_codes_expire(cognito)
    _verify_the_address_on_confirmation(cognito)
    _resend_and_reset_only_in_the_right_state(cognito)
    _accept_a_totp_code_once(cognito)
    _bind_mfa_sessions(cognito)  # Last, because Cognito looks at the session before the code.


def allow_mail_by_identity(iam: ModuleType) -> None:
    """Evaluate policies on the identity that a mail is from, where ministack asks for `*`.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsimpleemailservicev2.html
    """

    def make(original: Handler) -> Handler:
        def resource(method: str, path: str, body: bytes, region: str, account: str) -> Any:
            if path.rstrip("/") != "/v2/email/outbound-emails":
                return original(method, path, body, region, account)
            domain = json.loads(body)["FromEmailAddress"].rpartition("@")[2]
            return f"arn:aws:ses:{region}:{account}:identity/{domain}"

        return resource

    _replace(iam, "_ses_v2_resource_arn", make)


def age_codes(cognito: ModuleType, seconds: float) -> None:
    """Make every mailed code that much older, so that a test need not wait for its expiry."""
    for pool in cognito._user_pools.all_values():
        for user in pool["_users"].values():
            for name in CODE_LIFETIMES:
                if f"{name}_at" in user:
                    user[f"{name}_at"] -= seconds


def _replace(module: ModuleType, name: str, make: Callable[[Handler], Handler]) -> None:
    original = getattr(module, name)  # AttributeError at start: ministack has changed.
    setattr(module, name, wraps(original)(make(original)))


def _serialise(cognito: ModuleType) -> None:
    """Let one Cognito handler run at a time.

    ministack gives each its own thread and reads before it writes, so two uses of one code at one
    moment could both pass; API/API_ConfirmForgotPassword.html: a code is for one use.
    """
    lock = threading.Lock()

    def make(original: Handler) -> Handler:
        def run(*arguments: Any) -> Any:
            with lock:
                return original(*arguments)

        return run

    _replace(cognito, "_run_idp_handler", make)


def _mail_random_codes(cognito: ModuleType) -> None:
    """Mail a random six-digit code instead of 123456 and 654321; a newer one replaces the older.

    GUIDE/signing-up-users-in-your-app.html, API/API_ForgotPassword.html.
    """

    def make(original: Handler) -> Handler:
        def send(
            pool: User, username: str, attributes: User, code: str, attribute_name: str = "email"
        ) -> Any:
            user, _ = cognito._resolve_user(pool, username)
            name = "_reset_code" if attribute_name == "password" else "_confirmation_code"
            code = user[name] = f"{secrets.randbelow(10**6):06d}"
            user[f"{name}_at"] = time.time()
            return original(pool, username, attributes, code, attribute_name)

        return send

    _replace(cognito, "_send_verification_email", make)


def _let_codes_expire(cognito: ModuleType) -> None:
    """Refuse an old code with ExpiredCodeException; see CODE_LIFETIMES for the sources."""

    def make(original: Handler) -> Handler:
        def check(action: str, data: dict[str, Any]) -> Any:
            if action in ("ConfirmSignUp", "ConfirmForgotPassword") and (
                user := _user_of_client(cognito, data)
            ):
                for name, lifetime in CODE_LIFETIMES.items():
                    if time.time() - user.get(f"{name}_at", 0) > lifetime:
                        user.pop(name, None)
            return original(action, data)

        return check

    _replace(cognito, "_confirmation_code_error", make)


def _verify_the_address_on_confirmation(cognito: ModuleType) -> None:
    """Set `email_verified` when the mailed code confirms a sign-up: API/API_ConfirmSignUp.html."""

    def make(original: Handler) -> Handler:
        def confirm(data: dict[str, Any]) -> Any:
            answer = original(data)
            user = _user_of_client(cognito, data)
            if answer[0] == 200 and user:
                verified = [{"Name": "email_verified", "Value": "true"}]
                user["Attributes"] = cognito._merge_attributes(user["Attributes"], verified)
            return answer

        return confirm

    _replace(cognito, "_confirm_sign_up", make)


def _resend_and_reset_only_in_the_right_state(cognito: ModuleType) -> None:
    """Refuse to resend to a confirmed user and to reset for one without a verified address.

    Both answer InvalidParameterException; GUIDE/how-to-recover-a-user-account.html and
    API/API_ForgotPassword.html: the code goes to a verified address.
    """

    def resending(original: Handler) -> Handler:
        def resend(data: dict[str, Any]) -> Any:
            user = _user_of_client(cognito, data)
            if user and user["UserStatus"] != "UNCONFIRMED":
                return _refusal(cognito, "InvalidParameter", "User is already confirmed.")
            return original(data)

        return resend

    def resetting(original: Handler) -> Handler:
        def forgot(data: dict[str, Any]) -> Any:
            user = _user_of_client(cognito, data)
            known = cognito._attr_list_to_dict(user["Attributes"]) if user else {}
            if user and known.get("email_verified") != "true":
                return _refusal(
                    cognito,
                    "InvalidParameter",
                    "Cannot reset password for the user as there is no registered/verified "
                    "email or phone_number",
                )
            return original(data)

        return forgot

    _replace(cognito, "_resend_confirmation_code", resending)
    _replace(cognito, "_forgot_password", resetting)


def _bind_mfa_sessions(cognito: ModuleType) -> None:
    """Take a challenge's answer only with the session of that user's own sign-in, and only once.

    API/API_AdminRespondToAuthChallenge.html (Session), API/API_CreateUserPoolClient.html
    (AuthSessionValidity: three minutes unless set).
    """

    def challenging(original: Handler) -> Handler:
        def challenge(pool: User, user: User, *rest: Any) -> Any:
            made = original(pool, user, *rest)
            if made:
                # The user's own name, never an alias: API/API_AdminInitiateAuth.html,
                # ChallengeParameters. ministack repeats what was sent.
                made["ChallengeParameters"]["USER_ID_FOR_SRP"] = user["Username"]
                now = time.time()
                open_ = user.get("_mfa_sessions", {})
                user["_mfa_sessions"] = {key: end for key, end in open_.items() if end > now}
                user["_mfa_sessions"][made["Session"]] = now + 180
            return made

        return challenge

    def answering(original: Handler) -> Handler:
        def answer(data: dict[str, Any]) -> Any:
            user = _challenged(cognito, data)
            if user is None:
                return original(data)
            sessions, session = user.get("_mfa_sessions", {}), data.get("Session")
            if sessions.get(session, 0) < time.time():
                return _refusal(cognito, "NotAuthorized", "Invalid session for the user.")
            reply = original(data)
            if reply[0] == 200:
                del sessions[session]
            return reply

        return answer

    _replace(cognito, "_mfa_challenge_for_user", challenging)
    _replace(cognito, "_admin_respond_to_auth_challenge", answering)
    _replace(cognito, "_respond_to_auth_challenge", answering)


def _accept_a_totp_code_once(cognito: ModuleType) -> None:
    """Refuse a software token's code that was used: RFC 6238 section 5.2.

    GUIDE/user-pool-settings-mfa-totp.html; the real answer is ExpiredCodeException "Your software
    token has already been used once."
    """

    def guarding(find: Callable[[dict[str, Any]], User | None], member: str) -> Any:
        def make(original: Handler) -> Handler:
            def answer(data: dict[str, Any]) -> Any:
                user = find(data)
                if user is None:
                    return original(data)
                code = (data.get("ChallengeResponses") or data).get(member)
                now, used = time.time(), user.setdefault("_totp_used", {})
                if used.get(code, 0) > now - TOTP_WINDOW:
                    text = "Your software token has already been used once."
                    return _refusal(cognito, "ExpiredCode", text)
                reply = original(data)
                if reply[0] == 200:
                    used[code] = now
                return reply

            return answer

        return make

    def challenged(data: dict[str, Any]) -> User | None:
        return _challenged(cognito, data)

    def enrolling(data: dict[str, Any]) -> User | None:
        user: User | None = cognito._user_for_access_token(data.get("AccessToken"))
        return user

    code = "SOFTWARE_TOKEN_MFA_CODE"
    _replace(cognito, "_admin_respond_to_auth_challenge", guarding(challenged, code))
    _replace(cognito, "_respond_to_auth_challenge", guarding(challenged, code))
    _replace(cognito, "_verify_software_token", guarding(enrolling, "UserCode"))


def _user_of_client(cognito: ModuleType, data: dict[str, Any]) -> User | None:
    pool, _ = cognito._pool_for_client(data.get("ClientId"))
    user: User | None = cognito._resolve_user(pool, data.get("Username"))[0] if pool else None
    return user


def _challenged(cognito: ModuleType, data: dict[str, Any]) -> User | None:
    if data.get("ChallengeName") != "SOFTWARE_TOKEN_MFA":
        return None
    username = (data.get("ChallengeResponses") or {}).get("USERNAME")
    return _user_of_client(cognito, {**data, "Username": username})


def _refusal(cognito: ModuleType, error: str, message: str) -> Any:
    return cognito.error_response_json(f"{error}Exception", message, 400)
