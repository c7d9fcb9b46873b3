"""Read path, query, header and cookie parameters as strictly as JSON is read.

Connexion takes ``1_0``, Arabic digits and ``+7`` for integers, ignores unknown query parameters and
takes the last of two (rows 20, 26 and 27 of the defects).
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import unquote_plus

from service.contract.problems import MAX_FAULTS, Fault, Problem
from service.contract.state import State

_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,18})")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,30})(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,3})?")
_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")

MAX_QUERY_LENGTH: Final = 8 * 1024


def _integer(text: str) -> Any:
    return int(text) if _INTEGER.fullmatch(text) else text


def _number(text: str) -> Any:
    if not _NUMBER.fullmatch(text):
        return text
    number = float(text)
    return number if math.isfinite(number) else text


def _boolean(text: str) -> Any:
    return {"true": True, "false": False}.get(text, text)


_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
}


def read_text(text: str, schema: Mapping[str, Any]) -> Any:
    """Return a text as the schema's type, or as the text it is when it does not have its form."""
    return _reader(schema)(text)


def _reader(schema: Mapping[str, Any]) -> Callable[[str], Any]:
    """Return the function that turns a text into the schema's type.

    A text that does not have the type's form stays a text, and the schema then refuses it.
    """
    kind = schema.get("type")
    kinds = [kind] if isinstance(kind, str) else kind or []
    for candidate in kinds:
        if candidate in _READERS:
            return _READERS[candidate]
    return str


class Parameter:
    """How one declared parameter is read."""

    def __init__(self, declaration: Mapping[str, Any]) -> None:
        self.place: str = declaration["in"]
        name: str = declaration["name"]
        self.name = name.lower() if self.place == "header" else name
        self.required: bool = declaration["required"]
        self.schema: dict[str, Any] = declaration["schema"]
        self.is_array = self.schema.get("type") == "array"
        self.repeats = self.is_array and declaration["explode"]
        self._read = _reader(self.schema.get("items", {}) if self.is_array else self.schema)

    def read(self, texts: Sequence[str]) -> Any:
        """Return the value of the texts that were sent under this name."""
        if not self.is_array:
            return self._read(texts[0])
        items = texts if self.repeats else texts[0].split(",")
        return [self._read(item.strip() if self.place == "header" else item) for item in items]


class ParameterReader:
    """Reads all parameters of one operation into ``{place: {name: value}}``."""

    def __init__(self, declarations: Sequence[Mapping[str, Any]]) -> None:
        self._by_place: dict[str, dict[str, Parameter]] = {}
        for parameter in map(Parameter, declarations):
            self._by_place.setdefault(parameter.place, {})[parameter.name] = parameter
        self._query = self._by_place.get("query", {})
        self._headers = [
            (name.encode(), parameter)
            for name, parameter in self._by_place.get("header", {}).items()
        ]

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of what :meth:`read` returns."""
        return {
            "type": "object",
            "properties": {
                place: {
                    "type": "object",
                    "properties": {name: p.schema for name, p in parameters.items()},
                    "required": [name for name, p in parameters.items() if p.required],
                }
                for place, parameters in self._by_place.items()
            },
        }

    def read(self, state: State, query: bytes) -> dict[str, dict[str, Any]]:
        """Return the values; raise VALIDATION_FAILED for what cannot be read at all."""
        values: dict[str, dict[str, Any]] = {"query": self._read_query(query)}
        if self._headers:
            values["header"] = self._read_headers(state)
        if state.path_values:
            values["path"] = {
                name: parameter.read([state.path_values[name]])
                for name, parameter in self._by_place["path"].items()
            }
        if "cookie" in self._by_place:
            values["cookie"] = self._read_cookies(state.headers.get(b"cookie", b""))
        return values

    def _read_headers(self, state: State) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, parameter in self._headers:
            if name in state.headers:
                if name in state.repeated and not parameter.is_array:
                    raise _refusal(f"#/header/{parameter.name}", "repeated", "Send it once.")
                values[parameter.name] = parameter.read([state.headers[name].decode("latin-1")])
        return values

    def _read_query(self, query: bytes) -> dict[str, Any]:
        if not query:
            return {}
        texts: dict[str, list[str]] = {}
        for name, text in _pairs(query):
            texts.setdefault(name, []).append(text)
        faults = [fault for name in texts for fault in self._query_faults(name, len(texts[name]))]
        if faults:
            raise Problem("VALIDATION_FAILED", errors=faults[:MAX_FAULTS])
        return {name: self._query[name].read(sent) for name, sent in texts.items()}

    def _query_faults(self, name: str, count: int) -> list[Fault]:
        pointer = f"#/query/{name}" if _PLAIN_NAME.fullmatch(name) else "#/query"
        if name not in self._query:
            return [Fault(pointer, "unknown", "The operation has no such query parameter.")]
        if count > 1 and not self._query[name].repeats:
            return [Fault(pointer, "repeated", "Send it once.")]
        return []

    def _read_cookies(self, header: bytes) -> dict[str, Any]:
        declared = self._by_place["cookie"]
        values: dict[str, Any] = {}
        for part in header.decode("latin-1").split(";"):
            name, _, text = part.strip().partition("=")
            if name in values:
                raise _refusal(f"#/cookie/{name}", "repeated", "Send it once.")
            if name in declared:
                values[name] = declared[name].read([text])
        return values


def _refusal(pointer: str, code: str, message: str) -> Problem:
    return Problem("VALIDATION_FAILED", errors=[Fault(pointer, code, message)])


def _pairs(query: bytes) -> list[tuple[str, str]]:
    """Split a query string, percent-decoded as UTF-8."""
    refusal = _refusal("#/query", "encoding", "The query string is too long or not UTF-8.")
    if len(query) > MAX_QUERY_LENGTH:
        raise refusal
    try:
        pieces = [piece.partition("=") for piece in query.decode("ascii").split("&") if piece]
        return [
            (unquote_plus(name, errors="strict"), unquote_plus(text, errors="strict"))
            for name, _, text in pieces
        ]
    except UnicodeDecodeError:
        raise refusal from None
