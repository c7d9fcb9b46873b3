"""Examples: every body shows one, and each is what its schema says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs

from service.contract.lint.node import COMPOSITIONS, Node, all_schemas, operations

# The direction decides which marked properties may appear: a client never sends what is readOnly.
REQUEST, RESPONSE = "readOnly", "writeOnly"
# Keywords that mean the same in OpenAPI 3.0 and in JSON Schema 2020-12.
PLAIN = frozenset(
    ("type", "enum", "format", "pattern", "minLength", "maxLength", "minimum", "maximum")
) | {"multipleOf", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"}
EXCLUSIVE = {"minimum": "exclusiveMinimum", "maximum": "exclusiveMaximum"}


def present(root: Node) -> Iterator[str]:
    """Require an example of every request body and of every 2xx body."""
    for operation in operations(root):
        bodies = [("request", operation.body)]
        bodies += [(f"{status} response", response) for status, response in operation.successes()]
        for name, body in bodies:
            for _, media in body.child("content").items():
                if not any(_examples(media)) and not media.child("schema").has("example"):
                    yield f"{operation.name}: give the {name} an example, at {media.pointer}."


def valid(root: Node) -> Iterator[str]:
    """Require every example to satisfy its schema, read in its direction."""
    for operation in operations(root):
        for parameter in operation.parameters:
            yield from _faults(parameter, REQUEST)
        for _, media in operation.body.child("content").items():
            yield from _faults(media, REQUEST)
        for _, response in operation.responses():
            for _, media in response.child("content").items():
                yield from _faults(media, RESPONSE)
            for _, header in response.child("headers").items():
                yield from _faults(header, RESPONSE)
    for schema in all_schemas(root):
        if schema.has("example"):
            place = f"{schema.pointer}/example"
            # A schema that serves both directions has an example of one of them.
            told = [
                list(_check(schema, schema.value["example"], place, d)) for d in (REQUEST, RESPONSE)
            ]
            yield from min(told, key=len)


def _examples(holder: Node) -> Iterator[tuple[str, Any]]:
    if holder.has("example"):
        yield f"{holder.pointer}/example", holder.value["example"]
    for _, example in holder.child("examples").items():
        if example.has("value"):
            yield f"{example.pointer}/value", example.value["value"]


def _faults(holder: Node, direction: str) -> Iterator[str]:
    for place, value in _examples(holder):
        yield from _check(holder.child("schema"), value, place, direction)


def _check(schema: Node, value: Any, place: str, direction: str) -> Iterator[str]:
    validator = jsonschema_rs.Draft202012Validator(
        translate(schema, direction),
        validate_formats=True,
        pattern_options=jsonschema_rs.RegexOptions(),
    )
    for error in validator.iter_errors(value):
        inside = "".join(f"/{step}" for step in error.instance_path)
        yield f"{place}{inside}: the example breaks its schema: {error.message}."


def translate(schema: Node, direction: str) -> dict[str, Any]:
    """Rewrite an OpenAPI 3.0 schema for one direction as a JSON Schema 2020-12."""
    definitions: dict[str, Any] = {}
    return _reference(schema, direction, definitions) | {"$defs": definitions}


def _reference(schema: Node, direction: str, definitions: dict[str, Any]) -> dict[str, Any]:
    # Each place becomes one definition, so schemas that contain themselves end.
    name = schema.pointer.replace("~", "_").replace("/", ".")
    if name not in definitions:
        definitions[name] = {}
        definitions[name] = _rewrite(schema, direction, definitions)
    return {"$ref": f"#/$defs/{name}"}


def _rewrite(schema: Node, direction: str, definitions: dict[str, Any]) -> dict[str, Any]:
    members = schema.value or {}
    out = {key: members[key] for key in PLAIN & members.keys()}
    for bound, exclusive in EXCLUSIVE.items():
        if members.get(exclusive):
            out[exclusive] = out.pop(bound)
    if members.get("nullable") and "type" in out:
        out["type"] = [out["type"], "null"]
    hidden = {name for name, m in schema.child("properties").items() if m.get(direction)}
    out["required"] = [name for name in members.get("required", []) if name not in hidden]
    out["properties"] = {
        name: _reference(member, direction, definitions)
        for name, member in schema.child("properties").items()
        if name not in hidden
    }
    for key in COMPOSITIONS:
        if key in members:
            branches = schema.child(key).items()
            out[key] = [_reference(branch, direction, definitions) for _, branch in branches]
    for key in ("items", "not", "additionalProperties"):
        if isinstance(members.get(key), dict):
            out[key] = _reference(schema.child(key), direction, definitions)
        elif key in members:
            out[key] = members[key]
    return out
