"""Schemas: closed, bounded, and clear about null and control characters."""

from __future__ import annotations

from collections.abc import Iterator

import jsonschema_rs

from service.contract.lint.node import COMPOSITIONS, Node, all_schemas, operations, request_schemas

BOUNDS = {
    "string": ("maxLength",),
    "array": ("maxItems",),
    "integer": ("minimum", "maximum"),
    "number": ("minimum", "maximum"),
}
# The validator checks these formats, and none of them admits a control character.
CHECKED_FORMATS = frozenset(
    ("uuid", "date", "date-time", "time", "duration", "email", "uri", "hostname", "ipv4", "ipv6")
) | {"byte"}
# U+0000 to U+001F without tab, line feed and carriage return, which free text may hold; and DEL.
CONTROLS = [chr(code) for code in range(0x20) if chr(code) not in "\t\n\r"] + ["\x7f"]


def patterns(root: Node) -> Iterator[str]:
    """Require patterns that the validator can read: its engine is linear, without look-around."""
    for schema in all_schemas(root):
        if schema.has("pattern"):
            try:
                _pattern(schema)
            except ValueError:
                yield f"{schema.pointer}: rewrite the pattern without look-around."


def named(root: Node) -> Iterator[str]:
    """Require bodies to be components: each becomes a model, and a model needs a name."""
    for operation in operations(root):
        answers = [response for _, response in operation.successes()]
        for body in (operation.body, *answers):
            for _, media in body.child("content").items():
                reference = (media.get("schema") or {}).get("$ref", "")
                if not reference.startswith("#/components/schemas/"):
                    yield (
                        f"{operation.name}: move the schema at {media.pointer} to "
                        "components/schemas and refer to it; its name becomes the model's."
                    )


def closed_requests(root: Node) -> Iterator[str]:
    """Require `additionalProperties: false` on every object that a client sends."""
    for schema in request_schemas(root):
        plain = not any(schema.has(key) for key in COMPOSITIONS)
        is_object = schema.get("type") == "object" or schema.has("properties")
        if is_object and (plain or schema.has("properties")):
            if schema.get("additionalProperties") is not False:
                yield (
                    f"{schema.pointer}: clients send this object, so close it with "
                    "`additionalProperties: false`; unknown properties would pass unseen."
                )
        elif len(schema.get("allOf") or []) > 1:
            yield (
                f"{schema.pointer}: closed objects cannot be combined by allOf, each refuses the "
                "other's properties; write the properties out."
            )


def bounds(root: Node) -> Iterator[str]:
    """Require a type everywhere, and limits on every string, array and number (OWASP API4)."""
    for schema in all_schemas(root):
        kind = schema.get("type")
        if kind is None and not any(schema.has(key) for key in (*COMPOSITIONS, "enum", "not")):
            yield f"{schema.pointer}: give the schema a type; without one anything is valid."
        if schema.has("enum"):
            continue
        for keyword in BOUNDS.get(str(kind), ()):
            if schema.get(keyword) is None:
                yield f"{schema.pointer}: add {keyword} to the {kind}; nothing here is unbounded."


def nullable(root: Node) -> Iterator[str]:
    """Allow null where it clears an optional request property, or where a description says why."""
    requests = {schema.pointer for schema in request_schemas(root)}
    for schema in all_schemas(root):
        if schema.get("nullable") and not schema.has("type"):
            yield f"{schema.pointer}: `nullable` without `type` means nothing; write the type."
        required = schema.get("required") or []
        for name, member in schema.child("properties").items():
            optional_request = schema.pointer in requests and name not in required
            if member.get("nullable") and not optional_request and not member.get("description"):
                yield (
                    f"{schema.pointer}/properties/{name}: say in its description what null means, "
                    "or leave the property out instead of sending null."
                )


def free_text(root: Node) -> Iterator[str]:
    """Require a form of every string in requests, and patterns to refuse control characters."""
    for schema in _request_strings(root):
        pattern = schema.get("pattern")
        if schema.has("enum") or schema.get("format") in CHECKED_FORMATS:
            continue
        if pattern is None:
            yield (
                f"{schema.pointer}: give the string a pattern that refuses control characters, "
                "for instance '^[^\\u0000-\\u001f\\u007f]*$', or an enum, or a checked format."
            )
        elif not (pattern.startswith("^") and pattern.endswith("$")):
            yield f"{schema.pointer}: begin the pattern with ^ and end it with $."
        elif _admits_controls(schema):
            yield f"{schema.pointer}: change the pattern so that it refuses control characters."


def _request_strings(root: Node) -> Iterator[Node]:
    # A header's bytes are the protocol's business: servers refuse control characters there.
    headers = {
        parameter.child("schema").pointer
        for operation in operations(root)
        for parameter in operation.parameters
        if parameter.get("in") == "header"
    }
    for schema in request_schemas(root):
        if schema.get("type") == "string" and schema.pointer not in headers:
            yield schema


def _pattern(schema: Node) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        {"pattern": schema.get("pattern")}, pattern_options=jsonschema_rs.RegexOptions()
    )


def _admits_controls(schema: Node) -> bool:
    matches = _pattern(schema).is_valid
    samples = [str(schema.get("example", "")), "", "a", "A", "1", "aaaaaaaa", "Aa1 "]
    return any(
        matches(text)
        for control in CONTROLS
        for sample in samples
        for text in (control + sample, sample + control, sample + control + sample)
    )
