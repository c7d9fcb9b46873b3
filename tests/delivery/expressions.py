"""The expressions of GitHub Actions, evaluated strictly.

Grammar and coercions: https://docs.github.com/actions/reference/evaluate-expressions-in-workflows-and-actions
GitHub makes an empty string of everything it does not find. Here a context that is not there, and a
property that a strict context does not have, raise ExpressionError: in a workflow it is a mistake.
"""

import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>-?(?:0x[0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?))
      | '(?P<string>(?:[^']|'')*)'
      | (?P<name>[A-Za-z_][A-Za-z0-9_-]*)
      | (?P<operator>&&|\|\||==|!=|<=|>=|[<>!()\[\].,*])
    )""",
    re.VERBOSE,
)
CONSTANTS = {"true": True, "false": False, "null": None}
STATUS_FUNCTIONS = frozenset({"success", "failure", "always", "cancelled"})


class ExpressionError(Exception):
    """Raised for an expression that GitHub would refuse, or would silently make empty."""


class Strict(dict[str, Any]):
    """A context whose every property is known: reading another one is a mistake."""


@dataclass(frozen=True)
class Token:
    """One word of an expression."""

    kind: str
    text: str


def tokenize(source: str) -> list[Token]:
    """Split an expression into its words."""
    tokens, position = [], 0
    while source[position:].strip():
        match = TOKEN.match(source, position)
        if match is None:
            raise ExpressionError(f"unexpected text at {source[position:]!r}")
        assert match.lastgroup is not None
        tokens.append(Token(match.lastgroup, match.group(match.lastgroup)))
        position = match.end()
    return tokens


class Evaluator:
    """Evaluate expressions against contexts; `status` answers success(), failure() etc."""

    def __init__(
        self,
        contexts: Mapping[str, Any],
        status: Mapping[str, Callable[[], bool]] | None = None,
        workspace: Path | None = None,
    ) -> None:
        self.contexts = contexts
        self.functions: dict[str, Callable[..., Any]] = {
            "contains": _contains,
            "startswith": lambda text, head: (
                as_text(text).lower().startswith(as_text(head).lower())
            ),
            "endswith": lambda text, tail: as_text(text).lower().endswith(as_text(tail).lower()),
            "format": _format,
            "join": lambda items, by=",": as_text(by).join(map(as_text, items)),
            "tojson": lambda value: json.dumps(value, indent=2),
            "fromjson": lambda text: json.loads(as_text(text)),
            "hashfiles": lambda *patterns: _hash_files(workspace, patterns),
            **(status or {}),
        }

    def value(self, source: str) -> Any:
        """Evaluate one expression, without its braces."""
        return _Parser(tokenize(source), self).whole(source)

    def text(self, template: Any) -> Any:
        """Replace every `${{ }}` in a string; one that is an expression keeps its type."""
        if not isinstance(template, str) or "${{" not in template:
            return template
        stripped = template.strip()
        if stripped.startswith("${{") and stripped.find("}}") == len(stripped) - 2:
            return self.value(stripped[3:-2])
        return re.sub(r"\$\{\{(.*?)\}\}", lambda m: as_text(self.value(m[1])), template, flags=re.S)

    def condition(self, source: str) -> bool:
        """Evaluate an `if:`; without a status function it stands behind success()."""
        inner = source.strip()
        if inner.startswith("${{") and inner.endswith("}}"):
            inner = inner[3:-2]
        words = tokenize(inner)
        called = {
            word.text.lower()
            for word, following in pairwise(words)
            if word.kind == "name" and following == Token("operator", "(")
        }
        if not called & STATUS_FUNCTIONS and not self.functions["success"]():
            return False
        return truthy(self.value(inner))


class _Parser:
    """Recursive descent that evaluates as it reads, both sides of && and || too."""

    LEVELS = (("||",), ("&&",), ("==", "!="), ("<", "<=", ">", ">="))

    def __init__(self, tokens: list[Token], evaluator: Evaluator) -> None:
        self.tokens, self.position, self.evaluator = tokens, 0, evaluator

    def whole(self, source: str) -> Any:
        value = self._binary(0)
        if self.position != len(self.tokens):
            raise ExpressionError(f"cannot read {source.strip()!r} to its end")
        return value

    def _peek(self) -> str:
        if self.position >= len(self.tokens):
            return ""
        token = self.tokens[self.position]
        return token.text if token.kind == "operator" else ""

    def _take(self, *texts: str) -> str | None:
        found = self._peek()
        if found and found in texts:
            self.position += 1
            return found
        return None

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise ExpressionError(f"{text!r} is missing")

    def _binary(self, level: int) -> Any:
        if level == len(self.LEVELS):
            return self._unary()
        left = self._binary(level + 1)
        while operator := self._take(*self.LEVELS[level]):
            right = self._binary(level + 1)
            left = _operate(operator, left, right)
        return left

    def _unary(self) -> Any:
        if self._take("!"):
            return not truthy(self._unary())
        if self._take("("):
            value = self._binary(0)
            self._expect(")")
            return self._properties(value, "(...)")
        return self._primary()

    def _primary(self) -> Any:
        if self.position >= len(self.tokens):
            raise ExpressionError("the expression ends too early")
        token = self.tokens[self.position]
        self.position += 1
        if token.kind == "string":
            return token.text.replace("''", "'")
        if token.kind == "number":
            return float(int(token.text, 16)) if "0x" in token.text else float(token.text)
        if token.kind != "name":
            raise ExpressionError(f"{token.text!r} has no place here")
        if token.text in CONSTANTS:
            return CONSTANTS[token.text]
        if self._take("("):
            return self._properties(self._call(token.text), f"{token.text}()")
        if token.text not in self.evaluator.contexts:
            raise ExpressionError(f"there is no context {token.text!r} here")
        return self._properties(self.evaluator.contexts[token.text], token.text)

    def _call(self, name: str) -> Any:
        arguments: list[Any] = []
        while not self._take(")"):
            if arguments:
                self._expect(",")
            arguments.append(self._binary(0))
        function = self.evaluator.functions.get(name.lower())
        if function is None:
            raise ExpressionError(f"there is no function {name!r} here")
        return function(*arguments)

    def _properties(self, value: Any, path: str) -> Any:
        while operator := self._take(".", "["):
            if operator == "[":
                key = self._binary(0)
                self._expect("]")
            elif self._take("*"):
                value = list(value.values()) if isinstance(value, dict) else list(value or [])
                continue
            else:
                key = self.tokens[self.position].text
                self.position += 1
            value, path = _property(value, key, path), f"{path}.{key}"
        return value


def _property(value: Any, key: Any, path: str) -> Any:
    if isinstance(value, list):
        if isinstance(key, float):
            return value[int(key)] if 0 <= key < len(value) else None
        return [_property(item, key, path) for item in value]
    if isinstance(value, Strict) and key not in value:
        raise ExpressionError(f"{path} has no {key!r}; it has {sorted(value) or 'nothing'}")
    return value.get(key) if isinstance(value, dict) else None


def truthy(value: Any) -> bool:
    """Tell what counts as true: not false, 0, NaN, null or the empty string."""
    if isinstance(value, float) and math.isnan(value):
        return False
    return value not in (False, 0, "", None)


def _operate(operator: str, left: Any, right: Any) -> Any:
    match operator:
        case "||":
            return left if truthy(left) else right
        case "&&":
            return right if truthy(left) else left
        case "==":
            return _equal(left, right)
        case "!=":
            return not _equal(left, right)
    first, second = _ordered(left, right)
    results = {"<": first < second, "<=": first <= second, ">": first > second}
    return results.get(operator, first >= second)


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        return left.lower() == right.lower()
    if isinstance(left, (dict, list)) or isinstance(right, (dict, list)):
        return left is right
    if type(left) is type(right):
        return bool(left == right)
    return _number(left) == _number(right)


def _ordered(left: Any, right: Any) -> tuple[Any, Any]:
    if isinstance(left, str) and isinstance(right, str):
        return left.lower(), right.lower()
    return _number(left), _number(right)


def _number(value: Any) -> float:
    if value is None or value == "":
        return 0.0
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def as_text(value: Any) -> str:
    """Turn a value into the text that GitHub makes of it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value == int(value) else repr(value)
    return (
        "Object" if isinstance(value, dict) else "Array" if isinstance(value, list) else str(value)
    )


def _contains(where: Any, what: Any) -> bool:
    if isinstance(where, list):
        return any(_equal(item, what) for item in where)
    return as_text(what).lower() in as_text(where).lower()


def _format(template: str, *values: Any) -> str:
    return re.sub(
        r"\{\{|\}\}|\{(\d+)\}",
        lambda m: m[0][0] if m[1] is None else as_text(values[int(m[1])]),
        template,
    )


def _hash_files(workspace: Path | None, patterns: tuple[str, ...]) -> str:
    if workspace is None:
        raise ExpressionError("hashFiles() has no workspace here")
    found = sorted({path for pattern in patterns for path in workspace.glob(pattern)})
    if not found:
        return ""
    each = b"".join(hashlib.sha256(path.read_bytes()).digest() for path in found if path.is_file())
    return hashlib.sha256(each).hexdigest()
