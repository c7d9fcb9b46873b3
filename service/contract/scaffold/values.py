"""A value for a parameter or a body: the contract's example, or the plainest that fits."""

from __future__ import annotations

from typing import Any

from service.contract.lint.node import Node

BY_FORMAT = {
    "date": "2026-01-02",
    "date-time": "2026-01-02T03:04:05Z",
    "email": "ada@example.com",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def sample(holder: Node) -> Any:
    """Find the example of a parameter or media type, of its schema, or make a value up."""
    if holder.has("example"):
        return holder.value["example"]
    for _, example in holder.child("examples").items():
        if example.has("value"):
            return example.value["value"]
    return _made_up(holder.child("schema"))


def _made_up(schema: Node) -> Any:
    if schema.has("example"):
        return schema.value["example"]
    if schema.get("enum"):
        return schema.get("enum")[0]
    if schema.get("type") == "object":
        members = dict(schema.child("properties").items())
        return {name: _made_up(members[name]) for name in schema.get("required", [])}
    if schema.get("type") == "array":
        return [_made_up(schema.child("items"))] * schema.get("minItems", 0)
    return _made_up_scalar(schema)


def _made_up_scalar(schema: Node) -> Any:
    if schema.get("type") == "boolean":
        return True
    if schema.get("type") in ("integer", "number"):
        return schema.get("minimum", 0)
    plain = "a" * max(1, schema.get("minLength", 1))
    return BY_FORMAT.get(str(schema.get("format")), plain)
