"""What stands in for the actions on every machine: the checks that GitHub and AWS would make."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.delivery.actions import Effect, stand_in
from tests.delivery.events import Event
from tests.delivery.jobs import Refused, Running

ROOT = Path(__file__).resolve().parents[2]
REGION = "eu-central-1"
ACCOUNT = "000000000000"
REGISTRY = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
TERRAFORM_VERSION = "1.11.4"


def role(environment: str) -> str:
    """The role that trusts one environment of the repository."""
    return f"arn:aws:iam::{ACCOUNT}:role/lifestyle-deploy-{environment}"


# The settings of the repository that docs/deploying.md asks for.
VARIABLES: dict[str, dict[str, str]] = {
    stage: {
        "AWS_DEPLOY_ROLE_ARN": role(stage),
        "AWS_REGION": REGION,
        "STATE_BUCKET": f"lifestyle-api-terraform-{ACCOUNT}",
        "TRIAL_SECONDS": "1",
    }
    for stage in ("dev", "prod")
}
BRANCHES: dict[str, Callable[[Event], bool]] = {
    "dev": lambda event: True,
    "prod-approval": lambda event: event.ref == "refs/heads/main",
    "prod": lambda event: event.ref == "refs/heads/main",
}


class Stage:
    """What every machine does in place of an action: it checks what GitHub and AWS would check."""

    def __init__(self) -> None:
        self.artifacts: dict[str, str] = {}
        self.attested: list[str] = []
        self.effects: dict[str, Effect] = {
            "actions/checkout": self.checkout,
            "actions/setup-python": self.python,
            "hashicorp/setup-terraform": self.terraform,
            "aws-actions/configure-aws-credentials": self.assume,
            "aws-actions/amazon-ecr-login": self.log_in,
            "docker/setup-buildx-action": self.buildx,
            "docker/build-push-action": self.build,
            "anchore/sbom-action": self.sbom,
            "actions/upload-artifact": self.upload,
            "actions/attest": self.attest,
        }

    def use(self, running: Running, uses: str, inputs: dict[str, Any]) -> dict[str, str]:
        """Stand in for an action."""
        return stand_in(running, uses, inputs, self.effects)

    def checkout(self, running: Running, inputs: dict[str, Any]) -> dict[str, str]:
        """Fill the workspace."""
        (running.workspace / "ci").mkdir()
        return {}

    def python(self, running: Running, inputs: dict[str, Any]) -> dict[str, str]:
        """Put Python on the path."""
        return {}

    def terraform(self, running: Running, inputs: dict[str, Any]) -> dict[str, str]:
        """Put Terraform on the path, in the version that the tests know."""
        if inputs["terraform_version"] != TERRAFORM_VERSION:
            raise Refused(f"Terraform {inputs['terraform_version']} was never tested")
        return {}

    def assume(self, running: Running, inputs: dict[str, Any]) -> dict[str, str]:
        """Exchange the OIDC token for credentials, as the trust policy of the role would."""
        wanted = inputs["role-to-assume"]
        if running.environment is None or wanted != role(running.environment):
            raise Refused(f"{wanted} does not trust environment {running.environment!r}")
        running.assumed = wanted
        running.masks |= {ACCOUNT}
        return {"aws-account-id": ACCOUNT}

    def log_in(self, running: Running, inputs: dict[str, Any]) -> dict[str, str]:
        """Log in to the registry of the account."""
        self.credentials(running)
        return {"registry": REGISTRY}

    def buildx(self, running: Running, inputs: dict[str, Any]) -> dict[str, str]:
        """Make a builder."""
        return {}

    def build(self, running: Running, inputs: dict[str, Any]) -> dict[str, str]:
        """Build and push; returns the digest."""
        self.credentials(running)
        if not running.job.body["runs-on"].endswith("-arm"):
            raise Refused("linux/arm64 on another processor is emulated, five minutes long")
        registry, _, rest = str(inputs["tags"]).partition("/")
        repository, _, tag = rest.partition(":")
        stage = running.environment
        if registry != REGISTRY or repository != f"lifestyle-app-{stage}" or not tag:
            raise Refused(f"{inputs['tags']} is not a tag in the registry of {stage}")
        if f"scope={stage}" not in inputs.get("cache-to", ""):
            raise Refused("the stages share a build cache")
        return {"digest": self.push(running, repository, tag)}

    def push(self, running: Running, repository: str, tag: str) -> str:
        """Push an image; returns its digest."""
        return "sha256:" + hashlib.sha256(running.event.sha.encode()).hexdigest()

    def sbom(self, running: Running, inputs: dict[str, Any]) -> dict[str, str]:
        """List what is in the image."""
        self.credentials(running)
        if "@sha256:" not in inputs["image"]:
            raise Refused(f"{inputs['image']} is not a digest")
        (running.workspace / inputs["output-file"]).write_text('{"spdxVersion": "SPDX-2.3"}')
        return {}

    def upload(self, running: Running, inputs: dict[str, Any]) -> dict[str, str]:
        """Keep a file with the run."""
        if not (running.workspace / inputs["path"]).is_file():
            raise Refused(f"{inputs['path']} is not there")
        self.artifacts[inputs["name"]] = (running.workspace / inputs["path"]).read_text()
        return {}

    def attest(self, running: Running, inputs: dict[str, Any]) -> dict[str, str]:
        """Sign where a digest comes from."""
        if not inputs["subject-digest"].startswith("sha256:"):
            raise Refused(f"{inputs['subject-digest']} is not a digest")
        self.attested.append(inputs["subject-digest"])
        return {}

    @staticmethod
    def credentials(running: Running) -> None:
        """Refuse what needs AWS where no role was assumed."""
        if running.assumed is None:
            raise Refused("there are no credentials")
