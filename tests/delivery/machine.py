"""The machines on which the runner's steps run: what they have in common, and the real one."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.delivery.actions import Effect, stand_in
from tests.delivery.events import Event
from tests.delivery.handlers import CONTRACT, Package
from tests.delivery.jobs import Finished, Refused, Running

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
        "STATE_BUCKET": "lifestyle-state",
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


class RealMachine(Stage):
    """Runs the steps for real, on an emulator in place of AWS.

    Nothing of the caller's environment reaches a step but what is set here; Terraform is on the
    path only after its setup action, credentials are there only after a role was assumed.
    """

    def __init__(self, scratch: Path, package: Package, network: dict[str, str]) -> None:
        super().__init__()
        self.scratch, self.package, self.network = scratch, package, network
        self.commands: list[str] = []
        # A small function is fuzzed with a small contract; None is the repository's own.
        self.contract: str | None = CONTRACT

    def checkout(self, running: Running, inputs: dict[str, Any]) -> dict[str, str]:
        """Copy the files that git knows or would take."""
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        )
        for name in filter(None, listed.stdout.split("\0")):
            source, target = ROOT / name, running.workspace / name
            if source.is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)
        if self.contract:
            (running.workspace / "openapi.yaml").write_text(self.contract)
        return {}

    def python(self, running: Running, inputs: dict[str, Any]) -> dict[str, str]:
        """Put this interpreter on the path."""
        _link(running, "python3", Path(sys.executable).resolve())
        return {}

    def terraform(self, running: Running, inputs: dict[str, Any]) -> dict[str, str]:
        """Put the machine's Terraform on the path."""
        super().terraform(running, inputs)
        found = shutil.which("terraform")
        if found is None:
            raise Refused("this machine has no Terraform")
        _link(running, "terraform", Path(found))
        return {}

    def assume(self, running: Running, inputs: dict[str, Any]) -> dict[str, str]:
        """Give the emulator's credentials to the steps that follow."""
        outputs = super().assume(running, inputs)
        running.env |= {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": inputs["aws-region"],
            "AWS_DEFAULT_REGION": inputs["aws-region"],
        }
        return outputs

    def push(self, running: Running, repository: str, tag: str) -> str:
        """Package a function and push a manifest that names it: no image can run here."""
        target = self.zip_file(running)
        with zipfile.ZipFile(target, "w") as archive:
            for name, text in sorted(self.package(running.event.sha).items()):
                archive.writestr(zipfile.ZipInfo(name), text)
        layer = hashlib.sha256(target.read_bytes()).hexdigest()
        kind = "application/vnd.oci.image.manifest.v1+json"
        manifest = json.dumps(
            {"schemaVersion": 2, "mediaType": kind, "layers": [{"digest": f"sha256:{layer}"}]}
        )
        answer = self.client("ecr").put_image(
            repositoryName=repository,
            imageManifest=manifest,
            imageManifestMediaType=kind,
            imageTag=tag,
        )
        return str(answer["image"]["imageId"]["imageDigest"])

    def client(self, service: str) -> Any:
        """Return a client of the emulator, for the test itself."""
        import boto3

        session: Any = boto3
        return session.client(
            service,
            region_name=REGION,
            endpoint_url=self.network.get(
                f"AWS_ENDPOINT_URL_{service.upper()}", self.network["AWS_ENDPOINT_URL"]
            ),
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def shell(
        self, running: Running, command: list[str], script: str, env: dict[str, str]
    ) -> Finished:
        """Run a script in the workspace."""
        self.commands.append(script)
        file = running.directory / "script.sh"
        file.write_text(script)
        base = {
            "PATH": os.pathsep.join([*running.path, str(self.tools()), "/usr/bin", "/bin"]),
            "HOME": str(running.directory),
            "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "VENV": sys.prefix,
            **self.network,
            "TF_VAR_zip_file": str(self.zip_file(running)),
        }
        done = subprocess.run(
            [*command, str(file)],
            cwd=running.workspace,
            env=base | env,
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=600,
        )
        return Finished(done.returncode, done.stdout)

    def zip_file(self, running: Running) -> Path:
        """Return where the package of a job's stage lies."""
        return self.scratch / f"{running.environment}.zip"

    def tools(self) -> Path:
        """Return the folder with the stand-in for make: the real one would run this test again."""
        folder = self.scratch / "bin"
        if not folder.exists():
            folder.mkdir(parents=True)
            make = folder / "make"
            make.write_text(
                "#!/bin/sh\n"
                'case "$*" in\n'
                "  test) echo 'make test: the suite that this test is part of' ;;\n"
                '  .venv/ready) ln -sfn "$VENV" .venv ;;\n'
                '  *) echo "no such target: $*" >&2; exit 2 ;;\n'
                "esac\n"
            )
            make.chmod(0o755)
        return folder


def _link(running: Running, name: str, target: Path) -> None:
    folder = running.directory / "tools"
    folder.mkdir(exist_ok=True)
    (folder / name).symlink_to(target)
    if str(folder) not in running.path:
        running.path.append(str(folder))
