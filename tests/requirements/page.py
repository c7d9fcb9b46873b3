"""Writes docs/requirements.md, and compares it without its results."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.requirements.catalogue import Requirement
from tests.requirements.evidence import Evidence, Proof

PAGE = Path(__file__).resolve().parents[2] / "docs" / "requirements.md"

HEAD = """\
# Requirements and their tests

Written by `make requirements`, which runs the tests below; never edited. A test names what it
proves with `@pytest.mark.requirement(number)`. ASVS is OWASP ASVS 5.0, API is the OWASP API
Security Top 10 of 2023. A test fails when a requirement has no test, or when this page names
others than there are.
"""


def render(requirements: list[Requirement], evidence: Evidence) -> str:
    """Return the page."""
    lines = [HEAD, *_overview(requirements, evidence)]
    for each in requirements:
        lines += ["", f"## {each.number}. {each.text}", "", f"{each.source}.", ""]
        lines += _tests(evidence.proofs.get(each.number, {}))
    return "\n".join(lines) + "\n"


def mapping(page: str) -> str:
    """Return a page without the results, which depend on the run."""
    return re.sub(r"( \*\*)[^*]+(\*\*)$|(\| )[^|]*( \|)$", r"\1\2", page, flags=re.M)


def results(page: str) -> dict[str, str]:
    """Return the results of a page by node id, but those that did not pass."""
    lines = re.findall(r"^- \[(.+?)\].* `(\w+)`: .*\*\*(passed[^*]*)\*\*$", page, re.M)
    return {f"{path}::{name}": result for path, name, result in lines}


def _overview(requirements: list[Requirement], evidence: Evidence) -> Iterator[str]:
    proven = sum(1 for each in requirements if evidence.proofs.get(each.number))
    yield f"{proven} of {len(requirements)} have a test."
    yield ""
    yield "| | tests | last run |"
    yield "|---|---|---|"
    for each in requirements:
        proofs = evidence.proofs.get(each.number, {}).values()
        yield f"| {each.number} | {len(proofs)} | {_summary(list(proofs))} |"


def _summary(proofs: list[Proof]) -> str:
    words = [proof.result.partition(",")[0] for proof in proofs]
    return ", ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(words)) or "-"


def _tests(proofs: dict[str, Proof]) -> Iterator[str]:
    for _, proof in sorted(proofs.items()):
        place = f"[{proof.path}](../{proof.path})"
        yield f"- {place} `{proof.name}`: {proof.sentence} **{proof.result}**"
    if not proofs:
        yield "No test yet."
