"""An account on the embedded AWS as the bootstrap leaves it, and Terraform's way to it."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ci.deploy_local_aws import LocalAws, start_local_aws
from ci.deploy_local_terraform import mirror
from tests.delivery.handlers import Package
from tests.delivery.machine import REGION, VARIABLES, RealMachine

BACKEND = (
    "use_path_style",
    "skip_credentials_validation",
    "skip_metadata_api_check",
    "skip_requesting_account_id",
    "skip_region_validation",
    "skip_s3_checksum",
)
ANYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


@contextmanager
def account(scratch: Path, package: Package) -> Iterator[RealMachine]:
    """Run an embedded AWS for the block, with the bucket and boundaries of infra/bootstrap."""
    with start_local_aws() as aws:
        machine = RealMachine(scratch, package, network(aws))
        machine.client("s3").create_bucket(
            Bucket=VARIABLES["dev"]["STATE_BUCKET"],
            CreateBucketConfiguration={"LocationConstraint": REGION},
        )
        for stage in VARIABLES:
            machine.client("iam").create_policy(
                PolicyName=f"lifestyle-functions-{stage}", PolicyDocument=json.dumps(ANYTHING)
            )
        yield machine


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
