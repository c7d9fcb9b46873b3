"""Replace the references of an OpenAPI document by what they point at."""

from typing import Any

from service.contract.errors import ContractError


def dereference(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document without ``$ref``.

    Raises ContractError for a reference that points outside the document, at nothing, or in the
    end at itself, naming it: a schema of unbounded depth cannot be validated in bounded time.
    """
    resolved: dict[str, Any] = _Resolver(document).resolve(document, ())
    return resolved


class _Resolver:
    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._known: dict[str, Any] = {}

    def resolve(self, node: Any, open_references: tuple[str, ...], *, named: bool = False) -> Any:
        """Return a node with its references replaced; ``open_references`` led to it.

        ``named`` tells that the node's keys are names that the author chose.
        """
        if isinstance(node, list):
            return [self.resolve(item, open_references) for item in node]
        if not isinstance(node, dict):
            return node
        reference = node.get("$ref")
        if not isinstance(reference, str):
            return {
                key: value
                if key in _LITERAL and not named
                else self.resolve(value, open_references, named=key in _NAMED and not named)
                for key, value in node.items()
            }
        if reference in open_references:
            raise ContractError([f"{reference}: the reference leads back to itself"])
        if reference not in self._known:
            target = self._look_up(reference)
            self._known[reference] = self.resolve(target, (*open_references, reference))
        return self._known[reference]

    def _look_up(self, reference: str) -> Any:
        if not reference.startswith("#/"):
            raise ContractError([f"{reference}: only references within the document are followed"])
        node: Any = self._document
        for part in reference[2:].split("/"):
            key = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(node, dict) or key not in node:
                raise ContractError([f"{reference}: the reference points at nothing"])
            node = node[key]
        return node


_LITERAL = frozenset(("default", "enum", "example", "examples", "mapping"))
"""Keys below which a ``$ref`` is a value like any other."""

_NAMED = frozenset(("headers", "links", "parameters", "properties", "responses", "schemas"))
"""Keys below which the author chooses the names: a property may be called ``default``."""
