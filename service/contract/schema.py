"""Validate values against compiled schemas, and say what is wrong without repeating the value."""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import jsonschema_rs

from service.contract.problems import MAX_FAULTS, Fault

_MAX_POINTER: Final = 500
_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")

_MESSAGES: Final = {
    "additionalProperties": "The contract knows no such field.",
    "const": "It is not the value that the contract names.",
    "enum": "It is not one of the values that the contract lists.",
    "exclusiveMaximum": "It must be less than {limit}.",
    "exclusiveMinimum": "It must be more than {limit}.",
    "format": "It does not have the form {format}.",
    "maxItems": "It must have at most {limit} items.",
    "maxLength": "It must have at most {limit} characters.",
    "maxProperties": "It must have at most {limit} fields.",
    "maximum": "It must be at most {limit}.",
    "minItems": "It must have at least {limit} items.",
    "minLength": "It must have at least {limit} characters.",
    "minProperties": "It must have at least {limit} fields.",
    "minimum": "It must be at least {limit}.",
    "pattern": "It does not have the form that the contract gives.",
    "readOnly": "Only the server writes this field.",
    "required": "It is missing.",
    "uniqueItems": "Its items must differ from each other.",
}
_OTHERWISE: Final = "It is not as the contract says."


def build(schema: dict[str, Any] | bool) -> jsonschema_rs.Draft202012Validator:
    """Return a validator: formats checked, patterns linear in time, nothing fetched.

    ``mask`` keeps values out of the library's own messages, should one ever reach a log.
    """
    return jsonschema_rs.Draft202012Validator(
        schema,
        validate_formats=True,
        pattern_options=jsonschema_rs.RegexOptions(),
        mask="[masked]",
        offline=True,
    )


def faults(
    validator: jsonschema_rs.Draft202012Validator, value: Any, place: Callable[[str], str] = str
) -> tuple[Fault, ...]:
    """Return the first faults of an invalid value; ``place`` turns a pointer into the one shown."""
    found: dict[tuple[str, str], Fault] = {}
    for error in validator.iter_errors(value):
        for pointer, code, message in _explain(error):
            shown = place(pointer)
            if len(shown) <= _MAX_POINTER:
                found.setdefault((shown, code), Fault(shown, code, message))
        if len(found) >= MAX_FAULTS:
            break
    return tuple(found.values())[:MAX_FAULTS]


def _explain(error: jsonschema_rs.ValidationError) -> Iterator[tuple[str, str, str]]:
    kind = error.kind
    code = "readOnly" if isinstance(kind, kind.FalseSchema) else kind.name
    path = error.instance_path
    names: list[str | None] = [None]
    if isinstance(kind, kind.Required):
        names = [kind.property]
    elif isinstance(kind, kind.AdditionalProperties):
        # The client chose these names: only plain ones are repeated.
        plain = [name for name in kind.unexpected if _PLAIN_NAME.fullmatch(name)]
        names = [*plain[:MAX_FAULTS]] or [None]
    message = _message(code, kind)
    for name in names:
        yield _pointer(path if name is None else [*path, name]), code, message


def _message(code: str, kind: jsonschema_rs.ValidationErrorKind) -> str:
    if isinstance(kind, kind.Type):
        return f"It must be of type {' or '.join(kind.types)}."
    return _MESSAGES.get(code, _OTHERWISE).format(
        limit=getattr(kind, "limit", ""), format=getattr(kind, "format", "")
    )


def _pointer(path: list[str | int]) -> str:
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
