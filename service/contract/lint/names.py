"""One naming style: what a reader meets in the contract is what a client types."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator

from service.contract.invocation import snake_case
from service.contract.lint.node import Node, all_schemas, operations

CAMEL_CASE = re.compile(r"[a-z]+([A-Z0-9][a-z0-9]*)*\Z")
KEBAB_CASE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
HEADER_CASE = re.compile(r"[A-Z][A-Za-z0-9]*(-[A-Z][A-Za-z0-9]*)*\Z")
# Handlers receive parameters by name beside these two arguments.
RESERVED = ("body", "request")


def operation_ids(root: Node) -> Iterator[str]:
    """Require an operationId in camelCase on every operation, each used once.

    Connexion gives operations of one name the security of the last one.
    """
    places: dict[str, str] = {}
    for operation in operations(root):
        name, place = operation.node.get("operationId"), operation.node.pointer
        if not name:
            yield f"{place}: the operation has no operationId; add one in camelCase."
        elif name in places:
            yield f"{place}: operationId {name} is taken by {places[name]}; choose another."
        elif not CAMEL_CASE.match(name):
            yield f"{place}: operationId {name} is not camelCase, as registerUser is; rename it."
        places.setdefault(name, place)


def paths(root: Node) -> Iterator[str]:
    """Require kebab-case segments, camelCase placeholders, no trailing slash."""
    for path, item in root.child("paths").items():
        for segment in path.split("/")[1:]:
            placeholder = segment.startswith("{") and segment.endswith("}")
            style = CAMEL_CASE if placeholder else KEBAB_CASE
            if not style.match(segment.strip("{}") if placeholder else segment):
                yield (
                    f"{item.pointer}: the segment '{segment}' of the path is neither kebab-case, "
                    "as reset-request is, nor a camelCase placeholder, as {sessionId} is."
                )


def parameters(root: Node) -> Iterator[str]:
    """Require names that are one style in the contract and one argument in the handler."""
    for operation in operations(root):
        arguments: dict[str, str] = {}
        for parameter in operation.parameters:
            name, header = parameter.get("name"), parameter.get("in") == "header"
            style, like = (HEADER_CASE, "X-Request-Id") if header else (CAMEL_CASE, "pageSize")
            if not style.match(name):
                yield f"{parameter.pointer}: name the parameter '{name}' in the style of {like}."
            elif not header:
                yield from _argument(operation.name, name, arguments)


def _argument(operation: str, name: str, taken: dict[str, str]) -> Iterator[str]:
    argument = snake_case(name)
    if argument in RESERVED or keyword.iskeyword(argument):
        yield (
            f"{operation}: the parameter '{name}' cannot be an argument of a handler; "
            "'body', 'request' and the keywords of Python are taken. Rename it."
        )
    elif taken.setdefault(argument, name) != name or list(taken.values()).count(name) > 1:
        yield f"{operation}: '{taken[argument]}' and '{name}' both become '{argument}'; rename one."


def properties(root: Node) -> Iterator[str]:
    """Require property names in camelCase."""
    for schema in all_schemas(root):
        for name in schema.get("properties") or {}:
            if not CAMEL_CASE.match(name):
                yield f"{schema.pointer}/properties/{name}: rename the property in camelCase."
