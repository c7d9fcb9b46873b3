"""`make run` as its user meets it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.emulator import ROOT
from tests.local.running import Run, copy_checkout, resident
from tests.local.test_persistence import gone

ADDRESS = "ada@example.com"
READY = "Ctrl-C stops"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_checkout(tmp_path_factory.mktemp("checkout"))


@pytest.fixture
def start(checkout: Path) -> Iterator[Callable[..., Run]]:
    """Start runs that end with the test."""
    runs: list[Run] = []

    def begin(*, ready: str = READY, **environment: str) -> Run:
        runs.append(Run(checkout, **environment))
        runs[-1].wait_for(ready)
        return runs[-1]

    yield begin
    for run in runs:
        run.end()


@pytest.fixture
def run(start: Callable[..., Run]) -> Run:
    """A run whose embedded AWS is empty."""
    run = start()
    assert run.request("POST", "/dev/reset")[0] == 204
    return run


def test_somebody_registers_verifies_with_the_mailed_code_and_signs_in(run: Run) -> None:
    """The mailbox gives the code by address, whatever its case, newest first."""
    assert run.register(ADDRESS) == 201
    assert run.register("Bob@Example.com", "Bob") == 201

    status, mails = run.request("GET", "/dev/mailbox.json?to=BOB@example.com")

    assert status == 200
    (mail,) = mails
    assert list(mail) == ["to", "subject", "body", "code", "sentAt"]
    assert re.fullmatch(r"\d{6}", mail["code"])
    assert mail["code"] in mail["body"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", mail["sentAt"])
    newest_first = [each["to"] for each in run.request("GET", "/dev/mailbox.json")[1]]
    assert newest_first == [mail["to"], ADDRESS]
    assert (run.verify(ADDRESS), run.login(ADDRESS)) == (200, 200)


def test_a_reset_forgets_the_user_and_the_server_goes_on(run: Run) -> None:
    """The same server serves the emptied AWS: identifiers and keys have not changed."""
    run.register(ADDRESS)
    run.verify(ADDRESS)

    assert run.request("POST", "/dev/reset") == (204, "")

    assert run.login(ADDRESS) == 401
    assert run.request("GET", "/dev/mailbox.json") == (200, [])
    assert (run.register(ADDRESS), run.verify(ADDRESS), run.login(ADDRESS)) == (201, 200, 200)


def test_server_and_embedded_aws_stay_under_250_mb(run: Run) -> None:
    """Resident memory of every process of the run, after it has served."""
    run.register(ADDRESS)
    run.verify(ADDRESS)
    run.login(ADDRESS)

    sizes = [resident(pid) for pid in run.processes()]

    assert len(sizes) == 3
    assert sum(sizes) < 250


def test_kill_9_of_everything_above_the_emulator_keeps_the_user(
    run: Run, start: Callable[..., Run]
) -> None:
    """No process stays, and the next run knows who signed up a moment before."""
    run.register(ADDRESS)
    run.verify(ADDRESS)
    family = run.processes()

    run.process.kill()
    run.process.wait()

    assert all(gone(pid, within=8) for pid in family)
    assert start().login(ADDRESS) == 200


def test_kill_9_of_the_emulator_or_the_server_is_mended(run: Run) -> None:
    """The run says so and starts the dead again, with its state."""
    run.register(ADDRESS)
    run.verify(ADDRESS)
    run.request("GET", "/v1/health")
    emulator, server = run.processes()[1:]

    os.kill(server, signal.SIGKILL)
    run.wait_for("The server ended by itself")
    assert run.login(ADDRESS) == 200
    os.kill(emulator, signal.SIGKILL)
    run.wait_for("The embedded AWS ended by itself(.|\n)*Reloaded")

    assert run.login(ADDRESS) == 200


def test_ctrl_c_ends_everything_without_a_traceback(run: Run) -> None:
    """The exit status is that of a run that did what it was told."""
    family = run.processes()

    status = run.interrupt()

    assert status == 0
    assert "Traceback" not in run.wait_for("Stopping")
    assert all(gone(pid, within=1) for pid in family)


def test_a_run_below_make_ends_with_make(checkout: Path) -> None:
    """A killed make leaves no server behind."""
    line = f"PORT={free()} exec {sys.executable} -m local & echo $!; sleep 60"
    shell = subprocess.Popen(
        ["/bin/sh", "-c", line],
        cwd=checkout,
        env={**os.environ, "MAKELEVEL": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert shell.stdout
    pid = int(shell.stdout.readline())
    while READY not in shell.stdout.readline():
        pass

    shell.kill()
    shell.wait()
    shell.stdout.close()

    assert gone(pid, within=8)


def free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_a_second_run_in_one_checkout_is_refused_by_name(run: Run, checkout: Path) -> None:
    """Two would write one state."""
    second = Run(checkout)

    sentence = second.wait_for("already running in this checkout")

    assert f"process {run.process.pid}, http://127.0.0.1:{run.port}" in sentence
    assert second.process.wait(10) == 1
    second.end()


def test_a_taken_port_is_named_with_the_way_out(checkout: Path) -> None:
    """A frontend has the address configured, so the run does not move by itself."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = Run(checkout, port=port)
        sentence = run.wait_for("taken")

    assert re.search(rf"Port {port} is taken .*: make run PORT=\d+", sentence)
    assert run.process.wait(10) == 1
    run.end()


def test_a_changed_file_is_served_and_a_fault_in_it_leaves_the_old_server(run: Run) -> None:
    """No request is refused meanwhile, and the fault is on the terminal."""
    source = run.checkout / "service" / "app.py"
    good = source.read_text()
    before = run.processes()[2]
    try:
        source.write_text(f"{good}\nraise RuntimeError('half written')\n")
        shown = run.wait_for("keeps serving")
        assert "RuntimeError: half written" in shown
        assert "service/app.py" in shown
        assert run.request("GET", "/v1/health")[0] == 200
        assert run.processes()[2] == before
    finally:
        source.write_text(good)
    run.wait_for("Reloaded")

    assert run.request("GET", "/v1/health")[0] == 200
    assert run.processes()[2] != before


def test_a_changed_contract_is_served_and_a_fault_in_it_leaves_the_old_server(run: Run) -> None:
    """An editor replaces the file instead of writing it; that is noticed too."""
    contract = run.checkout / "openapi.yaml"
    good = contract.read_text()
    try:
        replace(contract, good.replace("operationId: getHealth\n", "operationId: 7\n"))
        shown = run.wait_for("keeps serving")
        assert "The contract does not compile" in shown
        assert run.request("GET", "/v1/health")[0] == 200
    finally:
        replace(contract, good)
    run.wait_for("Reloaded")

    assert run.request("GET", "/v1/health")[0] == 200


def replace(path: Path, text: str) -> None:
    beside = path.with_suffix(".tmp")
    beside.write_text(text)
    beside.replace(path)


def test_a_start_with_a_faulty_contract_serves_a_page_that_names_it(
    checkout: Path, start: Callable[..., Run]
) -> None:
    """The page gives way to the API once the contract is mended."""
    contract = checkout / "openapi.yaml"
    good = contract.read_text()
    replace(contract, "openapi: 3.0.3\n")
    try:
        run = start()
        status, text = run.request("GET", "/v1/health")
        assert status == 503
        assert "The contract does not compile" in text
    finally:
        replace(contract, good)
    run.wait_for("Reloaded")

    assert run.request("GET", "/v1/health")[0] == 200


def test_a_named_user_pool_is_used_instead_of_the_embedded_aws(start: Callable[..., Run]) -> None:
    """`make run` against real AWS is a matter of environment variables."""
    run = start(
        COGNITO_USER_POOL_ID="eu-central-1_Real1",
        COGNITO_CLIENT_ID="client",
        COGNITO_CLIENT_SECRET="x" * 51,
        AWS_REGION="eu-central-1",
        USERS_TABLE="users-dev",
        SEALING_KEYS="k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
        ENVIRONMENT="dev",
    )

    assert "eu-central-1_Real1" in run.output
    assert len(run.processes()) == 2
    assert run.request("GET", "/v1/health")[0] == 200
    assert run.request("GET", "/dev/mailbox")[0] == 404


def test_the_service_never_imports_the_local_tools() -> None:
    """Nothing under /dev can be in production: `local` is not in the image."""
    sources = [path.read_text() for path in (ROOT / "service").rglob("*.py")]

    assert len(sources) > 20
    assert not [text for text in sources if re.search(r"^\s*(from|import) local\b", text, re.M)]
