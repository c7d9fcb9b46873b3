"""The one password rule: stated alike everywhere, and what it refuses."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.shape import PASSWORD_POLICY
from service.domain.errors import CommonPassword, PasswordRejected, PersonalPassword
from service.domain.password_rule import COMMON, refuse_guessable
from tests.fakes import MINIMUM_PASSWORD

ROOT = Path(__file__).resolve().parents[2]
CONTRACT: dict[str, Any] = yaml.safe_load((ROOT / "openapi.yaml").read_text())
EMAIL = "ada.byron@example.com"
NAMES = ("Ada", "Lovelace")


def new_passwords() -> set[tuple[str, str]]:
    """Every property of the contract that holds a password to be set."""
    return {
        (name, field)
        for name, schema in CONTRACT["components"]["schemas"].items()
        for field, below in schema.get("properties", {}).items()
        if below.get("$ref", "").endswith("/NewPassword")
    }


@pytest.mark.requirement(2)
def test_sign_up_change_and_reset_take_the_same_password() -> None:
    """One schema, 8 to 128 characters, at all three."""
    rule = CONTRACT["components"]["schemas"]["NewPassword"]

    assert new_passwords() == {
        ("RegisterUserRequest", "password"),
        ("ChangePasswordRequest", "newPassword"),
        ("ConfirmPasswordResetRequest", "newPassword"),
    }
    assert (rule["minLength"], rule["maxLength"]) == (8, 128)


@pytest.mark.requirement(2)
def test_contract_pool_terraform_and_fake_state_one_rule() -> None:
    """A minimum of 8 and nothing about kinds of characters, wherever it is written."""
    text = (ROOT / "infra/base/users.tf").read_text()
    block = re.search(r"password_policy \{(.*?)\}", text, re.DOTALL)
    assert block is not None
    terraform = dict(re.findall(r"(\w+)\s*=\s*(\S+)", block[1]))
    wanted = {
        "minimum_length": "MinimumLength",
        "require_lowercase": "RequireLowercase",
        "require_numbers": "RequireNumbers",
        "require_symbols": "RequireSymbols",
        "require_uppercase": "RequireUppercase",
        "temporary_password_validity_days": "TemporaryPasswordValidityDays",
    }

    assert {wanted[name]: yaml.safe_load(value) for name, value in terraform.items()} == (
        PASSWORD_POLICY
    )
    assert not any(value is True for value in PASSWORD_POLICY.values())
    minimum = CONTRACT["components"]["schemas"]["NewPassword"]["minLength"]
    assert PASSWORD_POLICY["MinimumLength"] == MINIMUM_PASSWORD == minimum


@pytest.mark.requirement(4)
@pytest.mark.parametrize(
    "password", ["password", "12345678", "PassWord1", "QWERTYUIOP", "iloveyou"]
)
def test_what_everybody_uses_is_refused(password: str) -> None:
    """In any case."""
    with pytest.raises(CommonPassword):
        refuse_guessable(password, EMAIL, NAMES)


@pytest.mark.requirement(5)
@pytest.mark.parametrize(
    "password",
    [
        "lifestyle",
        "LifeStyle2026",
        "lovelace",
        "1815Lovelace",
        "!lovelace!!!",
        "ada.byron",
        "12ADA.BYRON34",
        "adalovelace",
    ],
)
def test_what_is_known_of_the_person_is_refused(password: str) -> None:
    """A word with up to four characters around it is the word."""
    with pytest.raises(PersonalPassword):
        refuse_guessable(password, EMAIL, NAMES)


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "lovelace and babbage",
        "adaadaada",
        "my lifestyle app",
        "passwordpasswordpasswordx",
        "x" * 128,
        "password1\npassword2",
    ],
)
def test_what_only_contains_them_is_taken(password: str) -> None:
    """A long phrase may hold a name; a name of three letters is in too many words."""
    refuse_guessable(password, EMAIL, NAMES)


def test_a_refusal_says_why_and_repeats_nothing() -> None:
    """The person can do something about it; the password is in no message."""
    for password in ("password1", "lovelace1"):
        with pytest.raises(PasswordRejected) as refused:
            refuse_guessable(password, EMAIL, NAMES)

        assert refused.value.detail
        assert password not in f"{refused.value.detail} {refused.value}"


@pytest.mark.requirement(4)
def test_the_list_is_compact_sorted_and_long_enough() -> None:
    """At least the 3 000 of ASVS 6.2.4 that match the rule; one a line; its source beside it."""
    words = COMMON.read_text().split("\n")

    assert words[0] == words[-1] == ""
    assert words[1:-1] == sorted({word.casefold() for word in words[1:-1]})
    assert min(len(word) for word in words[1:-1]) >= 8
    assert len(words) > 3000
    assert COMMON.stat().st_size < 100_000
    licence = COMMON.with_name("common_passwords.licence.txt").read_text()
    assert "Django 5.2.8" in licence
    assert "Redistribution and use" in licence


def test_looking_costs_microseconds() -> None:
    """Far less than the millisecond that a request of ours takes, for the worst of passwords."""
    refuse_guessable("x" * 128, EMAIL)
    started = time.perf_counter()

    for _ in range(200):
        refuse_guessable("ssssssss ssssssss", EMAIL, NAMES)

    assert (time.perf_counter() - started) / 200 < 0.001
