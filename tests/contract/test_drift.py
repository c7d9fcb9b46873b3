"""The repository agrees with itself: the contract keeps its rules and the models follow from it."""

from __future__ import annotations

from service.contract import generate, lint
from service.contract.compile import load
from service.contract.lint.node import Node, operations
from service.operations import OPERATIONS


def test_contract_keeps_its_rules():
    """The lint has nothing to say about openapi.yaml."""
    document = load(generate.CONTRACT.read_bytes())

    faults = lint.check(document)

    assert faults == []


def test_models_follow_from_the_contract():
    """service/models.py is what the contract becomes, field by field."""
    document = load(generate.CONTRACT.read_bytes())

    drift = list(generate.differences(generate.MODELS.read_text(), generate.render(document)))

    assert drift == []


def test_operations_are_the_contracts_both_ways():
    """No operation of the contract lacks a handler, and no handler serves what is not in it."""
    document = load(generate.CONTRACT.read_bytes())
    contract = {operation.name for operation in operations(Node(document, "", document))}

    lacking = sorted(contract - OPERATIONS.keys())
    surplus = sorted(OPERATIONS.keys() - contract)

    assert lacking == [], "run `make operation`, which writes their code and failing tests"
    assert surplus == [], "write them into openapi.yaml, or take them out of service/operations.py"
