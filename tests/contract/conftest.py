"""The engine on a contract of its own, and a client that speaks ASGI directly.

`pytest tests/contract/test_connexion_defects.py --engine stock` runs the same tests against stock
Connexion: there every row is expected to fail.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service.contract import compile_contract
from tests.contract.client import Client
from tests.contract.shed import Shed, build

CONTRACT = Path(__file__).with_name("engine_contract.yaml")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--engine",
        choices=("ours", "stock"),
        default="ours",
        help="whom the defects' regression tests run against",
    )


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> str:
    """Which engine the tests run against."""
    # Without this directory on the command line pytest reads this file too late for the option.
    return str(request.config.getoption("--engine", default="ours"))


@pytest.fixture(scope="session")
def bundle() -> dict[str, Any]:
    """The engine's test contract, compiled."""
    return compile_contract(CONTRACT)


@pytest.fixture
def document(bundle: dict[str, Any]) -> dict[str, Any]:
    """The contract's document, to be changed freely."""
    import copy

    return copy.deepcopy(bundle["document"])


@pytest.fixture
def shed() -> Shed:
    """Handlers that remember what reached them."""
    return Shed()


@pytest.fixture
def client(bundle: dict[str, Any], shed: Shed, engine: str) -> Client:
    """A client of the contract's application."""
    return Client(shed.app(bundle, stock=engine == "stock"))


@pytest.fixture
def serve(engine: str, tmp_path: Path) -> Callable[..., Client]:
    """Compile and serve a changed document: as far as our engine lets one."""

    def start(document: dict[str, Any], handlers: dict[str, Any], **options: Any) -> Client:
        return Client(build(document, handlers, engine, tmp_path, **options))

    return start
