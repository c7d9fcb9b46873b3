"""docs/requirements.md: every requirement has a test, and the page names the tests there are."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from local.emulator import ROOT
from tests.requirements.catalogue import requirements
from tests.requirements.evidence import Evidence, Proof
from tests.requirements.page import mapping, render

# Requirements whose operations are not there yet. It only shrinks: a number that has a test and
# is still listed fails too.
WITHOUT_A_TEST: set[int] = set()


@pytest.fixture(scope="module")
def checked() -> subprocess.CompletedProcess[str]:
    """The outcome of the check, in a process of its own: it collects every suite."""
    command = [sys.executable, "-m", "tests.requirements", "--check"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_every_requirement_has_a_test(checked: subprocess.CompletedProcess[str]) -> None:
    """Forty of forty."""
    missing = re.search(r"^missing:([ 0-9]*)$", checked.stdout, re.M)

    assert missing, checked.stdout + checked.stderr
    assert {int(number) for number in missing[1].split()} == WITHOUT_A_TEST


def test_the_page_names_the_tests_there_are(checked: subprocess.CompletedProcess[str]) -> None:
    """A test that is renamed, added or removed makes the page stale."""
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_catalogue_has_forty_with_a_source() -> None:
    """Numbered from 1, each with a text and where it comes from."""
    entries = requirements()

    assert [each.number for each in entries] == list(range(1, 41))
    assert all(each.text and each.source for each in entries)


def proof(outcomes: dict[str, str], sentence: str = "It holds.") -> Evidence:
    evidence = Evidence()
    evidence.proofs[1]["tests/x.py::test_it"] = Proof("test_it", "tests/x.py", sentence, outcomes)
    return evidence


def test_a_page_is_compared_without_its_results() -> None:
    """The same tests with other results are the same page; another sentence is another page."""
    passed = render(requirements(), proof({"a": "passed", "b": "passed"}))
    failed = render(requirements(), proof({"a": "passed", "b": "failed"}))
    renamed = render(requirements(), proof({"a": "passed"}, "Another."))

    assert passed != failed
    assert mapping(passed) == mapping(failed)
    assert mapping(passed) != mapping(renamed)


def test_a_test_is_as_good_as_its_worst_case() -> None:
    """One failed case of two is a failed test."""
    page = render(requirements(), proof({"a": "passed", "b": "failed"}))

    assert "`test_it`: It holds. **failed, 2 cases**" in page
    assert "| 1 | 1 | 1 failed |" in page
    assert "| 2 | 0 | - |" in page
