"""docs/adding-an-endpoint.md is true: its example compiles, and its sentences do fall."""

from __future__ import annotations

import re
from copy import deepcopy

import pytest
import yaml

from service.contract import compile_contract, generate, lint
from service.contract.compile import load
from service.contract.scaffold.__main__ import lacking

GUIDE = (generate.ROOT / "docs" / "adding-an-endpoint.md").read_text(encoding="utf-8")


@pytest.fixture
def document():
    """The contract with the guide's example merged into it."""
    contract = load(generate.CONTRACT.read_bytes())
    example = yaml.safe_load(re.search(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)[1])
    names = {tag["name"] for tag in contract["tags"]}
    contract["tags"] += [tag for tag in example["tags"] if tag["name"] not in names]
    contract["paths"] |= example["paths"]
    contract["components"]["schemas"] |= example["components"]["schemas"]
    return contract


def test_its_example_compiles(document, tmp_path):
    """Copy it and nothing is missing."""
    contract = tmp_path / "openapi.yaml"
    contract.write_text(yaml.safe_dump(document, sort_keys=False))

    bundle = compile_contract(contract)

    assert "getGreeting" in bundle["operations"]


def test_its_sentence_about_the_contract_falls(document):
    """Forget the 429 and read what the guide says you read."""
    del document["paths"]["/greeting"]["get"]["responses"]["429"]

    (fault,) = lint.check(document)

    assert fault in GUIDE


def test_its_sentence_about_the_models_falls(document):
    """Add a field and forget to generate."""
    before = deepcopy(document)
    del before["components"]["schemas"]["Greeting"]["properties"]["text"]

    told = generate.differences(generate.render(before), generate.render(document))

    assert [f"`models.py: {fault}.`" in GUIDE for fault in told] == [True]


def test_its_file_names_are_those_of_the_scaffold(document):
    """What the guide says is written follows from the operationId and the tag."""
    rows = "OPERATIONS: dict[str, object] = {}"
    models = generate.outline(generate.render(document))
    (plan,) = [p for p in lacking(document, rows, models) if p.name == "getGreeting"]

    for path in (
        f"service/handlers/{plan.module}.py",
        f"service/domain/{plan.module}.py",
        f"tests/api/test_{plan.function}.py",
        f"tests/unit/test_{plan.function}.py",
    ):
        assert f"`{path}`" in GUIDE


def test_every_path_that_it_names_exists():
    """A table or folder that was renamed is renamed in the guide."""
    named = set(re.findall(r"`((?:tests|service|infra)/[\w/]+(?:\.py|/))`", GUIDE))
    own = {path for path in named if "greeting" in path}

    assert [path for path in sorted(named - own) if not (generate.ROOT / path).exists()] == []
