"""Run the tests that prove the requirements and write the page; `--new` runs what is new."""

from __future__ import annotations

import argparse
import sys

from tests.requirements.catalogue import requirements
from tests.requirements.evidence import Evidence, collect
from tests.requirements.page import PAGE, mapping, render, results


def main() -> int:
    """Return 1 if the page was stale (`--check`) or a test failed."""
    arguments = argparse.ArgumentParser(prog="python -m tests.requirements", description=__doc__)
    arguments.add_argument("--check", action="store_true", help="do not run or write anything")
    arguments.add_argument("--new", action="store_true", help="keep what passed, run what is new")
    given = arguments.parse_args()
    check = given.check
    before = results(PAGE.read_text(encoding="utf-8")) if given.new else {}
    evidence = collect(run=not check, before=before)
    page = render(requirements(), evidence)
    if check:
        current = PAGE.exists() and mapping(PAGE.read_text(encoding="utf-8")) == mapping(page)
        print("missing:", *missing(evidence))
        print("the page is", "current" if current else "stale: run make requirements")
        return 0 if current else 1
    PAGE.write_text(page, encoding="utf-8")
    print("written:", PAGE.name, "without a test:", missing(evidence) or "none")
    return 1 if "failed" in page else 0


def missing(evidence: Evidence) -> list[int]:
    """Return the requirements that no test names."""
    return [each.number for each in requirements() if not evidence.proofs.get(each.number)]


if __name__ == "__main__":
    sys.exit(main())
