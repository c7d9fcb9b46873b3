"""A machine on which nothing really runs: every step answers what it answered when it ran for real.

It is for the mutants, of which there are many: a run takes milliseconds. A command that it does not
know fails, and so does one that lacks a variable or a tool that the real one reads.
"""

from dataclasses import dataclass, field
from pathlib import Path

from tests.delivery.jobs import Finished, Running
from tests.delivery.machine import Stage

AWS = frozenset({"credentials"})
VENV = frozenset({"venv"})
TERRAFORM = frozenset({"terraform"})


@dataclass(frozen=True)
class Command:
    """What a command of ci/ needs, and what it writes."""

    variables: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    outputs: dict[str, str] = field(default_factory=dict)


SERVICE_OUTPUTS = {
    "api_endpoint": "https://0a1b2c3d4e.execute-api.eu-central-1.amazonaws.com",
    "api_id": "0a1b2c3d4e",
    "function_name": "api-handler-{stage}",
    "function_version": "8",
    "alias_name": "live",
    "alarm_names": '["api-handler-{stage}-errors"]',
}
COMMANDS = {
    "ci/checks.sh": Command(),
    "ci/install.sh": Command(),
    "ci/actionlint.sh": Command(),
    ".venv/bin/python -m ci.breaking": Command(needs=VENV),
    "python3 -m ci.stage": Command(outputs={"stage": "{stage}"}),
    "python3 -m ci.phase base": Command(
        frozenset({"STAGE", "STATE_BUCKET"}),
        AWS | TERRAFORM,
        {"ecr_repository_name": "lifestyle-app-{stage}"},
    ),
    ".venv/bin/python -m ci.verify_image": Command(
        frozenset({"REPOSITORY_NAME", "IMAGE_DIGEST"}), AWS | VENV
    ),
    "python3 -m ci.phase service": Command(
        frozenset({"STAGE", "STATE_BUCKET", "IMAGE_DIGEST", "SERVICE_VERSION"}),
        AWS | TERRAFORM,
        SERVICE_OUTPUTS,
    ),
    ".venv/bin/python -m ci.release": Command(
        frozenset(
            {
                "STAGE",
                "FUNCTION_NAME",
                "FUNCTION_VERSION",
                "ALIAS_NAME",
                "ALARM_NAMES",
                "REPOSITORY_NAME",
                "IMAGE_DIGEST",
                "RELEASE_TAG",
                "SERVICE_VERSION",
                "TRIAL_SECONDS",
            }
        ),
        AWS | VENV,
        {"previous_version": "7"},
    ),
    "python3 -m ci.smoke": Command(frozenset({"API_ENDPOINT", "API_ID", "SERVICE_VERSION"})),
    ".venv/bin/python -m ci.fuzz": Command(frozenset({"STAGE", "API_ENDPOINT", "API_ID"}), VENV),
    ".venv/bin/python -m ci.rollback": Command(
        frozenset({"FUNCTION_NAME", "ALIAS_NAME", "PREVIOUS_VERSION"}), AWS | VENV
    ),
    "python3 -m ci.drift": Command(frozenset({"STAGE", "STATE_BUCKET"}), AWS | TERRAFORM),
}


class Rehearsal(Stage):
    """Answers from memory; `failing` are the commands that fail in this rehearsal."""

    def __init__(self, failing: frozenset[str] = frozenset()) -> None:
        super().__init__()
        self.failing = failing
        self.commands: list[str] = []
        self.tools: dict[Path, set[str]] = {}

    def shell(
        self, running: Running, command: list[str], script: str, env: dict[str, str]
    ) -> Finished:
        """Recall what a command did."""
        script = script.strip()
        self.commands.append(script)
        known = COMMANDS.get(script)
        if known is None:
            return Finished(127, f"{script}: command not found")
        if not (running.workspace / "ci").exists():
            return Finished(127, f"{script}: nothing is checked out")
        if missing := sorted(known.needs - self._has(running)):
            return Finished(1, f"{script} has no {', '.join(missing)}")
        if empty := sorted(name for name in known.variables if not env.get(name)):
            return Finished(1, f"{script}: {', '.join(empty)} is not set")
        if script == "ci/install.sh":
            self.tools.setdefault(running.directory, set()).add("venv")
        stage = self._stage(running, env)
        with Path(env["GITHUB_OUTPUT"]).open("a") as file:
            for name, value in known.outputs.items():
                file.write(f"{name}={value.replace('{stage}', stage)}\n")
        if script in self.failing:
            return Finished(1, f"{script} fails in this rehearsal")
        return Finished(0, "")

    def terraform(self, running: Running, inputs: dict[str, object]) -> dict[str, str]:
        """Remember that the job has Terraform."""
        super().terraform(running, inputs)
        self.tools.setdefault(running.directory, set()).add("terraform")
        return {}

    def _has(self, running: Running) -> set[str]:
        credentials = {"credentials"} if running.assumed else set()
        return self.tools.get(running.directory, set()) | credentials

    @staticmethod
    def _stage(running: Running, env: dict[str, str]) -> str:
        return env.get("STAGE") or ("prod" if running.event.name == "push" else "dev")
