"""The models follow from the contract, and what drifted is named."""

from __future__ import annotations

import importlib.util
import sys
from datetime import UTC, datetime, timedelta, timezone
from types import ModuleType
from typing import get_args

import pytest
import yaml
from pydantic import TypeAdapter, ValidationError

from service.contract import generate
from tests.contract.garden import changed, garden

SCHEMAS = "/components/schemas"
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.fixture
def models(tmp_path, monkeypatch):
    """Import what a contract becomes."""

    def import_models(document) -> ModuleType:
        path = tmp_path / "generated_models.py"
        path.write_text(generate.render(document))
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, path.stem, module)
        spec.loader.exec_module(module)
        return module

    return import_models


def test_fields_are_snake_case_here_and_camel_case_on_the_wire(models):
    """Build by either name; write the contract's."""
    plant = models(garden()).Plant

    by_name = plant(plant_id="p", name="Rosa", created_at=NOON)
    by_alias = plant.model_validate({"plantId": "p", "name": "Rosa", "createdAt": NOON})

    assert by_name == by_alias
    assert by_name.model_dump_json(by_alias=True, exclude_none=True) == (
        '{"plantId":"p","name":"Rosa","createdAt":"2026-01-02T12:00:00Z"}'
    )


def test_times_are_written_in_utc(models):
    """A moment of another zone is the same moment with Z; one without zone is refused."""
    plant = models(garden()).Plant
    dublin = timezone(timedelta(hours=1))

    written = plant(plant_id="p", name="Rosa", created_at=NOON.astimezone(dublin))

    assert '"2026-01-02T12:00:00Z"' in written.model_dump_json()
    with pytest.raises(ValidationError):
        plant(plant_id="p", name="Rosa", created_at=NOON.replace(tzinfo=None))


def test_closed_objects_are_closed_and_open_ones_open(models):
    """An unknown field is refused where the contract refuses it."""
    module = models(changed(f"{SCHEMAS}/Plant/additionalProperties"))
    plant = {"plantId": "p", "name": "Rosa", "createdAt": NOON, "age": 1}

    assert module.Plant.model_validate(plant).model_extra == {"age": 1}
    with pytest.raises(ValidationError, match="age"):
        module.CreatePlantRequest.model_validate({"name": "Rosa", "age": 1})


def test_an_absent_field_differs_from_null(models):
    """A handler of a PATCH can tell what was sent."""
    request = models(garden()).CreatePlantRequest

    absent, null = request(name="Rosa"), request(name="Rosa", note=None)

    assert absent.model_fields_set == {"name"}
    assert null.model_fields_set == {"name", "note"}


@pytest.mark.parametrize("marker", [{"format": "password"}, {"x-secret": True}])
def test_secrets_never_show(models, marker):
    """Neither repr nor str of a model holds a password or a token."""
    secret = {"type": "string", "maxLength": 64} | marker
    request = models(changed(f"{SCHEMAS}/CreatePlantRequest/properties/secret", secret))

    model = request.CreatePlantRequest(name="Rosa", secret="hunter22")

    assert "hunter22" not in f"{model!r} {model}"


def test_enums_are_literals(models):
    """An enum is the set of its values, not a class of its own."""
    kind = {"type": "string", "enum": ["tree", "herb"]}
    module = models(changed(f"{SCHEMAS}/Plant/properties/kind", kind))

    annotation = module.Plant.model_fields["kind"].annotation

    assert "tree" in str(get_args(annotation))


def test_union_is_told_apart_by_its_discriminator(models):
    """A oneOf with a discriminator is a union of models."""
    document = garden()
    for name in ("Tree", "Herb"):
        document["components"]["schemas"][name] = {
            "type": "object",
            "additionalProperties": False,
            "required": ["kind"],
            "properties": {"kind": {"type": "string", "enum": [name.upper()]}},
        }
    document["components"]["schemas"]["Growth"] = {
        "oneOf": [{"$ref": f"#{SCHEMAS}/Tree"}, {"$ref": f"#{SCHEMAS}/Herb"}],
        "discriminator": {
            "propertyName": "kind",
            "mapping": {"TREE": f"#{SCHEMAS}/Tree", "HERB": f"#{SCHEMAS}/Herb"},
        },
    }
    module = models(document)

    herb = TypeAdapter(module.Growth).validate_python({"kind": "HERB"})

    assert type(herb) is module.Herb
    assert module.Tree().kind == "TREE"


def test_text_is_the_same_every_time():
    """Generate twice and nothing moves."""
    assert generate.render(garden()) == generate.render(garden())


@pytest.mark.parametrize(
    ("pointer", "value", "messages"),
    [
        (
            f"{SCHEMAS}/Plant/properties",
            {"plantId": {"type": "string"}, "label": {"type": "string"}},
            ["Plant.label: the contract has", "Plant.name: the models have it"],
        ),
        (
            f"{SCHEMAS}/Plant/properties/height/type",
            "string",
            ["Plant.height: the models say `int | None = None`, the contract `str | None = None`"],
        ),
        (f"{SCHEMAS}/Plant/required", ["plantId"], ["Plant.name: the models say `str`, the"]),
        (f"{SCHEMAS}/Pot", {"type": "object", "properties": {}}, ["Pot: the contract has this"]),
        (f"{SCHEMAS}/Plant/description", "It grows.", ["differ from the contract in descriptions"]),
    ],
    ids=["renamed field", "other type", "no longer required", "new schema", "description"],
)
def test_drift_is_named(pointer, value, messages):
    """Change the contract alone and what differs is named."""
    current = generate.render(garden())
    fresh = generate.render(changed(pointer, value))

    told = "\n".join(generate.differences(current, fresh))

    assert [message for message in messages if message not in told] == [], told


def test_check_fails_by_name_until_the_models_are_written(tmp_path, capsys):
    """The command tells the drift, writes the models, and is content."""
    contract, models = tmp_path / "openapi.yaml", tmp_path / "models.py"
    where = [f"--contract={contract}", f"--models={models}"]
    contract.write_text(yaml.safe_dump(garden()))

    before = generate.main([*where, "--check"])
    told = capsys.readouterr().err
    written = generate.main(where)
    after = generate.main([*where, "--check"])

    assert (before, written, after) == (1, 0, 0)
    assert "models.py: Plant: the contract has this schema" in told
    assert "python -m service.contract.generate" in told
