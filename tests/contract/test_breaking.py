"""Breaking changes are told, compatible ones are not."""

from __future__ import annotations

import pytest
import yaml

from service.contract import breaking
from tests.contract.faults import BODY, CREATE, CREATED, LIST, READ, REQUEST, SCHEMAS, TEXT
from tests.contract.garden import change, changed, garden

PLANT = f"{SCHEMAS}/Plant"
KIND = {"type": "string", "enum": ["tree", "herb"]}
QUERY = {"name": "colour", "in": "query", "schema": TEXT}

# The change of the contract, and the sentence that it must cause.
BREAKING = {
    "operation removed": ("/paths/~1plants/get", None, "listPlants: the operation is gone."),
    "path renamed": ("/paths/~1plants~1{plantId}", None, "getPlant: the operation is gone."),
    "operationId renamed": (f"{LIST}/operationId", "allPlants", "its operationId is now allPlants"),
    "security added": (f"{LIST}/security", [{"bearer": []}], "it needs credentials now"),
    "scheme replaced": (f"{CREATE}/security", [{"key": []}], "it no longer accepts bearer"),
    "success status removed": (CREATED, None, "createPlant: it no longer answers 201"),
    "answer's media type removed": (
        f"{READ}/responses/200/content",
        {"text/plain": {"schema": TEXT}},
        "getPlant 200: the media type application/json is gone",
    ),
    "body's media type removed": (
        f"{CREATE}/requestBody/content",
        {},
        "createPlant body: the media type application/json is gone",
    ),
    "answer's header removed": (f"{CREATED}/headers/Location", None, "the header Location is gone"),
    "body required": (
        f"{READ}/requestBody",
        {"required": True, "content": {}},
        "getPlant: a body is required now",
    ),
    "parameter removed": (f"{LIST}/parameters", [], "query pagesize is gone"),
    "required parameter added": (
        f"{LIST}/parameters/-",
        QUERY | {"required": True},
        "the new parameter query colour is required",
    ),
    "parameter required": (f"{LIST}/parameters/0/required", True, "query pagesize is required now"),
    "parameter narrowed": (f"{LIST}/parameters/0/schema/maximum", 20, "maximum goes from 50 to 20"),
    "request property required": (f"{REQUEST}/required", ["name", "height"], "height is required"),
    "request property removed": (f"{REQUEST}/properties/note", None, "the property note is gone"),
    "request property read-only": (f"{REQUEST}/properties/note/readOnly", True, "note is gone"),
    "request bound lowered": (f"{SCHEMAS}/PlantName/maxLength", 20, "body/name: maxLength goes"),
    "request bound raised": (f"{SCHEMAS}/PlantName/minLength", 2, "minLength goes from 1 to 2"),
    "request pattern changed": (f"{SCHEMAS}/PlantName/pattern", "^[a-z]+$", "the pattern changes"),
    "request format added": (f"{REQUEST}/properties/note/format", "email", "the format changes"),
    "request enum added": (f"{REQUEST}/properties/note/enum", ["a"], "any other value than a is"),
    "request null refused": (f"{REQUEST}/properties/note/nullable", False, "null is refused now"),
    "request type changed": (f"{REQUEST}/properties/height/type", "number", "integer becomes"),
    "answer's property removed": (
        f"{PLANT}/properties/height",
        None,
        "the property height is gone",
    ),
    "answer's property write-only": (
        f"{PLANT}/properties/height/writeOnly",
        True,
        "height is gone",
    ),
    "answer's property optional": (
        f"{PLANT}/required",
        ["plantId", "name"],
        "createdAt can be abs",
    ),
    "answer's property retyped": (f"{PLANT}/properties/height/type", "string", "the type changes"),
    "answer's format changed": (f"{PLANT}/properties/plantId/format", None, "from uuid to None"),
    "answer's property nullable": (
        f"{PLANT}/properties/height/nullable",
        True,
        "null is an answer",
    ),
    "answer's enum widened": (f"{SCHEMAS}/ProblemCode/enum/-", "WILTED", "WILTED is an answer now"),
}

COMPATIBLE = {
    "nothing": ("/info/version", "1.1.0"),
    "operation added": ("/paths/~1pots", {"get": {"operationId": "listPots", "responses": {}}}),
    "placeholder renamed": None,
    "optional parameter added": (f"{LIST}/parameters/-", QUERY),
    "optional request property added": (f"{REQUEST}/properties/pot", TEXT),
    "answer's property added": (f"{PLANT}/properties/pot", TEXT),
    "answer's property required": (f"{PLANT}/required/-", "height"),
    "request bound lifted": (f"{SCHEMAS}/PlantName/maxLength", 100),
    "request pattern dropped": (f"{REQUEST}/properties/note/pattern", None),
    "request property optional": (f"{REQUEST}/required", []),
    "request null allowed": (f"{REQUEST}/properties/height/nullable", True),
    "security dropped": (f"{CREATE}/security", []),
    "alternative scheme added": (f"{CREATE}/security/-", {"key": []}),
    "error status added": (f"{READ}/responses/410", {"$ref": "#/components/responses/NotFound"}),
    "error status dropped": (f"{READ}/responses/404", None),
    "description": (f"{LIST}/description", "Oldest first."),
    "example": (f"{CREATE}/{BODY}/examples/rose/value/name", "Lily"),
}


@pytest.mark.parametrize(("pointer", "value", "sentence"), BREAKING.values(), ids=BREAKING)
def test_breaking_change_is_told(pointer, value, sentence):
    """What breaks a client that follows the old contract is told."""
    new = changed(pointer) if value is None else changed(pointer, value)

    changes = breaking.compare(garden(), new)

    assert [change for change in changes if sentence in str(change)], changes


@pytest.mark.parametrize("case", COMPATIBLE.values(), ids=COMPATIBLE)
def test_compatible_change_is_no_alarm(case):
    """What a client that follows the old contract does not notice is not told."""
    new = garden()
    if case is None:
        new["paths"]["/plants/{id}"] = new["paths"].pop("/plants/{plantId}")
        new["paths"]["/plants/{id}"]["parameters"][0]["name"] = "id"
    elif case[1] is None:
        change(new, case[0])
    else:
        change(new, *case)

    assert breaking.compare(garden(), new) == []


@pytest.mark.parametrize(
    ("direction", "old", "new", "breaks"),
    [
        ("request", ["Tree", "Herb"], ["Tree"], True),
        ("request", ["Tree"], ["Tree", "Herb"], False),
        ("response", ["Tree"], ["Tree", "Herb"], True),
        ("response", ["Tree", "Herb"], ["Tree"], False),
    ],
)
def test_choices_may_grow_in_requests_and_shrink_in_responses(direction, old, new, breaks):
    """A oneOf is a set of choices of whoever sends it."""
    documents = [garden(), garden()]
    place = f"{CREATE}/{BODY}/schema" if direction == "request" else (
        f"{READ}/responses/200/content/application~1json/schema"
    )  # fmt: skip
    for document, names in zip(documents, (old, new), strict=True):
        for name in ("Tree", "Herb"):
            change(document, f"{SCHEMAS}/{name}", {"type": "object", "properties": {}})
        change(document, place, {"oneOf": [{"$ref": f"#{SCHEMAS}/{name}"} for name in names]})

    changes = breaking.compare(*documents)

    assert bool(changes) is breaks


def test_shared_component_is_told_once():
    """A change of a component that three operations answer with is one change."""
    new = changed(f"{PLANT}/properties/height")

    assert len(breaking.compare(garden(), new)) == 1


def test_schema_within_itself_ends():
    """A recursive schema is compared once."""
    documents = [changed(f"{PLANT}/properties/parent", {"$ref": f"#{PLANT}"}) for _ in range(2)]

    assert breaking.compare(*documents) == []


def test_command_exits_1_with_sentences(tmp_path, capsys):
    """A pull request that breaks clients fails and says how."""
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    old.write_text(yaml.safe_dump(garden()))
    new.write_text(yaml.safe_dump(changed(LIST)))

    assert breaking.main([str(old), str(old)]) == 0
    assert breaking.main([str(old), str(new)]) == 1
    assert capsys.readouterr().out == "listPlants: the operation is gone.\n"
