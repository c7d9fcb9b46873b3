"""Collects the tests that carry the marker `requirement`, and what became of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

import pytest

ENDINGS = (
    pytest.ExitCode.OK,
    pytest.ExitCode.TESTS_FAILED,
    pytest.ExitCode.NO_TESTS_COLLECTED,
)
# From the best to the worst: a test is as good as its worst case.
OUTCOMES = ("passed", "skipped", "failed")


@dataclass
class Proof:
    """One test function: what it says of itself, and its cases by their node id."""

    name: str
    path: str
    sentence: str
    cases: dict[str, str] = field(default_factory=dict)
    before: str = ""

    @property
    def result(self) -> str:
        """The worst outcome of its cases, and how many there are."""
        if self.before:
            return self.before
        outcomes = Counter(outcome for outcome in self.cases.values() if outcome)
        if not outcomes:
            return "not run"
        worst = max(outcomes, key=OUTCOMES.index)
        return f"{worst}, {len(self.cases)} cases" if len(self.cases) > 1 else worst


@dataclass(eq=False)
class Evidence:
    """A pytest plugin: `proofs` maps a number to its tests by their node id without parameters.

    What has a result in `before` keeps it and is not run again.
    """

    before: dict[str, str] = field(default_factory=dict)
    proofs: dict[int, dict[str, Proof]] = field(default_factory=lambda: defaultdict(dict))

    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Keep what is marked, and leave the rest out of the run."""
        kept = [item for item in items if item.get_closest_marker("requirement")]
        for item in kept:
            for mark in item.iter_markers("requirement"):
                (number,) = mark.args
                self._proof(number, item).cases[item.nodeid] = ""
        run = [item for item in kept if base(item.nodeid) not in self.before]
        config.hook.pytest_deselected(items=[item for item in items if item not in run])
        items[:] = run

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note how a case ended; a fixture that fails is a failed case."""
        for proofs in self.proofs.values():
            proof = proofs.get(base(report.nodeid))
            if proof and report.nodeid in proof.cases:
                before = proof.cases[report.nodeid] or "passed"
                proof.cases[report.nodeid] = max(before, report.outcome, key=OUTCOMES.index)

    def _proof(self, number: int, item: Any) -> Proof:
        name = base(item.nodeid)
        sentence = (item.obj.__doc__ or "").strip().partition("\n")[0]
        path = name.partition("::")[0]
        return self.proofs[number].setdefault(
            name, Proof(item.originalname, path, sentence, before=self.before.get(name, ""))
        )


def base(node: str) -> str:
    """Return a node id without its parameters."""
    return node.partition("[")[0]


def collect(*, run: bool, before: dict[str, str] | None = None) -> Evidence:
    """Collect the marked tests of all suites and, if asked, run them. Raises `RuntimeError`."""
    evidence = Evidence(before=before or {})
    options = ["-q", "--no-header", "-p", "no:cacheprovider", *([] if run else ["--collect-only"])]
    status = pytest.main([*options, "tests"], plugins=[evidence])
    if status not in ENDINGS:
        raise RuntimeError(f"pytest could not collect the tests: {status!r}")
    return evidence
