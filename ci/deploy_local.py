"""Deploy to an AWS on this machine and take it down again: `make deploy-local`.

bootstrap, base and service by the pipeline's own steps; then the README's walk-through, an
empty second plan, a new image whose plan destroys nothing, and a destroy that leaves nothing.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import boto3

from ci import layout, plan
from ci.deploy_local_aws import ACCOUNT, REGION, LocalAws, start_local_aws
from ci.deploy_local_terraform import TerraformFailed, Workspace, pack
from ci.deploy_local_walk import walk

T = TypeVar("T")
TOOLS = {
    "terraform": "https://developer.hashicorp.com/terraform/install",
    "curl": "https://curl.se/download.html",
}
DIGESTS = ("sha256:" + "a" * 64, "sha256:" + "b" * 64)


class NotAsPromised(Exception):
    """Raised when the deployment does something that docs/deploying.md says it does not."""


class Deployment:
    """One stage on one local account, deployed by the pipeline's steps."""

    def __init__(self, aws: LocalAws, scratch: Path, package: Path) -> None:
        self.aws = aws
        self.workspace = Workspace(scratch / "work", aws.environment)
        self.package = package

    def service_settings(self, pool_id: str) -> dict[str, str]:
        """Return what differs from the cloud in the service: a zip, and where the keys are."""
        jwks = f"{self.aws.emulator.endpoint}/{pool_id}/.well-known/jwks.json"
        return {
            "TF_VAR_package_type": "Zip",
            "TF_VAR_zip_file": str(self.package),
            "TF_VAR_extra_environment": json.dumps({"JWKS_URL": jwks}),
        }

    def phase(self, root: str, **variables: str) -> None:
        """Run a phase; once more after the emulator's one known failure.

        On a loaded machine ministack answers an AddPermission twice, the second time with 409.
        """
        given = {"STAGE": "dev", "IMAGE_DIGEST": DIGESTS[0], "SERVICE_VERSION": "0.0.0"}
        try:
            self.workspace.step("ci.phase", root, **given, **variables)
        except TerraformFailed as failure:
            if "AddPermission" not in str(failure) or "409" not in str(failure):
                raise
            print("  AddPermission answered 409, as it does under load; once more")
            self.workspace.step("ci.phase", root, **given, **variables)

    def walk(self) -> int:
        """Go the README's way through the deployed API; returns the number of requests."""
        api = self.workspace.outputs("service")["api_id"]
        return walk(f"http://{api}.execute-api.localhost:{self.aws.emulator.port}")

    def second_plan(self) -> None:
        """Plan both roots again, as the drift check does. Raises TerraformFailed for changes."""
        self.workspace.step("ci.drift", STAGE="dev", **self._settings())

    def take_down(self) -> None:
        """Destroy service and base, as a person would who gives a stage up."""
        settings = self._settings()
        arguments = [f"-var={name[7:]}={value}" for name, value in settings.items()]
        self.workspace.destroy("service", "dev", *arguments)
        self.workspace.destroy("base", "dev")

    def _settings(self) -> dict[str, str]:
        return self.service_settings(self.workspace.outputs("base")["cognito_user_pool_id"])


def plan_of_a_new_image(workspace: Workspace) -> list[plan.Change]:
    """Apply prod's service with one image, and return what another digest would change.

    Raises `NotAsPromised` when anything is replaced or the API's function gets no new version.
    """
    made_up = {
        "cognito_user_pool_id": f"{REGION}_AbCdEfGhI",
        "cognito_client_id": "client",
        "dynamodb_table_name": "users-prod",
        "secrets_parameter": "/lifestyle-api/prod/secrets",
        "secrets_version": 1,
    }
    workspace.write("service", "base.auto.tfvars.json", json.dumps(made_up))
    repository = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/lifestyle-app-prod"
    before, after = (f"-var=image_uri={repository}@{digest}" for digest in DIGESTS)
    key = [
        f"-backend-config={part}"
        for part in (
            f"bucket={workspace.environment['STATE_BUCKET']}",
            f"region={REGION}",
            "key=prod/service.tfstate",
        )
    ]
    workspace.terraform("service", "init", "-reconfigure", *key)
    workspace.terraform("service", "apply", "-auto-approve", "-var-file=prod.tfvars", before)
    workspace.terraform("service", "plan", "-var-file=prod.tfvars", after, "-out=new.tfplan")
    shown = workspace.terraform("service", "show", "-json", "new.tfplan")[1]
    workspace.destroy("service", "prod", before)
    document = json.loads(shown)
    changes = plan.changes(document)
    if not changes or any(change.verb != "update" for change in changes):
        raise NotAsPromised(f"A new digest changes {changes}.")
    unknown = {
        each["address"]: each["change"]["after_unknown"] for each in document["resource_changes"]
    }
    if not unknown['aws_lambda_function.function["api-handler"]'].get("version"):
        raise NotAsPromised("A new digest publishes no version.")
    return changes


def leftovers(aws: LocalAws) -> Iterator[str]:
    """Name what is still there of the kinds that the two roots make."""
    session = boto3.Session("test", "test", region_name=REGION)

    def connect(service: str) -> Any:
        variable = "AWS_ENDPOINT_URL_CLOUDWATCH" if service == "cloudwatch" else "AWS_ENDPOINT_URL"
        return session.client(service, endpoint_url=aws.environment[variable])  # type: ignore[call-overload]  # The name is a plain str here.

    for service, operation, field, name in (
        ("lambda", "list_functions", "Functions", "FunctionName"),
        ("apigatewayv2", "get_apis", "Items", "Name"),
        ("cognito-idp", "list_user_pools", "UserPools", "Name"),
        ("dynamodb", "list_tables", "TableNames", ""),
        ("ecr", "describe_repositories", "repositories", "repositoryName"),
        ("ssm", "describe_parameters", "Parameters", "Name"),
        ("logs", "describe_log_groups", "logGroups", "logGroupName"),
        ("events", "list_rules", "Rules", "Name"),
        ("sns", "list_topics", "Topics", "TopicArn"),
        ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
        ("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
        ("iam", "list_roles", "Roles", "RoleName"),
    ):
        limit = {"MaxResults": 60} if operation == "list_user_pools" else {}
        for found in getattr(connect(service), operation)(**limit)[field]:
            label = found[name] if name else found
            # What bootstrap makes stays, as it does in an account.
            if not label.startswith("lifestyle-deploy-"):
                yield f"{service}: {label}"


def timed(title: str, action: Callable[[], T]) -> T:
    """Run a part and print how long it took."""
    began = time.monotonic()
    result = action()
    print(f"{time.monotonic() - began:6.1f} s  {title}", flush=True)
    return result


def run(scratch: Path) -> None:
    """Do it all. Raises `TerraformFailed`, `WalkFailed` or `NotAsPromised`."""
    stage = timed("tree of the image", lambda: layout.build(scratch / "image"))
    package = timed(
        "package", lambda: pack(stage.root / stage.workdir.lstrip("/"), scratch / "function.zip")
    )
    with start_local_aws() as aws:
        deployment = Deployment(aws, scratch, package)
        timed("bootstrap: state bucket, roles", deployment.workspace.bootstrap)
        timed("phase 1: base", lambda: deployment.phase("base"))
        base = deployment.workspace.outputs("base")
        settings = deployment.service_settings(base["cognito_user_pool_id"])
        timed("phase 3: service", lambda: deployment.phase("service", **settings))
        requests = timed("the README's walk-through", deployment.walk)
        print(f"          {requests} requests answered as the contract says")
        timed("second plan of both roots: empty", deployment.second_plan)
        timed("destroy", deployment.take_down)
        changes = timed(
            "prod by image: apply, plan another digest, destroy",
            lambda: plan_of_a_new_image(deployment.workspace),
        )
        print("          " + ", ".join(f"{change.verb} {change.address}" for change in changes))
        if left := list(leftovers(aws)):
            raise NotAsPromised(f"Destroy left {', '.join(left)}.")
        print("          nothing is left")


def main() -> int:
    """Run in a directory that is gone afterwards; 1 when anything is not as promised."""
    for tool, source in TOOLS.items():
        if shutil.which(tool) is None:
            print(f"{tool} is not on the path: {source}")
            return 2
    with tempfile.TemporaryDirectory(prefix="deploy-local-") as scratch:
        try:
            timed("all of it", lambda: run(Path(scratch)))
        except Exception as failure:
            print(f"{type(failure).__name__}: {failure}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
