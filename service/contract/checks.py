"""What the engine itself cannot serve safely, each fault named when the contract is compiled.

These hold for every contract, whatever style its lint asks for.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from service.contract import schema
from service.contract.problems import ENGINE_CODES

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

Operation = tuple[str, str, dict[str, Any]]

_SEGMENT = re.compile(r"\{[^{}/]+\}|[^{}/]+")


def operations(document: dict[str, Any]) -> Iterator[Operation]:
    """Yield method, path and operation of a dereferenced document, with the path's parameters."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                own = item[method].get("parameters", [])
                names = {(p["in"], p["name"]) for p in own}
                inherited = [
                    p for p in item.get("parameters", []) if (p["in"], p["name"]) not in names
                ]
                yield method, path, {**item[method], "parameters": [*own, *inherited]}


def engine_faults(document: dict[str, Any]) -> list[str]:
    """Return the faults of a dereferenced document."""
    found = [*_identities(document), *_catalogue(document), *_schemes(document)]
    for method, path, operation in operations(document):
        name = f"{operation.get('operationId') or f'{method.upper()} {path}'}"
        found += [f"{name}: {fault}" for fault in _operation_faults(document, path, operation)]
    return found


def _identities(document: dict[str, Any]) -> Iterator[str]:
    """Two operations of one id would share the security of one of them (row 1)."""
    counts = Counter(operation.get("operationId") for *_, operation in operations(document))
    for name, count in counts.items():
        if name is None:
            yield "an operation has no operationId"
        elif count > 1:
            yield f"{name}: {count} operations have this operationId"
    shapes = Counter(re.sub(r"\{[^}]*\}", "{}", path) for path in document["paths"])
    yield from (f"{shape}: two paths differ only in names" for shape, n in shapes.items() if n > 1)


def _catalogue(document: dict[str, Any]) -> Iterator[str]:
    problems = document.get("x-problems") or {}
    for code, status in ENGINE_CODES.items():
        if code not in problems:
            yield f"x-problems: the engine raises {code} ({status}) and the catalogue lacks it"
        elif problems[code].get("status") != status:
            yield f"x-problems: {code} must have the status {status}"
    for code, problem in problems.items():
        if {"status", "title", "description"} - set(problem):
            yield f"x-problems: {code} needs status, title and description"


def _schemes(document: dict[str, Any]) -> Iterator[str]:
    schemes = document.get("components", {}).get("securitySchemes", {})
    for name, scheme in schemes.items():
        if (scheme["type"], scheme.get("scheme", "").lower()) != ("http", "bearer"):
            yield f"securitySchemes/{name}: only HTTP bearer tokens are served"


def _operation_faults(
    document: dict[str, Any], path: str, operation: dict[str, Any]
) -> Iterator[str]:
    yield from _security(operation.get("security", document.get("security", [])))
    if not all(_SEGMENT.fullmatch(part) for part in path.split("/")[1:]):
        yield f"{path}: a segment must be a name or one parameter, and none may be empty"
    for parameter in operation["parameters"]:
        yield from _parameter(parameter)
    if "requestBody" in operation:
        yield from _media_types("the request body", operation["requestBody"].get("content", {}))
    for status, response in operation["responses"].items():
        if len(response.get("content", {})) > 1:
            yield f"{status}: one status has one media type"
    if not any(str(status).startswith("2") for status in operation["responses"]):
        yield "no 2xx response is documented"


def _security(security: list[dict[str, Any]]) -> Iterator[str]:
    """Alternatives and combinations let a bad token through (rows 12, 13 and 14)."""
    if len(security) > 1 or any(len(requirement) != 1 for requirement in security):
        yield "security must be empty or name one scheme"


def _parameter(parameter: dict[str, Any]) -> Iterator[str]:
    name = f"{parameter['in']} parameter {parameter['name']}"
    if "schema" not in parameter:
        yield f"{name}: only parameters with a schema are read"
        return
    default = "form" if parameter["in"] in ("query", "cookie") else "simple"
    if parameter.get("style", default) != default:
        yield f"{name}: only the style {default} is read"
    value = parameter["schema"]
    item = value.get("items", {}) if value.get("type") == "array" else value
    if item.get("type") not in ("string", "integer", "number", "boolean"):
        yield f"{name}: only strings, numbers, booleans and arrays of them are read"


def _media_types(what: str, content: dict[str, Any]) -> Iterator[str]:
    names = [name.lower() for name in content]
    if len(names) != 1 or not (names[0].endswith("/json") or names[0].endswith("+json")):
        yield f"{what}: exactly one JSON media type is read"
    elif "schema" not in next(iter(content.values())):
        yield f"{what}: it has no schema"


def unusable_schemas(compiled: dict[str, Any]) -> Iterator[str]:
    """Yield the schemas that the validator refuses, such as a pattern that needs backtracking."""
    for name, operation in compiled.items():
        schemas = {f"{p['in']} parameter {p['name']}": p["schema"] for p in operation["parameters"]}
        if operation["body"]:
            schemas["the request body"] = operation["body"]["schema"]
        for status, response in operation["responses"].items():
            if response["schema"] is not None:
                schemas[f"the response {status}"] = response["schema"]
            for header, declared in response["headers"].items():
                schemas[f"the header {header} of {status}"] = declared["schema"]
        for place, value in schemas.items():
            try:
                schema.build(value)
            except ValueError as error:
                yield f"{name}: {place}: {str(error).splitlines()[0]}"
