"""docs/threats.md: every claim names a test or module that is there."""

from __future__ import annotations

import re

import pytest

from local.emulator import ROOT

THREATS = ROOT / "docs" / "threats.md"
DEFENDED = re.findall(r"^\| (.+) \| (.+) \| (.+) \|$", THREATS.read_text(encoding="utf-8"), re.M)
LINKS = re.findall(r"\]\(([^)]+)\)", THREATS.read_text(encoding="utf-8"))


def test_every_defence_is_linked() -> None:
    """A row of the first table without a link is only a promise."""
    claims = [row for row in DEFENDED if row[0] != "An attacker"]

    assert len(claims) > 15
    assert [row[0] for row in claims if "](../" not in row[2]] == []


@pytest.mark.parametrize("link", LINKS)
def test_what_is_linked_is_there(link: str) -> None:
    """A file that is moved or renamed takes its proof along."""
    assert (THREATS.parent / link).is_file()
