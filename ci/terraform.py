"""Drive Terraform on the two roots of infra/, base and service.

The variables, states and outputs are those of infra/README.md. Only the standard library is used:
the phases run before anything is installed.
"""

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ci import github

ROOTS = ("base", "service")
INFRA = Path("infra")
PLAN_FILE = "pipeline.tfplan"


class TerraformFailed(SystemExit):
    """Raised when a terraform command ends with an exit code that the caller did not expect."""


def run(
    root: str, *arguments: str, capture: bool = False, allowed: Sequence[int] = (0,)
) -> tuple[int, str]:
    """Run terraform in a root; returns its exit code and, when captured, what it printed."""
    command = ["terraform", f"-chdir={INFRA / root}", *arguments]
    environment = os.environ | {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0"}
    done = subprocess.run(  # noqa: S603  (the arguments are ours, and no shell reads them)
        command,
        env=environment,
        check=False,
        text=True,
        stdout=subprocess.PIPE if capture else None,
    )
    if done.returncode not in allowed:
        raise TerraformFailed(
            f"`terraform {arguments[0]}` in {INFRA / root} failed with exit code {done.returncode}."
        )
    return done.returncode, done.stdout or ""


def init(root: str, stage: str) -> None:
    """Initialise a root on the stage's own state."""
    run(
        root,
        "init",
        "-reconfigure",
        "-lockfile=readonly",
        f"-backend-config=bucket={github.setting('STATE_BUCKET')}",
        f"-backend-config=region={github.setting('AWS_REGION')}",
        f"-backend-config=key={stage}/{root}.tfstate",
    )


def plan(
    root: str, stage: str, *variables: str, options: Sequence[str] = ()
) -> tuple[int, dict[str, Any]]:
    """Plan a root into a file; returns -detailed-exitcode's code (2: changes) and the plan."""
    code, _ = run(
        root,
        "plan",
        "-detailed-exitcode",
        f"-var-file={stage}.tfvars",
        *variables,
        *options,
        f"-out={PLAN_FILE}",
        allowed=(0, 2),
    )
    _, shown = run(root, "show", "-json", PLAN_FILE, capture=True)
    return code, json.loads(shown)


def apply(root: str) -> None:
    """Apply the plan that was looked at, and no other."""
    run(root, "apply", PLAN_FILE)


def outputs(root: str) -> dict[str, Any]:
    """Read the outputs of a root that is initialised."""
    _, shown = run(root, "output", "-json", capture=True)
    return {name: value["value"] for name, value in json.loads(shown).items()}


def state(root: str) -> dict[str, Any]:
    """Read the state of a root that is initialised, as `terraform show -json` prints it."""
    _, shown = run(root, "show", "-json", capture=True)
    document: dict[str, Any] = json.loads(shown)
    return document
