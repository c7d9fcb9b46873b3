"""Rehearses the deployment workflow for every event and failure that matters."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.delivery.events import Event, pull_request, push, schedule
from tests.delivery.jobs import Run
from tests.delivery.machine import BRANCHES, ROOT, VARIABLES, role
from tests.delivery.rehearsal import Rehearsal
from tests.delivery.rules import broken, repository_files
from tests.delivery.runner import Runner
from tests.delivery.workflow import WorkflowError

DEPLOY = ROOT / ".github" / "workflows" / "backend-deploy.yml"
PHASES = ("gate", "base", "image", "service", "release", "smoke")
JOBS = ("checks", *PHASES, "rollback", "drift dev", "drift prod")
ROLES = {"base", "image", "service", "release", "rollback", "drift dev", "drift prod"}


@dataclass(frozen=True)
class Scenario:
    """An event, the command that fails, and the jobs that succeed and fail; others are skipped."""

    title: str
    event: Event
    failing: str | None
    succeed: tuple[str, ...]
    fail: str | None
    group: str
    stage: str | None


SCENARIOS = (
    Scenario("PR -> dev", pull_request(), None, ("checks", *PHASES), None, "dev", "dev"),
    Scenario("push -> prod", push(), None, ("checks", *PHASES), None, "prod", "prod"),
    Scenario("fork", pull_request(repository="x/y", run_id=9), None, ("checks",), None, "9", None),
    Scenario("bot", pull_request(login="dependabot[bot]"), None, ("checks",), None, "dev", None),
    Scenario("schedule", schedule(), None, ("drift dev", "drift prod"), None, "drift", None),
    Scenario("checks fail", push(), "ci/checks.sh", (), "checks", "prod", None),
    Scenario(
        "image fails",
        push(),
        ".venv/bin/python -m ci.verify_image",
        ("checks", "gate", "base"),
        "image",
        "prod",
        "prod",
    ),
    Scenario(
        "phase 3 fails",
        push(),
        "python3 -m ci.phase service",
        ("checks", "gate", "base", "image"),
        "service",
        "prod",
        "prod",
    ),
    Scenario(
        "release fails",
        push(),
        ".venv/bin/python -m ci.release",
        ("checks", "gate", "base", "image", "service", "rollback"),
        "release",
        "prod",
        "prod",
    ),
    Scenario(
        "smoke test fails",
        push(),
        "python3 -m ci.smoke",
        ("checks", "gate", "base", "image", "service", "release", "rollback"),
        "smoke",
        "prod",
        "prod",
    ),
    Scenario(
        "fuzzing fails",
        pull_request(),
        ".venv/bin/python -m ci.fuzz",
        ("checks", "gate", "base", "image", "service", "release", "rollback"),
        "smoke",
        "dev",
        "dev",
    ),
)


def rehearse(text: str, scenario: Scenario) -> Run:
    """Run one scenario from memory."""
    failing = frozenset({scenario.failing} if scenario.failing else set())
    with TemporaryDirectory() as scratch:
        runner = Runner(text, Rehearsal(failing), VARIABLES, BRANCHES, Path(scratch))
        return runner.run(scenario.event)


def differences(scenario: Scenario, run: Run) -> Iterator[str]:
    """Compare what a run did with what it should have done."""
    wanted = {
        job: "success"
        if job in scenario.succeed
        else "failure"
        if job == scenario.fail
        else "skipped"
        for job in JOBS
    }
    for job, result in wanted.items():
        ended = run.jobs.get(job)
        if ended is None or ended.result != result:
            reason = f" ({ended.failure})" if ended and ended.failure else ""
            yield f"{job} is {ended.result if ended else 'missing'}, not {result}{reason}"
    ran = [job for job in run.order if job in PHASES]
    if ran != [job for job in PHASES if job in ran]:
        yield f"the order is {ran}"
    if run.group != f"backend-deploy-{scenario.group}":
        yield f"the concurrency group is {run.group}"
    yield from _roles(scenario, run)


def _roles(scenario: Scenario, run: Run) -> Iterator[str]:
    for job in run.order:
        ended = run.jobs[job]
        stage = scenario.stage or job.removeprefix("drift ")
        wanted = role(stage) if job in ROLES else None
        if ended.result == "success" and ended.assumed != wanted:
            yield f"{job} assumed {ended.assumed}, not {wanted}"
        if job == "gate" and ended.environment != ("prod-approval" if stage == "prod" else "dev"):
            yield f"the gate is in {ended.environment}"


def verdict(text: str) -> str | None:
    """Say what is wrong with a workflow, or None: first its rules, then every scenario."""
    try:
        if rules := broken(text, repository_files(ROOT)):
            return f"rule: {rules[0]}"
        for scenario in SCENARIOS:
            if found := next(differences(scenario, rehearse(text, scenario)), None):
                return f"{scenario.title}: {found}"
    except WorkflowError as error:
        return f"runner: {error}"
    return None
