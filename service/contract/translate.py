"""Translate OpenAPI 3.0 schemas to JSON Schema 2020-12, once per direction.

OpenAPI 3.0 speaks a dialect of JSON Schema Wright 00: ``nullable``, boolean exclusive bounds,
``readOnly`` and ``writeOnly`` with a meaning, formats that bound integers. See OpenAPI 3.0.3,
"Schema Object".
"""

from typing import Any, Final, Literal

Direction = Literal["request", "response"]

_HIDDEN: Final = {"request": "readOnly", "response": "writeOnly"}

_DROPPED: Final = frozenset(
    (
        "deprecated",
        "description",
        "discriminator",
        "example",
        "externalDocs",
        "nullable",
        "readOnly",
        "title",
        "writeOnly",
        "xml",
        "default",
    )
)
_CHILD: Final = frozenset(("items", "not", "additionalProperties"))
_CHILDREN: Final = frozenset(("allOf", "anyOf", "oneOf"))

_INTEGER_BOUNDS: Final = {
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
}
_BASE64: Final = "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"


def translate(schema: dict[str, Any], direction: Direction) -> dict[str, Any]:
    """Return the JSON Schema of a dereferenced OpenAPI schema as one direction sees it.

    A property that the direction hides is not required and must not be present.
    """
    result: dict[str, Any] = {}
    for key, value in schema.items():
        if key in _CHILD and isinstance(value, dict):
            result[key] = translate(value, direction)
        elif key in _CHILDREN:
            result[key] = [translate(child, direction) for child in value]
        elif key not in _DROPPED and not key.startswith("x-"):
            result[key] = value
    if "properties" in schema:
        _translate_properties(schema, result, direction)
    _translate_bounds(schema, result)
    _translate_format(schema, result)
    if schema.get("nullable") and "type" in schema:
        result["type"] = [schema["type"], "null"]
    return result


def _translate_properties(
    schema: dict[str, Any], result: dict[str, Any], direction: Direction
) -> None:
    hidden = {name for name, child in schema["properties"].items() if child.get(_HIDDEN[direction])}
    result["properties"] = {
        name: False if name in hidden else translate(child, direction)
        for name, child in schema["properties"].items()
    }
    required = [name for name in schema.get("required", ()) if name not in hidden]
    result.pop("required", None)
    if required:
        result["required"] = required


def _translate_bounds(schema: dict[str, Any], result: dict[str, Any]) -> None:
    """Write boolean exclusive bounds as numbers."""
    for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if exclusive not in schema:
            continue
        del result[exclusive]
        if schema[exclusive] and bound in schema:
            result[exclusive] = result.pop(bound)


def _translate_format(schema: dict[str, Any], result: dict[str, Any]) -> None:
    """Turn the formats that JSON Schema lacks into keywords that it has."""
    name = schema.get("format")
    if name in _INTEGER_BOUNDS:
        low, high = _INTEGER_BOUNDS[name]
        result["minimum"] = max(result.get("minimum", low), low)
        result["maximum"] = min(result.get("maximum", high), high)
        del result["format"]
    elif name == "byte":
        del result["format"]
        result.setdefault("allOf", []).append({"pattern": _BASE64})
    elif name in ("password", "binary", "float", "double"):
        del result["format"]
