"""A copy of infra/ in which Terraform deploys to a local AWS, and what is different there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ci.deploy_local_aws import REGION

ROOT = Path(__file__).resolve().parent.parent
PROVIDER = "terraform-provider-aws_v5.100.0*"
# Where a plugin mirror would be; a search of the whole machine takes seconds.
MIRRORS = (Path("/opt"), Path("/usr/share/terraform"), Path.home() / ".terraform.d")
BUCKET = "lifestyle-api-terraform-000000000000"
GITHUB = {"owner": "acme", "repository": "lifestyle-api", "owner_id": "1", "repository_id": "2"}

# What guards accounts in the cloud would stand in the way of an environment that lasts a minute.
DESTRUCTIBLE = "lifecycle {\n    prevent_destroy = false\n  }"
OVERRIDES = {
    "base": {
        'resource "aws_cognito_user_pool" "users"': DESTRUCTIBLE,
        'resource "aws_cognito_user_pool_client" "api"': DESTRUCTIBLE,
        'resource "aws_dynamodb_table" "users"': DESTRUCTIBLE,
    },
    "service": {},
    # The emulator speaks HTTP, which the bucket's policy forbids, and enforces that policy; the
    # provider watches a new lifecycle configuration for a minute before it believes it.
    "bootstrap": {
        'provider "aws"': "s3_use_path_style = true",
        'resource "aws_s3_bucket" "state"': f"force_destroy = true\n  {DESTRUCTIBLE}",
        'resource "aws_s3_bucket_policy" "state"': "count = 0",
        'resource "aws_s3_bucket_lifecycle_configuration" "state"': "count = 0",
    },
}


class TerraformFailed(Exception):
    """Raised when Terraform ends with an error; the text is what it printed."""


def mirror() -> Path | None:
    """Return the plugin mirror of this machine, if it has one; elsewhere init downloads."""
    if named := os.environ.get("TF_PLUGIN_MIRROR"):
        return Path(named)
    for place in filter(Path.is_dir, MIRRORS):
        for found in place.rglob(PROVIDER):
            return found.parents[5]
    return None


class Workspace:
    """The three roots, copied to a directory of their own and bound to one account."""

    def __init__(self, directory: Path, environment: Mapping[str, str]) -> None:
        self.directory = directory
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.environment = {**kept, **environment, **_arguments(), "PYTHONPATH": str(ROOT)}
        # The emulated bucket has no host name of its own.
        self.environment["TF_CLI_ARGS_init"] = " ".join(
            [*_plugins(), "-backend-config=use_path_style=true"]
        )
        leave = shutil.ignore_patterns(".terraform", "*.tfstate*", "*.auto.tfvars.json", "*.tfplan")
        shutil.copytree(ROOT / "infra", directory / "infra", ignore=leave)
        shutil.copy2(ROOT / "openapi.yaml", directory)
        for root, blocks in OVERRIDES.items():
            text = [f"{block} {{\n  {body}\n}}\n" for block, body in blocks.items()]
            self.write(root, "local_override.tf", "".join(text))
        self._drop_conditions("bootstrap", "policies/boundary.json.tftpl")
        settings = {"github": GITHUB, "aws_region": REGION}
        self.write("bootstrap", "local.auto.tfvars.json", json.dumps(settings))

    def write(self, root: str, name: str, text: str) -> None:
        """Add a file to a root."""
        (self.directory / "infra" / root / name).write_text(text)

    def _drop_conditions(self, root: str, name: str) -> None:
        """ministack knows a resource's tags in a principal's own policies, not in its boundary."""
        path = self.directory / "infra" / root / name
        document = json.loads(path.read_text())
        for statement in document["Statement"]:
            statement.pop("Condition", None)
        path.write_text(json.dumps(document))

    def terraform(
        self, root: str, *arguments: str, allowed: Iterable[int] = (0,), **variables: str
    ) -> tuple[int, str]:
        """Run Terraform in a root. Raises `TerraformFailed` for any other exit code."""
        return self._run(["terraform", f"-chdir=infra/{root}", *arguments], variables, allowed)

    def step(self, module: str, *arguments: str, **variables: str) -> str:
        """Run a step of the pipeline as the workflow does. Raises `TerraformFailed`."""
        return self._run([sys.executable, "-m", module, *arguments], variables, (0,))[1]

    def bootstrap(self) -> None:
        """Make the state bucket and the roles, as a person does once for an account."""
        self.terraform(
            "bootstrap", "init", "-lockfile=readonly", TF_CLI_ARGS_init=" ".join(_plugins())
        )
        self.terraform("bootstrap", "apply", "-auto-approve")

    def outputs(self, root: str) -> dict[str, Any]:
        """Return a root's outputs."""
        shown = json.loads(self.terraform(root, "output", "-json")[1])
        return {name: output["value"] for name, output in shown.items()}

    def destroy(self, root: str, stage: str, *variables: str) -> None:
        """Remove everything a root made."""
        self.terraform(root, "destroy", "-auto-approve", f"-var-file={stage}.tfvars", *variables)

    def _run(
        self, command: list[str], variables: Mapping[str, str], allowed: Iterable[int]
    ) -> tuple[int, str]:
        done = subprocess.run(  # noqa: S603  # Our own arguments.
            command,
            cwd=self.directory,
            env={**self.environment, **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode not in allowed:
            raise TerraformFailed(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
        return done.returncode, done.stdout


def pack(tree: Path, archive: Path) -> Path:
    """Zip a task root; the times are fixed, so that the same tree gives the same hash."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        for path in sorted(tree.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(str(path.relative_to(tree)))
                entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o444 << 16
                package.writestr(entry, path.read_bytes())
    return archive


def _arguments() -> dict[str, str]:
    return {
        "TF_CLI_CONFIG_FILE": os.devnull,
        "TF_CLI_ARGS": "-no-color",
        "TF_IN_AUTOMATION": "1",
        "CHECKPOINT_DISABLE": "1",
        "STATE_BUCKET": BUCKET,
    }


def _plugins() -> list[str]:
    plugins = mirror()
    return ["-input=false", *([f"-plugin-dir={plugins}"] if plugins else [])]
