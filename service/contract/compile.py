"""Compile an OpenAPI document to the bundle that the application serves from.

Build time only: this module needs openapi-spec-validator and a YAML parser, the runtime neither.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import yaml
from openapi_spec_validator import OpenAPIV30SpecValidator
from openapi_spec_validator.validation.exceptions import OpenAPIValidationError

from service.contract import lint
from service.contract.application import BUNDLE_FORMAT
from service.contract.checks import engine_faults, operations, unusable_schemas
from service.contract.errors import ContractError
from service.contract.references import dereference
from service.contract.translate import translate


def compile_contract(source: Path) -> dict[str, Any]:
    """Return the bundle of an OpenAPI 3.0 document in YAML or JSON.

    Raises ContractError naming every fault that openapi-spec-validator, the engine and the lint
    find. A document that has not even the shape of OpenAPI is told that alone.
    """
    raw = source.read_bytes()
    document = load(raw)
    resolved = dereference(document)
    broken, inconsistent = _validate(document)
    _raise_for(broken)
    _raise_for([*inconsistent, *engine_faults(resolved), *lint.check(document)])
    compiled = {
        operation["operationId"]: _operation(resolved, method, path, operation)
        for method, path, operation in operations(resolved)
    }
    _raise_for(list(unusable_schemas(compiled)))
    return {
        "format": BUNDLE_FORMAT,
        "sha256": hashlib.sha256(raw).hexdigest(),
        "document": document,
        "problems": resolved["x-problems"],
        "schemas": _share_schemas(compiled),
        "operations": compiled,
    }


def _share_schemas(compiled: dict[str, Any]) -> dict[str, Any]:
    """Replace the schemas of responses by the names under which they are returned.

    Nearly all responses are the one problem: written out they were more than half of the
    bundle, which every cold start reads.
    """
    shared = {}
    for operation in compiled.values():
        for response in operation["responses"].values():
            if response["schema"] is not None:
                text = json.dumps(response["schema"], sort_keys=True)
                name = hashlib.sha256(text.encode()).hexdigest()[:12]
                shared[name] = response["schema"]
                response["schema"] = name
    return shared


def load(raw: bytes) -> dict[str, Any]:
    """Return the document of YAML or JSON bytes; ContractError for anything else or for dates."""
    try:
        document = yaml.load(raw, Loader=_Loader)  # noqa: S506 - a subclass of SafeLoader.
    except yaml.YAMLError as error:
        raise ContractError([f"not YAML: {error}"]) from None
    if not isinstance(document, dict):
        raise ContractError(["not an OpenAPI document: the top level is not a mapping"])
    return document


class _Loader(yaml.SafeLoader):
    """YAML as JSON sees it: text keys, dates as text, and no repeated keys."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML reads this very attribute.
        first: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """Return a mapping with text keys; refuse a repeated one, with its line."""
        pairs = [(self.construct_object(key, deep=True), key) for key, _ in node.value]
        names = [str(name) for name, _ in pairs]
        for position, name in enumerate(names):
            if name in names[:position] and name != "<<":
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {name} is repeated", pairs[position][1].start_mark
                )
        return {str(k): v for k, v in super().construct_mapping(node, deep=deep).items()}


def _raise_for(faults: list[str]) -> None:
    if faults:
        raise ContractError(faults)


def _validate(document: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Return the faults of the document's shape, and of its meaning where the shape is right."""
    if not str(document.get("openapi", "")).startswith("3.0."):
        return ["openapi: the engine reads OpenAPI 3.0"], []
    broken: list[str] = []
    inconsistent: list[str] = []
    for error in OpenAPIV30SpecValidator(document).iter_errors():
        path = "/".join(str(part) for part in error.absolute_path)
        faults = inconsistent if isinstance(error, OpenAPIValidationError) else broken
        faults.append(f"/{path}: {error.message[:300]}")
    return broken, inconsistent


def _operation(
    document: dict[str, Any], method: str, path: str, operation: dict[str, Any]
) -> dict[str, Any]:
    security = operation.get("security", document.get("security", []))
    return {
        "method": method.upper(),
        "path": path,
        "scheme": next(iter(security[0])) if security else None,
        "parameters": [_parameter(parameter) for parameter in operation["parameters"]],
        "body": _body(operation.get("requestBody")),
        "responses": {
            status: _response(response) for status, response in operation["responses"].items()
        },
    }


def _parameter(parameter: dict[str, Any]) -> dict[str, Any]:
    style = parameter.get("style", "form" if parameter["in"] in ("query", "cookie") else "simple")
    return {
        "name": parameter["name"],
        "in": parameter["in"],
        "required": parameter.get("required", False),
        "explode": parameter.get("explode", style == "form"),
        "schema": translate(parameter["schema"], "request"),
    }


def _body(body: dict[str, Any] | None) -> dict[str, Any] | None:
    if body is None:
        return None
    ((media_type, content),) = body["content"].items()
    return {
        "required": body.get("required", False),
        "mediaType": media_type.lower(),
        "schema": translate(content["schema"], "request"),
    }


def _response(response: dict[str, Any]) -> dict[str, Any]:
    content = response.get("content", {})
    media_type = next(iter(content), None)
    schema = content[media_type].get("schema") if media_type else None
    return {
        "mediaType": media_type,
        "schema": None if schema is None else translate(schema, "response"),
        "headers": {
            name: {
                "required": header.get("required", False),
                "schema": translate(header["schema"], "response"),
            }
            for name, header in response.get("headers", {}).items()
        },
        "codes": response.get("x-codes", []),
    }
