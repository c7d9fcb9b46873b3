"""The clients: their budget of time, their connections, and their trimmed service models."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import botocore
import pytest
from botocore.loaders import Loader

from service.aws import clients, cognito, cognito_pool, trim
from service.aws.clients import MODELS_VERSION, OPERATIONS, Clients, connect

LAMBDA_TIMEOUT = 29.0
SDK_PAUSE = 1.0  # Seconds at most before the first retry of the standard mode.


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trimmed service models."""
    target = tmp_path_factory.mktemp("models")
    trim.trim(target)
    return target


@pytest.fixture
def trimmed(models: Path, monkeypatch: pytest.MonkeyPatch) -> Clients:
    """Clients made from the trimmed models."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    return connect("eu-central-1", models)


def test_the_worst_registration_ends_before_lambda_does() -> None:
    """SignUp, the transaction, three deletions and the outbox, all timing out: under 29 s."""
    directory = clients.CONNECT_TIMEOUT + clients.DIRECTORY_READ_TIMEOUT
    attempts = clients.TABLE_ATTEMPTS
    pauses = (attempts - 1) * SDK_PAUSE
    table = attempts * (clients.CONNECT_TIMEOUT + clients.TABLE_READ_TIMEOUT) + pauses
    between_deletions = sum(
        cognito_pool.longest_pause(attempt) for attempt in range(1, cognito.DELETE_TRIES)
    )

    worst = directory + table + cognito.DELETE_TRIES * directory + between_deletions + table

    assert worst < LAMBDA_TIMEOUT


def test_the_directory_is_asked_once_and_the_others_twice(trimmed: Clients) -> None:
    """SignUp must never be repeated by the SDK."""
    assert trimmed.cognito.meta.config.retries["total_max_attempts"] == 1
    assert trimmed.dynamodb.meta.config.retries["total_max_attempts"] == 2
    assert trimmed.mail.meta.config.retries["total_max_attempts"] == 2
    for client in (trimmed.cognito, trimmed.dynamodb, trimmed.mail):
        assert client.meta.config.retries["mode"] == "standard"
        assert client.meta.config.max_pool_connections == 128


def test_an_import_connects_to_nothing_and_loads_no_boto3() -> None:
    """Importing every adapter opens no socket, makes no client, needs no environment."""
    code = (
        "import socket, sys\n"
        "def refuse(*a, **k): raise SystemExit('a connection at import')\n"
        "socket.socket.connect = refuse\n"
        "from service.aws import accounts, clients, cognito, secrets, sessions, tokens\n"
        "raise SystemExit('boto3' if 'boto3' in sys.modules else 0)"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], check=False, env={}, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr


def shape_of(shape: Any, above: tuple[str, ...] = ()) -> Any:
    """Return a shape with everything that decides how it is written and read."""
    if shape is None or shape.name in above:
        return shape and shape.name
    inside = (*above, shape.name)
    parts = {name: shape_of(member, inside) for name, member in _members(shape)}
    return (shape.name, shape.type_name, dict(shape.serialization), dict(shape.metadata), parts)


def _members(shape: Any) -> list[tuple[str, Any]]:
    if shape.type_name == "structure":
        return list(shape.members.items())
    names = {"list": ("member",), "map": ("key", "value")}.get(shape.type_name, ())
    return [(name, getattr(shape, name)) for name in names]


def test_trimmed_models_describe_the_same_operations(
    trimmed: Clients, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each kept operation is what it was, down to the last member; no other is there."""
    whole = connect("eu-central-1", tmp_path / "absent")

    for mine, theirs in (
        (trimmed.cognito, whole.cognito),
        (trimmed.dynamodb, whole.dynamodb),
        (trimmed.mail, whole.mail),
    ):
        kept, full = mine.meta.service_model, theirs.meta.service_model
        assert set(kept.operation_names) == set(OPERATIONS[kept.service_name])
        assert mine.meta.endpoint_url == theirs.meta.endpoint_url
        for name in kept.operation_names:
            here, there = kept.operation_model(name), full.operation_model(name)
            assert here.http == there.http
            assert here.auth_type == there.auth_type
            assert shape_of(here.input_shape) == shape_of(there.input_shape)
            assert shape_of(here.output_shape) == shape_of(there.output_shape)
            errors = {shape.name for shape in here.error_shapes}
            assert errors == {shape.name for shape in there.error_shapes}


def test_models_of_another_botocore_are_left_alone(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upgrade without a new build falls back to botocore's own data."""
    assert _search_paths(models) == [str(models)]

    monkeypatch.setattr(botocore, "__version__", "0")

    assert _search_paths(models) != [str(models)]
    assert Loader.BUILTIN_DATA_PATH in _search_paths(models)


def _search_paths(models: Path) -> list[str]:
    return clients.new_session(models).get_component("data_loader").search_paths


def test_a_half_written_directory_is_left_alone(tmp_path: Path) -> None:
    """Without its version, which is written last, a directory is no set of models."""
    trim.trim(tmp_path)
    (tmp_path / MODELS_VERSION).unlink()

    assert _search_paths(tmp_path) != [str(tmp_path)]


def test_the_documentation_is_gone(models: Path) -> None:
    """The four models are under 100 KiB; botocore's have 3 MiB."""
    size = sum(path.stat().st_size for path in models.rglob("service-2.json"))

    assert size < 100 * 1024
