"""The sample contract of these tests, and the means to break it in one place."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from service.contract.compile import load

GARDEN = Path(__file__).with_name("garden.yaml")
ABSENT = object()


def garden() -> dict[str, Any]:
    """Read a fresh copy of the sample contract, which has no fault."""
    return deepcopy(_document())


@cache
def _document() -> dict[str, Any]:
    return load(GARDEN.read_bytes())


def changed(pointer: str, value: object = ABSENT) -> dict[str, Any]:
    """Read the sample contract with the value at a JSON pointer set, or removed."""
    return change(garden(), pointer, value)


def change(document: dict[str, Any], pointer: str, value: object = ABSENT) -> dict[str, Any]:
    """Set or remove the value at a JSON pointer; `-` appends to an array."""
    *parents, last = (part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/"))
    node: Any = document
    for part in parents:
        node = node[int(part)] if isinstance(node, list) else node[part]
    if value is ABSENT:
        del node[int(last) if isinstance(node, list) else last]
    elif isinstance(node, list):
        node[
            len(node) if last == "-" else int(last) : len(node) if last == "-" else int(last) + 1
        ] = [value]
    else:
        node[last] = value
    return document
