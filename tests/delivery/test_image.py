"""The image's tree, built without Docker from the Dockerfile: what is in it, and that it starts."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

import pytest

from ci import layout

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 30.0
SETTINGS = {
    "ENVIRONMENT": "dev",
    "AWS_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "nobody",
    "AWS_SECRET_ACCESS_KEY": "nothing",
    "COGNITO_USER_POOL_ID": "eu-central-1_AbCdEfGhI",
    "COGNITO_CLIENT_ID": "0123456789abcdef",
    "COGNITO_CLIENT_SECRET": "fedcba98765432100123456789",
    "USERS_TABLE": "users-dev",
    "SEALING_KEYS": "k1:" + base64.urlsafe_b64encode(bytes(range(32))).decode(),
    "SERVICE_VERSION": "1.2.3",
}


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> layout.Stage:
    """The last stage of the Dockerfile, without the files of its base."""
    if sys.version_info[:2] != (3, 13) and shutil.which(layout.PYTHON) is None:
        pytest.skip(f"{layout.PYTHON} is not installed")
    return layout.build(tmp_path_factory.mktemp("image") / "stages")


@pytest.fixture(scope="module")
def task(image: layout.Stage) -> Path:
    """The task root, which Lambda puts on the path."""
    return image.path(".")


def unprivileged(image: layout.Stage, tmp_path: Path) -> tuple[list[str], dict[str, str]]:
    """A command prefix under which file modes count even for root, and the image's environment."""
    tools = tmp_path / "bin"
    if not tools.exists():
        tools.mkdir()
        (tools / layout.PYTHON).symlink_to(layout.interpreter())
    environment = {"PATH": f"{tools}{os.pathsep}{os.defpath}", **image.env, **SETTINGS}
    if os.geteuid() != 0:
        return [], environment
    return ["setpriv", "--bounding-set=-all", "--no-new-privs"], environment


@contextmanager
def served(image: layout.Stage, tmp_path: Path) -> Iterator[int]:
    """Start the image's entry point as it starts outside Lambda; gives the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    prefix, environment = unprivileged(image, tmp_path)
    process = subprocess.Popen(
        [*prefix, str(image.root / image.entrypoint[0].lstrip("/")), *image.command],
        cwd=image.path("."),
        env={**environment, "PORT": str(port), "HOST": "127.0.0.1"},
    )
    try:
        yield port
    finally:
        process.terminate()
        process.wait(15)


def get(port: int, path: str) -> tuple[int, dict[str, object]]:
    """Ask until the server listens."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except ConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        finally:
            connection.close()


def files(directory: Path) -> set[str]:
    return {str(path.relative_to(directory)) for path in directory.rglob("*")}


@pytest.mark.skipif(
    os.geteuid() == 0 and shutil.which("setpriv") is None, reason="setpriv is not installed"
)
def test_image_is_a_plain_server_that_writes_nothing(image: layout.Stage, tmp_path: Path) -> None:
    """Outside Lambda the entry point serves HTTP, without AWS and on a read-only tree."""
    before = files(image.root)
    prefix, environment = unprivileged(image, tmp_path)
    refused = subprocess.run(
        [*prefix, "touch", str(image.path("new"))],
        env=environment,
        capture_output=True,
        check=False,
    )

    with served(image, tmp_path) as port:
        status, document = get(port, "/v1/health")

    assert refused.returncode != 0
    assert (status, document["version"]) == (200, "1.2.3")
    assert files(image.root) == before


def test_in_lambda_the_runtime_of_the_base_image_is_started(
    image: layout.Stage, tmp_path: Path
) -> None:
    """With a Runtime API the entry point hands over to AWS's own, with the handler's name."""
    script = (image.root / "entrypoint.sh").read_text()
    stand_in = tmp_path / "lambda-entrypoint.sh"
    stand_in.write_text('#!/bin/sh\necho "runtime: $*"\n')
    stand_in.chmod(0o755)

    script = script.replace("/lambda-entrypoint.sh", str(stand_in))
    done = subprocess.run(
        ["/bin/sh", "-c", script, "sh", *image.command],
        env={"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout == "runtime: service.lambda_handler.handler\n"


def test_handler_and_reconciler_are_importable_by_name(
    image: layout.Stage, task: Path, tmp_path: Path
) -> None:
    """The names that the image and Terraform give to Lambda exist in the tree."""
    terraform = (ROOT / "infra" / "service" / "functions.tf").read_text()
    names = re.findall(r'handler = "([a-z_.]+)"', terraform)
    _, environment = unprivileged(image, tmp_path)

    code = "import importlib, sys\nfor name in sys.argv[1:]:\n" + (
        "    module, _, handler = name.rpartition('.')\n"
        "    assert callable(getattr(importlib.import_module(module), handler)), name\n"
    )
    done = subprocess.run(
        [layout.interpreter(), "-c", code, *names],
        cwd=task,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert image.command[0] in names
    assert len(names) == 2
    assert done.returncode == 0, done.stderr


def test_image_holds_the_locked_packages_and_no_other(task: Path) -> None:
    """What is installed is the runtime lock: no test tool, no emulator, no contract compiler."""
    lock = (ROOT / "requirements" / "runtime.txt").read_text()
    locked = dict(re.findall(r"^([a-z0-9-]+)==([^\s;\\]+)", lock, re.MULTILINE))
    elsewhere = set(re.findall(r"^([a-z0-9-]+)==\S+ ; .*(?:win32|Windows)", lock, re.MULTILINE))

    installed = {
        each.name.lower().replace("_", "-"): each.version
        for each in metadata.distributions(path=[str(task)])
    }

    assert installed == {name: locked[name] for name in locked.keys() - elsewhere}


def test_image_holds_nothing_else_of_the_repository(image: layout.Stage, task: Path) -> None:
    """Of our files there is the service and the entry point; no test, no emulator, no secret."""
    ours = {path.name for path in ROOT.iterdir()} - {"service"}

    assert not ours & {path.name for path in task.iterdir()}
    assert {path.name for path in image.root.iterdir()} == {"entrypoint.sh", "var"}


def test_bundle_is_the_contracts(task: Path) -> None:
    """The contract was compiled in the build, not before it."""
    bundle = json.loads((task / "service" / "bundle.json").read_text())

    digest = hashlib.sha256((ROOT / "openapi.yaml").read_bytes()).hexdigest()
    assert bundle["sha256"] == digest


def test_every_module_is_compiled_once_for_all(task: Path) -> None:
    """A start compiles nothing and compares no times: PEP 552, flags 1, unchecked hash."""
    sources = [path for path in task.rglob("*.py") if path.stem.isidentifier()]
    assert len(sources) > 500
    for source in sources:
        compiled = source.parent / "__pycache__" / f"{source.stem}.cpython-313.pyc"
        assert int.from_bytes(compiled.read_bytes()[4:8], "little") == 1, source


def test_nothing_in_the_tree_can_be_written(task: Path) -> None:
    """No file and no directory has a write bit, for its owner neither."""
    writable = [path for path in task.rglob("*") if path.stat().st_mode & 0o222]

    assert not writable


def test_image_runs_as_nobody_in_particular(image: layout.Stage) -> None:
    """The user is a number, so that a host can see that it is not root."""
    assert re.fullmatch(r"[1-9][0-9]+:[1-9][0-9]+", image.user)


def test_base_is_named_by_digest() -> None:
    """A tag can be moved; both stages start from the one digest."""
    dockerfile = (ROOT / "Dockerfile").read_text()

    assert re.search(
        r"^ARG BASE=public\.ecr\.aws/lambda/python:3\.13-arm64@sha256:[0-9a-f]{64}$",
        dockerfile,
        re.MULTILINE,
    )
    assert re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE) == ["${BASE}", "${BASE}"]


@pytest.mark.parametrize(
    "line",
    ["ADD x /x", "RUN curl https://example.com", "COPY --chown=1 ci/layout.py /x", "COPY tests /x"],
)
def test_layout_refuses_what_it_does_not_know(tmp_path: Path, line: str) -> None:
    """A tree that is only nearly the image would prove nothing."""
    (tmp_path / "Dockerfile").write_text(f"FROM scratch\n{line}\n")
    shutil.copy2(ROOT / ".dockerignore", tmp_path)
    (tmp_path / "tests").mkdir()

    with pytest.raises(layout.LayoutError):
        layout.build(tmp_path / "stages", tmp_path)


@pytest.mark.parametrize(
    ("path", "out"),
    [
        ("service/app.py", False),
        ("service/__pycache__/app.pyc", True),
        ("service/bundle.json", True),
        ("requirements/dev.txt", True),
        ("requirements/runtime.txt", False),
        ("tests/conftest.py", True),
        ("ci/layout.py", True),
        (".env", True),
    ],
)
def test_build_context_is_what_is_copied(path: str, out: bool) -> None:
    """.dockerignore sends the builder what it needs and keeps the rest here."""
    assert layout.is_ignored(Path(path), layout.ignored(ROOT)) is out
