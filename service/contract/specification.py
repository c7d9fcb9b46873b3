"""The compiled contract as the specification object that Connexion's middlewares expect."""

from collections.abc import Mapping
from typing import Any

from connexion.spec import OpenAPISpecification, Specification

from service.contract.security import SCHEME_NAME

Bundle = Mapping[str, Any]


class CompiledSpecification(OpenAPISpecification):
    """Connexion's specification, made of what was checked and dereferenced at build time.

    Connexion would validate and dereference the whole document at every start, 60 ms for a small
    one. What its routing, security and operation objects ask for is only paths, methods,
    operationIds, security and schemes.
    """

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self._base_uri = ""
        self._raw_spec = self._spec = _skeleton(bundle)


def bundle_of(specification: Specification) -> Bundle:
    """Return the bundle behind a specification; TypeError if it was not compiled."""
    if not isinstance(specification, CompiledSpecification):
        raise TypeError("the engine's middlewares serve compiled contracts")
    return specification.bundle


def _skeleton(bundle: Bundle) -> dict[str, Any]:
    document = bundle["document"]
    paths: dict[str, dict[str, Any]] = {}
    for operation_id, operation in bundle["operations"].items():
        scheme = operation["scheme"]
        paths.setdefault(operation["path"], {})[operation["method"].lower()] = {
            "operationId": operation_id,
            "security": [{scheme: []}] if scheme else [],
        }
    schemes = document.get("components", {}).get("securitySchemes", {})
    return {
        "openapi": document["openapi"],
        "servers": document.get("servers", []),
        "paths": paths,
        "components": {
            "securitySchemes": {
                name: {**scheme, SCHEME_NAME: name} for name, scheme in schemes.items()
            }
        },
    }
