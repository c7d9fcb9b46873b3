"""Errors: one schema, one media type, and codes that the catalogue `x-problems` explains."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from service.contract.lint.node import Node, Operation, operations

MEDIA_TYPE = "application/problem+json"
SCHEMA = "/components/schemas/Problem"


def catalogue(root: Node) -> Iterator[str]:
    """Require status, title and description per code, and ProblemCode to list the same codes."""
    problems = root.get("x-problems") or {}
    for code, entry in problems.items():
        for key in ("status", "title", "description"):
            if not entry.get(key):
                yield f"/x-problems/{code}: give the problem a {key}."
    enum = root.child("components").child("schemas").child("ProblemCode").get("enum") or []
    for code in sorted(problems.keys() - set(enum)):
        yield f"/components/schemas/ProblemCode: add {code} to the enum; x-problems explains it."
    for code in sorted(set(enum) - problems.keys()):
        yield f"/x-problems: explain {code}, which ProblemCode lists, or take it out of the enum."


def responses(root: Node) -> Iterator[str]:
    """Require every 4xx and 5xx to be a problem with codes of that status."""
    problems = root.get("x-problems") or {}
    for operation in operations(root):
        for status, response in operation.responses():
            if status[0] in "45":
                yield from _content(operation, status, response)
                yield from _codes(operation, status, response, problems)


def _content(operation: Operation, status: str, response: Node) -> Iterator[str]:
    content = response.child("content")
    if set(content.value or {}) != {MEDIA_TYPE}:
        yield (
            f"{operation.name}: its {status}, at {response.pointer}, must have "
            f"{MEDIA_TYPE} as its one media type (RFC 9457)."
        )
    for _, media in content.items():
        if not _is_problem(media.child("schema")):
            yield (
                f"{operation.name}: its {status}, at {response.pointer}, must have the schema "
                "Problem, alone or within an allOf."
            )


def _is_problem(schema: Node) -> bool:
    parts = [part for _, part in schema.child("allOf").items()]
    return any(node.pointer == SCHEMA for node in [schema, *parts])


def _codes(
    operation: Operation, status: str, response: Node, problems: dict[str, Any]
) -> Iterator[str]:
    codes = response.get("x-codes") or []
    if not codes:
        yield (
            f"{operation.name}: list in `x-codes` of its {status}, at {response.pointer}, "
            "the codes that the answer can carry."
        )
    for code in codes:
        if code not in problems:
            yield f"{response.pointer}/x-codes: {code} is not in x-problems; explain it there."
        elif str(problems[code].get("status")) != status:
            yield (
                f"{operation.name}: {code} stands under {status} and x-problems gives it "
                f"{problems[code].get('status')}; move it or correct the catalogue."
            )
