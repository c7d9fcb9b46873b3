"""Decode JSON as strictly as RFC 8259 and RFC 7493 (I-JSON) allow.

The standard decoder accepts NaN, Infinity, duplicate names, lone surrogates and numbers beyond
every bound. Each is a way to make two readers of one document disagree.
"""

import json
import math
import re
from typing import Any, Final

MAX_DEPTH: Final = 64
"""Nested arrays and objects that are accepted; no contract comes near it."""

_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKET: Final = re.compile(r"[\[\]{}]")


class MalformedJsonError(ValueError):
    """Raised when bytes are not one strict JSON document. Its message never quotes them."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MalformedJsonError("An object repeats a name.")
    return members


def _refuse_constant(_: str) -> Any:
    raise MalformedJsonError("NaN and Infinity are not JSON.")


def _finite(literal: str) -> float:
    number = float(literal)
    if not math.isfinite(number):
        raise MalformedJsonError("A number is out of range.")
    return number


_decode = json.JSONDecoder(
    object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_float=_finite
).decode


def loads(data: bytes) -> Any:
    """Return the value of one JSON document in UTF-8.

    Raises MalformedJsonError for another encoding, a byte order mark, NaN, Infinity, a number that
    overflows, a repeated name, a lone surrogate, nesting beyond ``MAX_DEPTH``, and whatever is
    not JSON.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise MalformedJsonError("The body is not UTF-8.") from None
    if text.count("[") + text.count("{") > MAX_DEPTH:
        _check_depth(text)
    try:
        value = _decode(text)
    except MalformedJsonError:
        raise
    except (ValueError, RecursionError):
        # ValueError: the syntax, or an integer of more than 4 300 digits.
        raise MalformedJsonError("The body is not valid JSON.") from None
    if "\\ud" in text or "\\uD" in text:
        _check_surrogates(value)
    return value


def _check_depth(text: str) -> None:
    depth = 0
    for bracket in _BRACKET.findall(_STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > MAX_DEPTH:
            raise MalformedJsonError("The body is nested too deeply.")


def _check_surrogates(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise MalformedJsonError("A string holds half of a surrogate pair.") from None
