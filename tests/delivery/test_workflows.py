"""What is true of both workflow files, and of what they and the documents name."""

import re
from pathlib import Path

import pytest

from tests.delivery.events import Event, pull_request, push
from tests.delivery.machine import BRANCHES, ROOT, VARIABLES
from tests.delivery.rehearsal import COMMANDS, Rehearsal
from tests.delivery.rehearse import DEPLOY, SCENARIOS, Scenario, differences, rehearse
from tests.delivery.rules import broken, repository_files
from tests.delivery.runner import Runner
from tests.delivery.workflow import Workflow

CHECKS = ROOT / ".github" / "workflows" / "ci.yml"


@pytest.mark.parametrize("file", [DEPLOY, CHECKS], ids=lambda file: file.name)
def test_a_workflow_keeps_the_rules(file: Path) -> None:
    """Pins, permissions, timeouts, commands, triggers, secrets."""
    assert broken(file.read_text(), repository_files(ROOT)) == []


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.title)
def test_the_deployment_does_in_each_case_what_it_should(scenario: Scenario) -> None:
    """Every event, and a failure in every phase, from memory."""
    run = rehearse(DEPLOY.read_text(), scenario)

    print(f"{scenario.title:18} {run.group:22} {' '.join(run.order)}")
    assert list(differences(scenario, run)) == []


@pytest.mark.parametrize(
    ("event", "compared"), [(pull_request(), "success"), (push(), "skipped")], ids=["pr", "push"]
)
def test_the_checks_run_on_every_python(
    event: Event, compared: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """On the oldest that is supported, on production's, and on what lies between."""
    machine = Rehearsal()
    scratch = tmp_path_factory.mktemp("checks")
    runner = Runner(CHECKS.read_text(), machine, VARIABLES, BRANCHES, scratch)

    results = runner.run(event).results()

    checks = dict.fromkeys(["checks 3.11", "checks 3.12", "checks 3.13", "workflows"], "success")
    assert results == {**checks, "contract": compared}


def test_the_rehearsal_knows_no_command_that_is_gone() -> None:
    """A command that no workflow runs any more would be rehearsed for nothing."""
    used = {
        step["run"].strip()
        for file in (DEPLOY, CHECKS)
        for _, step in Workflow(file.read_text()).steps()
        if "run" in step
    }

    assert set(COMMANDS) == used


def test_terraform_is_the_version_of_the_tests_everywhere() -> None:
    """One version in both workflows, and in the documents."""
    for file in (DEPLOY, CHECKS, ROOT / "docs" / "deploying.md"):
        text = file.read_text()
        versions = set(re.findall(r"(?:terraform_version: |Terraform )(\d+\.\d+\.\d+)", text))
        assert versions == {"1.11.4"}, file.name
