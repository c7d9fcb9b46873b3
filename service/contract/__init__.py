"""A contract engine on Connexion: routes, authenticates and validates from a compiled contract.

It knows nothing of the service that uses it. ``compile_contract`` makes the bundle at build time;
``create_app`` serves it.
"""

from pathlib import Path
from typing import Any

from service.contract.lean import import_connexion

import_connexion()

from service.contract.application import create_app  # noqa: E402 - Connexion comes lean or whole.
from service.contract.errors import ContractError  # noqa: E402 - as above.
from service.contract.problems import Fault, Problem  # noqa: E402 - as above.
from service.contract.request import (  # noqa: E402 - as above.
    Exchange,
    Reply,
    Request,
    current_request_id,
)


def compile_contract(source: Path) -> dict[str, Any]:
    """Return the bundle of an OpenAPI document; raise ContractError naming every fault."""
    from service.contract.compile import compile_contract  # noqa: PLC0415 - build time only.

    return compile_contract(source)


__all__ = [
    "ContractError",
    "Exchange",
    "Fault",
    "Problem",
    "Reply",
    "Request",
    "compile_contract",
    "create_app",
    "current_request_id",
]
