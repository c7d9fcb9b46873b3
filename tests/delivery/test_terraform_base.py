"""The base root on an AWS of its own: what it makes, what it changes, what it adopts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from ci.deploy_local_aws import REGION, LocalAws, start_local_aws
from ci.deploy_local_terraform import BUCKET, TerraformFailed, Workspace
from local.emulator import start_embedded
from local.shape import Shape
from service.settings import parse_sealing_keys

pytestmark = [
    pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed"),
    pytest.mark.timeout(300),  # Seconds on a machine that does other things meanwhile.
]
# What tells two resources of one shape apart, and the tags that only Terraform sets.
IDENTITY = {
    "Arn",
    "ClientId",
    "ClientSecret",
    "CreationDate",
    "CreationDateTime",
    "EarliestRestorableDateTime",
    "Id",
    "IndexArn",
    "KMSMasterKeyArn",
    "LastModifiedDate",
    "LatestRestorableDateTime",
    "ResponseMetadata",
    "TableArn",
    "TableId",
    "UserPoolId",
    "UserPoolTags",
}


class Stage:
    """A dev stage of which only base is deployed."""

    def __init__(self, aws: LocalAws, directory: Path) -> None:
        self.aws = aws
        self.directory = directory
        self.workspace = Workspace(directory / "work", aws.environment)
        self.applied = ""

    def client(self, service: str) -> Any:
        session: Any = boto3.Session("test", "test", region_name=REGION)
        return session.client(service, endpoint_url=self.aws.emulator.endpoint)

    def apply(self, *variables: str) -> str:
        shown = self.workspace.terraform(
            "base", "apply", "-auto-approve", "-var-file=dev.tfvars", *variables
        )
        self.applied += shown[1]
        return shown[1]

    def start_anew(self) -> None:
        """Forget the state, as a repository does that never had one."""
        self.workspace = Workspace(self.directory / "anew", self.aws.environment)
        self.initialise("anew/base.tfstate")

    def initialise(self, key: str) -> None:
        settings = (f"bucket={BUCKET}", f"region={REGION}", f"key={key}")
        arguments = [f"-backend-config={setting}" for setting in settings]
        self.workspace.terraform("base", "init", "-lockfile=readonly", *arguments)

    @property
    def outputs(self) -> dict[str, Any]:
        return self.workspace.outputs("base")

    def secrets(self) -> dict[str, str]:
        name = self.outputs["service_inputs"]["secrets_parameter"]
        answer = self.client("ssm").get_parameter(Name=name, WithDecryption=True)
        return dict(json.loads(answer["Parameter"]["Value"]))

    def sealing_keys(self) -> dict[str, bytes]:
        return parse_sealing_keys(self.secrets()["SEALING_KEYS"])


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Base applied once for all tests of this file."""
    with start_local_aws() as aws:
        stage = Stage(aws, tmp_path_factory.mktemp("base"))
        stage.client("s3").create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        stage.initialise("dev/base.tfstate")
        stage.apply()
        yield stage


def described(endpoint: str, region: str, pool: str, client: str, table: str) -> dict[str, Any]:
    """What AWS says of a pool, its client and a table, without what tells two of a kind apart."""
    session: Any = boto3.Session("test", "test", region_name=region)
    cognito = session.client("cognito-idp", endpoint_url=endpoint)
    dynamodb = session.client("dynamodb", endpoint_url=endpoint)
    shape = {
        "pool": cognito.describe_user_pool(UserPoolId=pool),
        "mfa": cognito.get_user_pool_mfa_config(UserPoolId=pool),
        "client": cognito.describe_user_pool_client(UserPoolId=pool, ClientId=client),
        "table": dynamodb.describe_table(TableName=table),
        "ttl": dynamodb.describe_time_to_live(TableName=table),
        "backups": dynamodb.describe_continuous_backups(TableName=table),
    }
    return {name: _plain(answer) for name, answer in shape.items()}


def _plain(value: Any) -> Any:
    """Sort what has no order, and leave out what is false or empty: AWS takes absent for that."""
    if isinstance(value, dict):
        kept = {name: _plain(each) for name, each in value.items() if name not in IDENTITY}
        return {name: each for name, each in kept.items() if each not in (None, False, 0, {}, [])}
    if isinstance(value, list):
        return sorted((_plain(each) for each in value), key=json.dumps)
    return value


def test_terraform_and_the_embedded_aws_agree(stage: Stage) -> None:
    """Developers work on the pool, client and table that Terraform makes, setting by setting."""
    outputs = stage.outputs
    with start_embedded(shape=Shape(environment="dev")) as embedded:
        names = embedded.environment
        local = described(
            embedded.endpoint,
            names["AWS_REGION"],
            names["COGNITO_USER_POOL_ID"],
            names["COGNITO_CLIENT_ID"],
            names["USERS_TABLE"],
        )

    deployed = described(
        stage.aws.emulator.endpoint,
        REGION,
        outputs["cognito_user_pool_id"],
        outputs["cognito_client_id"],
        outputs["dynamodb_table_name"],
    )

    assert deployed == local
    assert deployed["client"]["UserPoolClient"]["AccessTokenValidity"] == 15


def test_a_second_plan_changes_nothing(stage: Stage) -> None:
    """What was applied is what is described."""
    code, shown = stage.workspace.terraform(
        "base", "plan", "-detailed-exitcode", "-var-file=dev.tfvars", allowed=(0, 2)
    )

    assert code == 0, shown


def test_state_is_locked_while_it_changes(stage: Stage) -> None:
    """A second apply beside a running one is refused by the lock file in the bucket."""
    stage.client("s3").put_object(
        Bucket=BUCKET, Key="dev/base.tfstate.tflock", Body=json.dumps({"ID": "someone else"})
    )

    with pytest.raises(TerraformFailed, match="Error acquiring the state lock"):
        stage.apply()

    stage.client("s3").delete_object(Bucket=BUCKET, Key="dev/base.tfstate.tflock")


def test_no_log_shows_a_secret(stage: Stage) -> None:
    """Neither what an apply prints nor a plan, even one that drops a key, holds a key or secret."""
    plans = [
        stage.workspace.terraform("base", "plan", "-var-file=dev.tfvars", *variables)[1]
        for variables in ((), ('-var=sealing_key_ids=["other"]',))
    ]
    shown = "".join([*plans, stage.applied, stage.workspace.terraform("base", "show")[1]])

    secrets = stage.secrets()
    sealed = secrets["SEALING_KEYS"].partition(":")[2]
    assert sealed
    for secret in (secrets["COGNITO_CLIENT_SECRET"], sealed, sealed[:20]):
        assert secret not in shown


def test_rotation_adds_a_key_and_keeps_the_old_one(stage: Stage) -> None:
    """The new key seals at once, the old one still opens, and the parameter has a new version."""
    before, version = stage.sealing_keys(), stage.outputs["service_inputs"]["secrets_version"]

    stage.apply('-var=sealing_key_ids=["k2","k1"]')

    after = stage.sealing_keys()
    assert list(after) == ["k2", "k1"]
    assert after["k1"] == before["k1"] != after["k2"]
    assert stage.outputs["service_inputs"]["secrets_version"] == version + 1


def test_existing_resources_are_adopted_as_they_are(stage: Stage) -> None:
    """An account with users in it is taken over; no second pool, nothing replaced."""
    outputs = stage.outputs
    adopted = {
        "cognito_user_pool_id": outputs["cognito_user_pool_id"],
        "cognito_client_id": outputs["cognito_client_id"],
        "users_table": True,
        "ecr_repository": True,
    }
    for parameter in stage.client("ssm").describe_parameters()["Parameters"]:
        stage.client("ssm").delete_parameter(Name=parameter["Name"])

    stage.start_anew()
    shown = stage.apply(f"-var=adopt={json.dumps(adopted)}")

    assert "4 imported" in shown
    assert " 0 destroyed" in shown
    assert len(stage.client("cognito-idp").list_user_pools(MaxResults=60)["UserPools"]) == 1
