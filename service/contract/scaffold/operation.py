"""What the scaffold has to know of an operation, read from the contract and the models."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from service.contract.generate import ALIAS
from service.contract.invocation import snake_case
from service.contract.lint.node import Node, Operation
from service.contract.scaffold.values import sample

Outline = Mapping[str, Mapping[str, str]]

SCALARS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
# Names of models.py that the domain, which knows no models, spells in another way.
IMPORTS = {"datetime": "from datetime import datetime", "date": "from datetime import date"}


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of the domain's function, and the handler's expression for it."""

    name: str
    annotation: str
    expression: str


@dataclass(frozen=True, slots=True)
class Plan:
    """An operation in the words of the code."""

    operation: Operation
    models: Outline

    @property
    def name(self) -> str:
        """The operationId, as the contract has it."""
        return str(self.operation.node.get("operationId"))

    @property
    def function(self) -> str:
        """The name of the handler and of the domain's function."""
        return snake_case(self.name)

    @property
    def tag(self) -> str:
        """The operation's one tag."""
        return str(self.operation.node.get("tags")[0])

    @property
    def module(self) -> str:
        """The module of the tag, in handlers/ and in domain/."""
        return self.tag.replace("-", "_")

    @property
    def summary(self) -> str:
        """The summary as a docstring."""
        return str(self.operation.node.get("summary")).strip().rstrip(".") + "."

    @property
    def is_secured(self) -> bool:
        """Whether a caller has to sign in."""
        return bool(self.operation.security)

    @property
    def status(self) -> int:
        """The first success, which the engine answers unless told otherwise."""
        return int(min(status for status, _ in self.operation.successes()))

    @property
    def body_model(self) -> str | None:
        """The model of the request body, if there is one."""
        return _model(self.operation.body)

    @property
    def response_model(self) -> str | None:
        """The model of the first success, if it has a body."""
        return _model(self.operation.node.child("responses").child(str(self.status)))

    @property
    def response_fields(self) -> list[str]:
        """The fields of that model; none for a union, which only the domain can decide."""
        return [name for name in self.models.get(self.response_model or "", {}) if name != ALIAS]

    @property
    def promises_location(self) -> bool:
        """Whether the first success declares a Location."""
        response = self.operation.node.child("responses").child(str(self.status))
        return any(name.lower() == "location" for name in response.get("headers") or {})

    def parameters(self) -> list[Argument]:
        """The path and query parameters, as the engine passes them to a handler."""
        found = []
        for parameter in self.operation.parameters:
            if parameter.get("in") in ("path", "query"):
                name = snake_case(parameter.get("name"))
                annotation = _type(parameter.child("schema"))
                if not parameter.get("required"):
                    annotation += " | None"
                found.append(Argument(name, annotation, name))
        return found

    def arguments(self) -> list[Argument]:
        """What the domain is given: who calls, the parameters, the fields of the body."""
        caller = [Argument("caller", "Caller", "request.caller")] if self.is_secured else []
        return [*caller, *self.parameters(), *self._body_arguments()]

    def _body_arguments(self) -> list[Argument]:
        if self.body_model is None:
            return []
        if self.operation.method == "patch":
            # What was not sent is kept, what was sent as null is cleared (RFC 7396).
            dump = "body.model_dump(exclude_unset=True)"
            return [Argument("changes", "Mapping[str, Any]", dump)]
        fields = [
            _body_argument(name, declaration)
            for name, declaration in self.models[self.body_model].items()
        ]
        flat = [field for field in fields if field is not None]
        if len(flat) < len(fields):
            return [Argument("fields", "Mapping[str, Any]", "body.model_dump()")]
        return flat

    def path(self) -> str:
        """The path below the server's address, with a value for each placeholder and parameter."""
        path, query = self.operation.path, list[tuple[str, Any]]()
        for parameter in self.operation.parameters:
            name, value = parameter.get("name"), sample(parameter)
            if parameter.get("in") == "path":
                path = path.replace(f"{{{name}}}", quote(str(value), safe=""))
            elif parameter.get("in") == "query" and (
                parameter.get("required") or parameter.has("example")
            ):
                query.append((name, value))
        return path + ("?" + urlencode(query) if query else "")

    def example(self) -> Any:
        """The first example of the body, None without a body."""
        for _, media in self.operation.body.child("content").items():
            return sample(media)
        return None


def _model(holder: Node) -> str | None:
    for _, media in holder.child("content").items():
        return str(media.get("schema", {}).get("$ref", "")).rpartition("/")[2] or None
    return None


def _type(schema: Node) -> str:
    if schema.get("type") == "array":
        return f"list[{_type(schema.child('items'))}]"
    return SCALARS.get(str(schema.get("type")), "object")


def _body_argument(name: str, declaration: str) -> Argument | None:
    """Give the domain a plain value for a field; None where only the whole body will do."""
    annotation = ast.parse(declaration.strip("`").partition(" = ")[0], mode="eval").body
    if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) == "Annotated":
        inner = annotation.slice
        annotation = inner.elts[0] if isinstance(inner, ast.Tuple) else inner
    expression = f"body.{name}"
    plain = ast.unparse(annotation)
    if plain == "SecretStr":
        return Argument(name, "str", f"{expression}.get_secret_value()")
    if plain == "SecretStr | None":
        secret = f"{expression}.get_secret_value() if {expression} else None"
        return Argument(name, "str | None", secret)
    plain = plain.replace("Timestamp", "datetime")
    words = {node.id for node in ast.walk(ast.parse(plain)) if isinstance(node, ast.Name)}
    if "Literal" in words:
        optional = " | None" if plain.endswith("| None") else ""
        return Argument(name, f"str{optional}", expression)
    if words <= {"str", "int", "float", "bool", "list", "datetime", "date"}:
        return Argument(name, plain, expression)
    return None
