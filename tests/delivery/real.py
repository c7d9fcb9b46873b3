"""The machine on which steps really run, with an emulator in place of AWS."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from ci.deploy_local_terraform import GITHUB
from tests.delivery.handlers import CONTRACT, Package
from tests.delivery.jobs import Finished, Refused, Running
from tests.delivery.machine import REGION, ROOT, Stage

ISSUER = "https://token.actions.githubusercontent.com"


def oidc_token(environment: str) -> str:
    """Make the token that GitHub gives a job of an environment; the emulator checks no signature.

    https://docs.github.com/actions/reference/openid-connect-reference
    """
    subject = "repo:{owner}@{owner_id}/{repository}@{repository_id}".format(**GITHUB)
    claims = {
        "iss": ISSUER,
        "aud": "sts.amazonaws.com",
        "sub": f"{subject}:environment:{environment}",
        "repository_id": GITHUB["repository_id"],
    }
    parts = [json.dumps(part).encode() for part in ({"alg": "RS256"}, claims)]
    return b".".join([*map(base64.urlsafe_b64encode, parts), b"signature"]).decode()


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
        running.env["pythonLocation"] = str(running.directory / "tools")
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
        """Give the role's credentials to the steps that follow, if its trust policy allows it."""
        outputs = super().assume(running, inputs)
        try:
            found = self.exchange(inputs["role-to-assume"], str(running.environment))
        except ClientError as error:
            raise Refused(str(error)) from error
        running.env |= {
            "AWS_ACCESS_KEY_ID": found["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": found["SecretAccessKey"],
            "AWS_SESSION_TOKEN": found["SessionToken"],
            "AWS_REGION": inputs["aws-region"],
            "AWS_DEFAULT_REGION": inputs["aws-region"],
        }
        return outputs

    def exchange(self, wanted: str, environment: str) -> dict[str, str]:
        """Exchange the OIDC token of a job for credentials of a role; raises ClientError."""
        session: Any = boto3
        endpoint = self.network["AWS_ENDPOINT_URL"]
        unsigned = Config(signature_version=UNSIGNED)
        client = session.client("sts", region_name=REGION, endpoint_url=endpoint, config=unsigned)
        answer = client.assume_role_with_web_identity(
            RoleArn=wanted, RoleSessionName="workflow", WebIdentityToken=oidc_token(environment)
        )
        credentials: dict[str, str] = answer["Credentials"]
        return credentials

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
        done = self._execute([*command, str(file)], running.workspace, base | env)
        if done.code and "AddPermission" in done.output and "StatusCode: 409" in done.output:
            # The emulator answers AddPermission twice under load; a person would run the job again.
            done = self._execute([*command, str(file)], running.workspace, base | env)
        return done

    @staticmethod
    def _execute(command: list[str], workspace: Path, env: dict[str, str]) -> Finished:
        done = subprocess.run(
            command,
            cwd=workspace,
            env=env,
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
                '  .venv/ready) test -x "$PYTHON" && ln -sfn "$VENV" .venv ;;\n'
                '  *) echo "no such target: $*" >&2; exit 2 ;;\n'
                "esac\n"
            )
            make.chmod(0o755)
        return folder


def _link(running: Running, name: str, target: Path) -> None:
    folder = running.directory / "tools" / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).symlink_to(target)
    if str(folder) not in running.path:
        running.path.append(str(folder))
