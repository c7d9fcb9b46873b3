"""The deployment workflow, executed: Terraform, release, smoke test and fuzzing on an embedded AWS.

The runs build on each other, as deployments do: each fixture is the account after one more run.
"""

import json
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ci import plan
from tests.delivery.cloud import account, missing_tool
from tests.delivery.events import Event, pull_request, push, schedule
from tests.delivery.handlers import CONTRACT, healthy, service, unready
from tests.delivery.jobs import Run
from tests.delivery.machine import BRANCHES, VARIABLES, role
from tests.delivery.real import RealMachine
from tests.delivery.rehearse import DEPLOY, PHASES
from tests.delivery.runner import Runner

pytestmark = [
    pytest.mark.skipif(missing_tool() is not None, reason=f"{missing_tool()} is not installed"),
    pytest.mark.timeout(600),
]

Start = Callable[[Event], Run]


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealMachine]:
    """An account as infra/bootstrap leaves it."""
    with account(tmp_path_factory.mktemp("machine"), healthy) as found:
        yield found


@pytest.fixture(scope="module")
def start(machine: RealMachine) -> Start:
    """Start the workflow for an event, and show its log."""

    def run(event: Event) -> Run:
        done = Runner(DEPLOY.read_text(), machine, VARIABLES, BRANCHES, machine.scratch).run(event)
        print(f"\n== {event.name} {event.sha[:7]} ==", *done.log, sep="\n")
        return done

    return run


@pytest.fixture(scope="module")
def dev(start: Start, machine: RealMachine) -> Run:
    """A pull request deployed dev for the first time, with the service itself."""
    machine.package, machine.contract = service, None
    return start(pull_request("a" * 40))


@pytest.fixture(scope="module")
def prod(start: Start, machine: RealMachine, dev: Run) -> Run:
    """Prod was deployed for the first time, from here on with a small function."""
    machine.package, machine.contract = healthy, CONTRACT
    return start(push("b" * 40))


@pytest.fixture(scope="module")
def second(start: Start, prod: Run) -> Run:
    """Prod was deployed again, with another image."""
    return start(push("c" * 40, run_id=5001))


@pytest.fixture(scope="module")
def bad(start: Start, machine: RealMachine, second: Run) -> Run:
    """Prod was deployed with a version that does not reach what it needs."""
    machine.package = unready
    return start(push("d" * 40, run_id=5002))


@pytest.fixture(scope="module")
def compared(start: Start, machine: RealMachine, bad: Run) -> Run:
    """Somebody gave dev's function more memory by hand, then the schedule compared both stages."""
    machine.client("lambda").update_function_configuration(
        FunctionName="api-handler-dev", MemorySize=2048
    )
    return start(schedule())


def live(machine: RealMachine, stage: str) -> dict[str, Any]:
    """Return where the alias points."""
    alias: dict[str, Any] = machine.client("lambda").get_alias(
        FunctionName=f"api-handler-{stage}", Name="live"
    )
    return alias


def planned(machine: RealMachine, run: Run, job: str) -> list[plan.Change]:
    """Read the plan that a job applied."""
    workspace = run.jobs[job].workspace
    shown = subprocess.run(
        ["terraform", f"-chdir={workspace}/infra/{job}", "show", "-json", "pipeline.tfplan"],
        check=True,
        capture_output=True,
        text=True,
    )
    return plan.changes(json.loads(shown.stdout))


def test_a_pull_request_deploys_dev(machine: RealMachine, dev: Run) -> None:
    """Every phase runs in dev, in order, and the alias points at the first version."""
    assert dev.results() == dict.fromkeys(["checks", *PHASES], "success") | dict.fromkeys(
        ["rollback", "drift dev", "drift prod"], "skipped"
    )
    assert [job for job in dev.order if job in PHASES] == list(PHASES)
    assert {dev.jobs[job].environment for job in PHASES} == {"dev"}
    assert live(machine, "dev")["FunctionVersion"] == "1"


def test_the_deployed_service_is_fuzzed_with_every_operation(dev: Run) -> None:
    """Through the gateway, with the whole contract, and nothing is found."""
    operations = len(json.loads(service("")["service/bundle.json"])["operations"])

    assert any(f"{operations} selected / {operations} total" in line for line in dev.log)
    assert any("generated" in line and " passed" in line for line in dev.log)


def test_the_image_is_attested_and_its_list_of_contents_kept(
    machine: RealMachine, dev: Run
) -> None:
    """What is attested is the digest that phase 3 deployed."""
    assert dev.jobs["image"].outputs["digest"] in machine.attested
    assert "sbom-dev" in machine.artifacts


def test_no_job_output_holds_the_account_number(dev: Run) -> None:
    """GitHub drops such an output, and what needs it stops half-way."""
    outputs = [value for job in dev.jobs.values() for value in job.outputs.values()]

    assert not [line for line in dev.log if "is dropped" in line]
    assert all(outputs)


@pytest.mark.parametrize(("environment", "other"), [("dev", "prod"), ("prod", "dev")])
def test_a_role_trusts_its_own_environment_alone(
    machine: RealMachine, environment: str, other: str
) -> None:
    """AWS refuses the token of a job of the other environment, whatever the workflow says."""
    assert machine.exchange(role(environment), environment)["SessionToken"]

    with pytest.raises(ClientError, match="Not authorized to perform sts:AssumeRoleWithWebId"):
        machine.exchange(role(environment), other)


def test_a_push_deploys_prod_behind_an_approval(machine: RealMachine, prod: Run) -> None:
    """The gate is in prod-approval, the phases in prod, and dev is left alone."""
    assert prod.jobs["smoke"].result == "success"
    assert [prod.jobs[job].environment for job in PHASES] == ["prod-approval", *["prod"] * 5]
    assert live(machine, "prod")["FunctionVersion"] == "1"


def test_a_new_digest_changes_code_and_destroys_nothing(machine: RealMachine, second: Run) -> None:
    """The plan updates the two functions and touches nothing else; base is not touched at all."""
    touched = planned(machine, second, "service")

    assert {(change.address, change.verb) for change in touched} == {
        ('aws_lambda_function.function["api-handler"]', "update"),
        ('aws_lambda_function.function["reconciler"]', "update"),
    }
    assert planned(machine, second, "base") == []
    assert second.jobs["service"].outputs["function_version"] == "2"


def test_prod_tries_a_version_before_all_traffic_goes_to_it(
    machine: RealMachine, second: Run
) -> None:
    """The release says so, and leaves no share behind."""
    alias = live(machine, "prod")

    assert any("1 -> 2 (trial: 1 s at 10%)" in line for line in second.log)
    assert (alias["FunctionVersion"], alias.get("RoutingConfig")) == ("2", None)


def test_the_released_image_is_kept(machine: RealMachine, second: Run) -> None:
    """Its digest has a tag that the lifecycle policy never expires."""
    images = machine.client("ecr").describe_images(repositoryName="lifestyle-app-prod")
    tags = {image["imageDigest"]: image["imageTags"] for image in images["imageDetails"]}

    assert "release-5001-1" in tags[second.jobs["image"].outputs["digest"]]


def test_a_failing_smoke_test_rolls_the_alias_back(machine: RealMachine, bad: Run) -> None:
    """Version 3 had the traffic, its smoke test failed, and version 2 has it again."""
    assert (bad.jobs["release"].result, bad.jobs["smoke"].result) == ("success", "failure")
    assert bad.jobs["rollback"].result == "success"
    assert any("The alias was on version 3 and is back on 2." in line for line in bad.log)
    assert live(machine, "prod")["FunctionVersion"] == "2"


def test_a_pull_request_from_a_fork_stops_after_the_checks(
    start: Start, machine: RealMachine
) -> None:
    """No other job begins, and no role is assumed."""
    run = start(pull_request("e" * 40, repository="stranger/lifestyle-api", run_id=5003))

    assert run.order == ["checks"]
    assert run.jobs["checks"].result == "success"


def test_an_untouched_stage_has_no_drift(compared: Run) -> None:
    """Not even prod after its rollback: the alias is not Terraform's."""
    assert compared.order == ["drift dev", "drift prod"]
    assert compared.results()["drift prod"] == "success"


def test_a_stage_changed_by_hand_has_drift(compared: Run) -> None:
    """The run fails, and names what differs."""
    assert compared.results()["drift dev"] == "failure"
    assert any('| update | `aws_lambda_function.function["api-handler"]' in x for x in compared.log)
