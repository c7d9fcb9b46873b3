"""What the embedded AWS keeps, through restarts and `kill -9`, and what it says when it cannot."""

from __future__ import annotations

import asyncio
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jwt
import pytest

from local.checkpoint import Checkpoint
from local.emulator import ROOT, Emulator, EmulatorError, launch, start_embedded
from local.front import Front
from local.shape import Shape
from tests.local.customer import Customer

ADDRESS = "ada@example.com"
PARENT = """
import sys, time
from pathlib import Path
from local.emulator import start_embedded
from tests.local.customer import Customer
with start_embedded(Path(sys.argv[1])) as aws:
    Customer(aws, "ada@example.com").sign_up()
    print(aws.process.pid, flush=True)
    time.sleep(60)
"""


def gone(pid: int, within: float) -> bool:
    """Return whether a process ends within some seconds."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        status = Path(f"/proc/{pid}/status")
        if not status.exists() or "State:\tZ" in status.read_text():
            return True
        time.sleep(0.05)
    return False


def known_after_restart(state: Path) -> bool:
    """Return whether the user of these tests can confirm and sign in after a new start."""
    with start_embedded(state) as aws:
        ada = Customer(aws, ADDRESS)
        ada.confirm(aws.code_for(ADDRESS))
        return "AuthenticationResult" in ada.sign_in()


def test_a_restart_keeps_users_mails_identifiers_and_signing_keys(tmp_path: Path) -> None:
    """A token from before the restart verifies with the keys published after it."""
    with start_embedded(tmp_path) as aws:
        before = aws.environment
        ada = Customer(aws, ADDRESS)
        ada.sign_up()
        ada.confirm(aws.code_for(ADDRESS))
        token = ada.sign_in()["AuthenticationResult"]["AccessToken"]

    with start_embedded(tmp_path) as aws:
        key = jwt.PyJWKClient(aws.environment["JWKS_URL"]).get_signing_key_from_jwt(token)
        claims = jwt.decode(token, key, algorithms=["RS256"])
        mails, again = aws.mails(ADDRESS), Customer(aws, ADDRESS).sign_in()

    addresses = {"AWS_ENDPOINT_URL", "JWKS_URL"}
    assert {n: v for n, v in before.items() if n not in addresses} == {
        n: v for n, v in aws.environment.items() if n not in addresses
    }
    assert claims["token_use"] == "access"
    assert len(mails) == 1
    assert again["AuthenticationResult"]


def test_a_reset_keeps_the_signing_keys_over_a_restart(tmp_path: Path) -> None:
    """A server that cached the keys before a reset is still right after the next start."""

    def published(aws: Emulator) -> object:
        return aws.call("GET", f"/{aws.environment['COGNITO_USER_POOL_ID']}/.well-known/jwks.json")

    with start_embedded(tmp_path) as aws:
        before = published(aws)
        aws.reset()
        after = published(aws)

    with start_embedded(tmp_path) as aws:
        assert before == after == published(aws)


def test_kill_9_of_the_emulator_loses_nothing_older_than_a_second(tmp_path: Path) -> None:
    """Checkpoints follow the writes; nothing else runs at a kill."""
    aws = launch(tmp_path)
    aws.provision(Shape())
    Customer(aws, ADDRESS).sign_up()
    time.sleep(1)
    aws.process.kill()
    aws.stop()

    assert known_after_restart(tmp_path)


def test_kill_9_of_the_parent_saves_the_state_and_leaves_no_process(tmp_path: Path) -> None:
    """The emulator notices by its pipe, saves what was just written and ends."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout
    emulator = int(parent.stdout.readline())

    parent.kill()
    parent.wait()
    parent.stdout.close()

    assert gone(emulator, within=5)
    assert known_after_restart(tmp_path)


def test_the_last_write_before_the_end_is_saved_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With half a minute between two checkpoints only the one at the end can have it."""
    (tmp_path / "sitecustomize.py").write_text("import local.front as front\nfront.PAUSE = 30\n")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{ROOT}")
    with start_embedded(tmp_path / "aws") as aws:
        Customer(aws, "bob@example.com").sign_up()
        time.sleep(0.5)
        Customer(aws, ADDRESS).sign_up()
    monkeypatch.undo()

    assert known_after_restart(tmp_path / "aws")


def test_one_checkpoint_is_written_after_the_other() -> None:
    """Two at once would write into one file, and an older one could come last."""

    class SlowCheckpoint:
        moment = 0
        written: list[bytes]

        def encode(self) -> bytes:
            self.moment += 1
            return str(self.moment).encode()

        def write(self, content: bytes) -> None:
            time.sleep(0.05 / int(content))  # The first takes longest.
            self.written.append(content)

    async def save_thrice() -> list[bytes]:
        checkpoint = SlowCheckpoint()
        checkpoint.written = []
        front = Front(None, checkpoint)  # type: ignore[arg-type]  # As much of one as it needs.
        await asyncio.gather(*(front.save() for _ in range(3)))
        return checkpoint.written

    assert asyncio.run(save_thrice()) == [b"1", b"2", b"3"]


def test_a_write_that_nobody_waits_for_is_finished_before_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last checkpoint may begin while a cancelled one is still on its way to the disk."""
    monkeypatch.setattr(os, "fsync", lambda _: time.sleep(0.05))
    checkpoint = Checkpoint({}, "any", tmp_path / "state.json")

    with ThreadPoolExecutor(2) as threads:
        older = threads.submit(checkpoint.write, b"older " * 100)
        time.sleep(0.01)
        newer = threads.submit(checkpoint.write, b"newer")

    assert (older.exception(), newer.exception()) == (None, None)
    assert (tmp_path / "state.json").read_bytes() == b"newer"


def test_an_emulator_that_was_paused_meanwhile_ends_once_it_goes_on(tmp_path: Path) -> None:
    """The end of the pipe is not an event that can be missed."""
    aws = launch(tmp_path)
    os.kill(aws.process.pid, signal.SIGSTOP)
    assert aws.process.stdin
    aws.process.stdin.close()
    os.kill(aws.process.pid, signal.SIGCONT)

    assert gone(aws.process.pid, within=8)
    aws.stop()


def test_a_corrupt_state_is_kept_aside_and_named(tmp_path: Path) -> None:
    """A half-written or foreign file neither stops the start nor is lost."""
    (tmp_path / "state.json").write_text('{"version": 1, "minista')

    with start_embedded(tmp_path) as aws:
        (notice,) = aws.notices
        (aside,) = tmp_path.glob("state.json.kept-*")
        Customer(aws, ADDRESS).sign_up()

    assert "could not be read" in notice
    assert str(aside) in notice
    assert aside.read_text() == '{"version": 1, "minista'


def test_state_of_another_shape_is_kept_aside_and_named(tmp_path: Path) -> None:
    """Old resources are never taken for what the new shape asks for."""
    with start_embedded(tmp_path) as aws:
        Customer(aws, ADDRESS).sign_up()

    with start_embedded(tmp_path, shape=Shape("prod")) as aws:
        assert aws.environment["USERS_TABLE"] == "users-prod"
        assert "shape of the embedded AWS has changed" in aws.notices[0]
        assert aws.mails() == []


def test_only_the_owner_can_read_the_state(tmp_path: Path) -> None:
    """Passwords lie in it in plain text."""
    state = tmp_path / "aws"
    with start_embedded(state) as aws:
        Customer(aws, ADDRESS).sign_up()

    assert state.stat().st_mode & 0o777 == 0o700
    files = [path for path in state.rglob("*") if path.is_file()]
    assert len(files) > 3
    assert {path.stat().st_mode & 0o077 for path in files} == {0}


def test_a_state_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """The sentence says what to do."""
    (tmp_path / "file").touch()

    with pytest.raises(EmulatorError, match=r"cannot write its state to .*/file/aws"):
        launch(tmp_path / "file" / "aws")


def test_two_emulators_do_not_share_a_state(tmp_path: Path) -> None:
    """The second waits for a dying predecessor, then gives up by name."""
    first = launch(tmp_path)
    try:
        with pytest.raises(EmulatorError, match="Another embedded AWS is using the state"):
            launch(tmp_path)
    finally:
        first.stop()


def test_a_taken_port_is_replaced_by_a_free_one() -> None:
    """Nobody needs to know the emulator's port."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        aws = launch(port=port)

    assert aws.port != port
    aws.stop()


@pytest.mark.parametrize(
    ("version", "sentence"),
    [("9.9.9", r"needs ministack 1\.5\.33, not 9\.9\.9"), (None, "needs the package ministack")],
)
def test_a_missing_or_other_ministack_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str | None, sentence: str
) -> None:
    """A resolver silently takes an old ministack beside a new boto3; the start refuses it."""
    if version:
        other = tmp_path / f"ministack-{version}.dist-info"
        other.mkdir()
        (other / "METADATA").write_text(f"Name: ministack\nVersion: {version}\n")
    else:
        hide = "import importlib.metadata as m\ndef missing(name): raise m.PackageNotFoundError\n"
        (tmp_path / "sitecustomize.py").write_text(f"{hide}m.version = missing\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    with pytest.raises(EmulatorError, match=sentence):
        launch()


def test_a_missing_cryptography_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it ministack signs tokens with random bytes, and forgeries pass."""
    hide = "import importlib.util as u\nfind = u.find_spec\n"
    line = "u.find_spec = lambda name, *a: None if name == 'cryptography' else find(name, *a)\n"
    (tmp_path / "sitecustomize.py").write_text(hide + line)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    with pytest.raises(EmulatorError, match="needs the package cryptography"):
        launch()


@pytest.mark.usefixtures("only_ministack")
@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}])
def test_a_foreign_page_reaches_nothing(aws: Emulator, headers: dict[str, str]) -> None:
    """ministack itself answers every origin; the gate before it does not."""
    connection = http.client.HTTPConnection("127.0.0.1", aws.port)
    connection.request("GET", "/_ministack/ses/messages", headers=headers)

    status = connection.getresponse().status

    connection.close()
    assert status == 403
