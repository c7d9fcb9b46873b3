"""Terraform's own checks of the three roots: form, types, and the assertions beside them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ci.deploy_local_terraform import mirror

INFRA = Path(__file__).resolve().parents[2] / "infra"
ROOTS = ("bootstrap", "base", "service")
PLATFORMS = 15  # Archives that were published for the pinned version of the provider.

pytestmark = pytest.mark.timeout(300)  # Seconds on a machine that does other things meanwhile.
terraform_only = pytest.mark.skipif(
    shutil.which("terraform") is None, reason="terraform is not installed"
)


def terraform(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"}
    return subprocess.run(
        ["terraform", f"-chdir={directory}", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )


@pytest.fixture
def infra(tmp_path: Path) -> Path:
    """A copy of the roots beside the contract, initialised by nobody."""
    leave = shutil.ignore_patterns(
        ".terraform", "*.tfstate*", "*.auto.tfvars.json", "*_override.tf"
    )
    shutil.copytree(INFRA, tmp_path / "infra", ignore=leave)
    shutil.copy2(INFRA.parent / "openapi.yaml", tmp_path)
    return tmp_path / "infra"


def initialised(root: Path) -> Path:
    plugins = mirror()
    arguments = [f"-plugin-dir={plugins}"] if plugins else []
    done = terraform(root, "init", "-backend=false", "-lockfile=readonly", *arguments)
    assert done.returncode == 0, done.stderr
    return root


@terraform_only
def test_files_have_terraforms_own_form() -> None:
    """`terraform fmt` would change nothing."""
    done = terraform(INFRA, "fmt", "-check", "-recursive", "-diff")

    assert done.returncode == 0, done.stdout


@terraform_only
@pytest.mark.parametrize("root", ROOTS)
def test_root_keeps_its_promises(infra: Path, root: str) -> None:
    """`terraform validate` and `terraform test`, the latter on a mocked provider."""
    directory = initialised(infra / root)

    valid = terraform(directory, "validate", "-no-color")
    tested = terraform(directory, "test", "-no-color")

    assert valid.returncode == 0, valid.stderr
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert " 0 failed" in tested.stdout


@terraform_only
def test_a_broken_promise_is_noticed(infra: Path) -> None:
    """The assertions fail on a root that does what it must not: here, trust every branch."""
    path = infra / "bootstrap" / "deploy.tf"
    trust = ":environment:${each.key}"
    assert trust in path.read_text()
    path.write_text(path.read_text().replace(trust, ":*"))

    tested = terraform(initialised(infra / "bootstrap"), "test", "-no-color")

    assert tested.returncode == 1
    assert "Test assertion failed" in tested.stdout + tested.stderr


@pytest.mark.parametrize("root", ROOTS)
def test_lock_file_serves_every_platform(root: str) -> None:
    """The lock has the published hash of each platform's archive, not only of its maker's."""
    lock = (INFRA / root / ".terraform.lock.hcl").read_text()

    assert len(set(re.findall(r'"zh:[0-9a-f]{64}"', lock))) == PLATFORMS
    assert len(re.findall(r'"h1:', lock)) == 1
    assert re.findall(r'version += "(.*)"', lock) == ["5.100.0"]


@pytest.mark.parametrize("root", ["base", "service"])
@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_each_stage_has_its_variables(root: str, environment: str) -> None:
    """A file of variables names the stage that it is for."""
    text = (INFRA / root / f"{environment}.tfvars").read_text()

    assert re.search(rf'^environment += "{environment}"$', text, re.MULTILINE)
