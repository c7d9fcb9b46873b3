"""Links: a reader, a client and a fuzzer walk them, so each must lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator

from service.contract.lint.node import COMPOSITIONS, Node, Operation, operations, unescape

BODY_EXPRESSION = re.compile(r"\$(request|response)\.body#(/[^}\s]*)")


def targets(root: Node) -> Iterator[str]:
    """Require every link to name an operation and parameters that exist."""
    known = {operation.name: operation for operation in operations(root)}
    for operation, _, link in _links(root):
        target = known.get(link.get("operationId", ""))
        if target is None:
            yield (
                f"{link.pointer}: the link of {operation.name} must name an existing "
                f"operationId; '{link.get('operationId')}' is none."
            )
            continue
        names = _parameter_names(target)
        for name in sorted((link.get("parameters") or {}).keys() - names):
            yield f"{link.pointer}: {target.name} has no parameter '{name}'; fix the link."
        if link.has("requestBody") and target.body.value is None:
            yield f"{link.pointer}: {target.name} takes no body; take requestBody out of the link."


def expressions(root: Node) -> Iterator[str]:
    """Require `$response.body#/x` and `$request.body#/x` to name a property of that body."""
    for operation, response, link in _links(root):
        bodies = {"request": operation.body, "response": response}
        for side, pointer in BODY_EXPRESSION.findall(_texts(link.value)):
            schemas = [media.child("schema") for _, media in bodies[side].child("content").items()]
            if not any(_has_property(schema, pointer) for schema in schemas):
                yield f"{link.pointer}: the {side} of {operation.name} has no property {pointer}."


def _links(root: Node) -> Iterator[tuple[Operation, Node, Node]]:
    for operation in operations(root):
        for _, response in operation.responses():
            for _, link in response.child("links").items():
                yield operation, response, link


def _parameter_names(operation: Operation) -> set[str]:
    plain = {parameter.get("name") for parameter in operation.parameters}
    qualified = {f"{p.get('in')}.{p.get('name')}" for p in operation.parameters}
    return plain | qualified


def _texts(value: object) -> str:
    if isinstance(value, dict):
        return "\n".join(_texts(member) for member in value.values())
    if isinstance(value, list):
        return "\n".join(map(_texts, value))
    return str(value)


def _has_property(schema: Node, pointer: str) -> bool:
    step, _, rest = pointer.lstrip("/").partition("/")
    inner = (
        schema.child("items")
        if step.isdigit()
        else schema.child("properties").child(unescape(step))
    )
    if inner.value is not None:
        return not rest or _has_property(inner, rest)
    branches = (branch for key in COMPOSITIONS for _, branch in schema.child(key).items())
    return any(_has_property(branch, pointer) for branch in branches)
