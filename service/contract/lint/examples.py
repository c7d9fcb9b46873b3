"""Examples: every body shows one, and each is what its schema says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs

from service.contract.lint.node import Node, all_schemas, operations
from service.contract.references import dereference
from service.contract.translate import Direction, translate


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
    resolved = dereference(root.value)
    whole = Node(resolved, "", resolved)
    for operation in operations(root):
        for holder in (*operation.parameters, *_media(operation.body)):
            yield from _faults(whole, holder, "request")
        for _, response in operation.responses():
            headers = (header for _, header in response.child("headers").items())
            for holder in (*_media(response), *headers):
                yield from _faults(whole, holder, "response")
    for schema in all_schemas(root):
        if schema.has("example"):
            example, place = schema.value["example"], f"{schema.pointer}/example"
            # A schema that serves both directions has an example of one of them.
            sent = list(_check(whole, schema, example, place, "request"))
            yield from sent and _check(whole, schema, example, place, "response")


def _media(body: Node) -> Iterator[Node]:
    return (media for _, media in body.child("content").items())


def _examples(holder: Node) -> Iterator[tuple[str, Any]]:
    if holder.has("example"):
        yield f"{holder.pointer}/example", holder.value["example"]
    for _, example in holder.child("examples").items():
        if example.has("value"):
            yield f"{example.pointer}/value", example.value["value"]


def _faults(whole: Node, holder: Node, direction: Direction) -> Iterator[str]:
    for place, value in _examples(holder):
        yield from _check(whole, holder.child("schema"), value, place, direction)


def _check(
    whole: Node, schema: Node, value: Any, place: str, direction: Direction
) -> Iterator[str]:
    """Validate as the engine does, against the same place of the dereferenced contract."""
    validator = jsonschema_rs.Draft202012Validator(
        translate(whole.at(schema.pointer).value, direction),
        validate_formats=True,
        pattern_options=jsonschema_rs.RegexOptions(),
    )
    for error in validator.iter_errors(value):
        inside = "".join(f"/{step}" for step in error.instance_path)
        kind = error.kind
        # The translation writes False for a property that its direction hides.
        hidden = isinstance(kind, kind.FalseSchema)
        message = f"it is not part of a {direction}" if hidden else error.message
        yield f"{place}{inside}: the example breaks its schema: {message}."
