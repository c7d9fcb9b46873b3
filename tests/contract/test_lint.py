"""The contract lint: a clean contract passes, and each rule names what breaks it."""

from __future__ import annotations

import openapi_spec_validator
import pytest

from service.contract import ContractError, lint
from service.contract.lint.node import Node
from service.contract.lint.schemas import patterns
from tests.contract.faults import FAULTS, LIST, QUERY, READ, REQUEST, RESPONSES, SCHEMAS, TEXT
from tests.contract.garden import change, changed, garden


def test_clean_contract_has_no_fault():
    """Keep every rule and nothing is said; the sample is itself valid OpenAPI."""
    document = garden()

    openapi_spec_validator.validate(document)
    faults = lint.check(document)

    assert faults == []


@pytest.mark.parametrize(("pointer", "value", "message"), FAULTS.values(), ids=FAULTS)
def test_broken_rule_is_told(pointer, value, message):
    """Break one rule and a sentence names the place and what to do."""
    document = changed(pointer) if value is None else changed(pointer, value)

    faults = lint.check(document)

    assert [fault for fault in faults if message in fault], faults
    assert all(fault.endswith(".") and ": " in fault for fault in faults)


def test_every_rule_has_a_case_that_breaks_it():
    """Take a rule out and some case above goes unnoticed, so no rule is without a test."""
    documents = [
        changed(pointer) if value is None else changed(pointer, value)
        for pointer, value, _ in FAULTS.values()
    ]
    roots = [Node(document, "", document) for document in documents]
    readable = [root for root in roots if not any(patterns(root))]

    silent = [rule.__name__ for rule in lint.RULES if not any(any(rule(r)) for r in readable)]

    assert silent == []


def test_reference_to_nothing_stops_the_lint():
    """No rule can judge what a broken reference hides, so it is an error of its own."""
    document = changed(f"{SCHEMAS}/Plant/properties/name/$ref", "#/components/schemas/No")

    with pytest.raises(ContractError, match="points at nothing"):
        lint.check(document)


def test_shared_component_is_told_once():
    """A fault in a component that many operations use is one fault."""
    document = changed(f"{SCHEMAS}/PlantName/maxLength")

    faults = lint.check(document)

    assert len(faults) == 1


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        (
            f"{SCHEMAS}/Plant/properties/note",
            TEXT | {"nullable": True, "description": "Null: none."},
        ),
        (f"{SCHEMAS}/Plant/properties/kind", {"type": "string", "enum": ["tree", "herb"]}),
        (f"{LIST}/parameters/-", QUERY | {"in": "header", "name": "If-Match"}),
        (f"{REQUEST}/properties/planted", {"type": "string", "format": "date", "maxLength": 10}),
        (f"{READ}/security", [{"bearer": []}]),
    ],
    ids=["explained null", "enum", "header", "checked format", "scheme"],
)
def test_what_the_rules_allow_passes(pointer, value):
    """Use what the rules allow and nothing is said."""
    document = changed(pointer, value)
    if pointer.endswith("security"):
        unauthorized = {"$ref": f"#{RESPONSES}/Unauthorized"}
        change(document, f"{READ}/responses/401", unauthorized)
        header = {"schema": {"type": "string", "enum": ["no-store"]}}
        change(document, f"{READ}/responses/200/headers/Cache-Control", header)

    faults = lint.check(document)

    assert faults == []


def test_security_of_the_whole_contract_counts():
    """An operation that says nothing takes the security written at the top."""
    document = changed(f"{LIST}/security")
    document["security"] = [{"bearer": []}]

    faults = lint.check(document)

    assert any("listPlants: document the answer 401" in fault for fault in faults)
    assert not any("say who may call it" in fault for fault in faults)
