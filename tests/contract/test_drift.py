"""The repository agrees with itself: the contract keeps its rules and the models follow from it."""

from __future__ import annotations

from service.contract import generate, lint
from service.contract.compile import load


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
