"""The rules of this contract beyond OpenAPI itself; each fault is a sentence with its place."""

from __future__ import annotations

from typing import Any

from service.contract.lint import examples, links, names, operations, problems, schemas
from service.contract.lint.node import Node
from service.contract.references import dereference

RULES = (
    names.operation_ids,
    names.paths,
    names.parameters,
    names.properties,
    operations.texts,
    operations.tags,
    operations.security,
    operations.statuses,
    operations.headers,
    problems.catalogue,
    problems.responses,
    schemas.named,
    schemas.closed_requests,
    schemas.bounds,
    schemas.nullable,
    schemas.free_text,
    examples.present,
    examples.valid,
    links.targets,
    links.expressions,
)


def check(document: dict[str, Any]) -> list[str]:
    """List the faults of a document that openapi-spec-validator accepts; empty when there are none.

    Patterns that cannot be read are told alone: no other rule can see past them. Raises
    ContractError for a reference that leads nowhere.
    """
    dereference(document)
    root = Node(document, "", document)
    unreadable = list(schemas.patterns(root))
    if unreadable:
        return unreadable
    # A component that many operations share is visited through each of them and told once.
    return list(dict.fromkeys(fault for rule in RULES for fault in rule(root)))
