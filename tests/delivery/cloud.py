"""An account on the embedded AWS as the bootstrap leaves it, and Terraform's way to it."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ci.deploy_local_aws import LocalAws, start_local_aws
from ci.deploy_local_terraform import Workspace, mirror
from tests.delivery.handlers import Package
from tests.delivery.machine import VARIABLES, role
from tests.delivery.real import ISSUER, RealMachine

BACKEND = (
    "use_path_style",
    "skip_credentials_validation",
    "skip_metadata_api_check",
    "skip_requesting_account_id",
    "skip_region_validation",
    "skip_s3_checksum",
)
# What ministack takes an action for; the deploy role's policy rightly does not name it.
MISTAKEN = {"lambda:GetAlias": "lambda:ListAliases", "lambda:UpdateAlias": "lambda:ListAliases"}


@contextmanager
def account(scratch: Path, package: Package) -> Iterator[RealMachine]:
    """Run an embedded AWS for the block, with infra/bootstrap applied."""
    with start_local_aws() as aws:
        Workspace(scratch / "bootstrap", aws.environment).bootstrap()
        machine = RealMachine(scratch, package, network(aws))
        loosen(machine.client("iam"))
        yield machine


def loosen(iam: Any) -> None:
    """Take from the deploy roles what ministack cannot decide: resources and most conditions.

    It derives other ARNs than AWS for some actions, knows no request tags, and of an OIDC token
    only `aud` and `sub`. It does decide who may assume a role, and which actions the role has.
    """
    for stage in VARIABLES:
        name = role(stage).rpartition("/")[2]
        trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
        trust["Statement"][0]["Condition"]["StringEquals"].pop(f"{ISSUER[8:]}:repository_id")
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))
    for policy in iam.list_policies(Scope="Local")["Policies"]:
        if policy["PolicyName"].startswith("lifestyle-deploy-"):
            _any_resource(iam, policy["Arn"], policy["DefaultVersionId"])


def _any_resource(iam: Any, arn: str, version: str) -> None:
    found = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    actions: set[str] = set()
    for statement in found["Statement"]:
        named = statement["Action"]
        actions |= {named} if isinstance(named, str) else set(named)
    actions |= {taken for action, taken in MISTAKEN.items() if action in actions}
    allowed = {"Effect": "Allow", "Action": sorted(actions), "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document, SetAsDefault=True)


def network(aws: LocalAws) -> dict[str, str]:
    """Return what leads boto3 and Terraform to the embedded AWS; no credentials are in it."""
    plugins = mirror()
    init = [
        "-no-color",
        *([f"-plugin-dir={plugins}"] if plugins else []),
        *(f"-backend-config={setting}=true" for setting in BACKEND),
    ]
    return {
        **{name: value for name, value in aws.environment.items() if "ENDPOINT" in name},
        "CHECKPOINT_DISABLE": "1",
        "TF_CLI_ARGS_init": " ".join(init),
        "TF_CLI_ARGS_plan": "-no-color",
        "TF_CLI_ARGS_apply": "-no-color",
        "TF_VAR_package_type": "Zip",
    }


def missing_tool() -> str | None:
    """Name the tool without which no deployment can be executed here."""
    return None if shutil.which("terraform") else "terraform"
