"""What the scaffold reads from an operation, and where it puts what it writes."""

from __future__ import annotations

from service.contract import generate
from service.contract.lint.node import Node, operations
from service.contract.scaffold import files, templates
from service.contract.scaffold.operation import Plan
from tests.contract.faults import BODY, CREATE, CREATED, LIST, REQUEST, TEXT
from tests.contract.garden import change, changed

SOURCE = '''"""A module."""

from typing import Any


class Plants:
    """Plants."""

    def list(self) -> None:
        """List."""

    @property
    def _private(self) -> Any:
        return None
'''


def test_a_method_goes_behind_the_public_ones():
    """The private ones stay at the end of the class, with their decorators."""
    added = files.with_method(SOURCE, "Plants", "def read(self) -> None:\n    pass")

    assert added.index("def list") < added.index("def read") < added.index("@property")
    assert files.functions(added, "Plants") == {"list", "read", "_private"}


def test_a_method_ends_a_class_without_private_ones():
    """Nothing behind the class moves into it."""
    source = SOURCE.partition("    @property")[0] + "\n\nLATER = 1\n"

    added = files.with_method(source, "Plants", "def read(self) -> None:\n    pass")

    assert files.functions(added, "Plants") == {"list", "read"}
    assert added.endswith("LATER = 1\n")


def test_imports_are_sorted_and_not_repeated():
    """An import that is there is kept; a new one goes where it belongs."""
    lines = ["from typing import Any", "from datetime import date"]

    added = files.with_imports(SOURCE, lines)

    assert "from datetime import date\nfrom typing import Any\n" in added
    assert files.with_imports(added, lines) == added


def plan(document, name):
    """Plan an operation of a garden."""
    models = generate.outline(generate.render(document))
    found = [o for o in operations(Node(document, "", document)) if o.name == name]
    return Plan(found[0], models)


def test_secrets_times_and_choices_become_plain_values():
    """The domain knows neither models nor SecretStr."""
    document = changed(f"{REQUEST}/properties/pin", TEXT | {"format": "password"})
    change(document, f"{REQUEST}/properties/seen", {"type": "string", "format": "date-time"})
    change(document, f"{REQUEST}/properties/kind", {"type": "string", "enum": ["tree", "herb"]})

    found = plan(document, "createPlant").arguments()
    arguments = {a.name: (a.annotation, a.expression) for a in found}

    assert arguments["caller"] == ("Caller", "request.caller")
    assert arguments["name"] == ("str", "body.name")
    assert arguments["seen"] == ("datetime | None", "body.seen")
    assert arguments["kind"] == ("str | None", "body.kind")
    secret = "body.pin.get_secret_value() if body.pin else None"
    assert arguments["pin"] == ("str | None", secret)


def test_an_object_within_the_body_is_passed_whole():
    """What has fields of its own goes to the domain as a mapping."""
    pot = {"type": "object", "additionalProperties": False, "properties": {"size": TEXT}}
    document = changed(f"{REQUEST}/properties/pot", pot)

    arguments = plan(document, "createPlant").arguments()

    assert [(a.name, a.expression) for a in arguments][1:] == [("fields", "body.model_dump()")]


def test_a_patch_passes_what_was_sent():
    """Absent and null are told apart (RFC 7396)."""
    document = changed("/paths/~1plants/patch", {})
    document["paths"]["/plants"]["patch"] = document["paths"]["/plants"].pop("post")

    arguments = plan(document, "createPlant").arguments()

    assert arguments[1].expression == "body.model_dump(exclude_unset=True)"


def test_a_made_thing_is_located():
    """A 201 promises Location, and so does the handler."""
    text = templates.handler(plan(changed("/info/version", "2"), "createPlant"), "services.plants")

    assert 'headers={"Location": "/plants"}' in text
    assert "-> Reply:" in text


def test_an_answer_without_body_is_an_empty_reply():
    """204 has nothing to shape."""
    document = change(changed(f"{CREATED}/content"), f"{CREATED}/headers/Location")

    text = templates.handler(plan(document, "createPlant"), "services.plants")

    assert text.endswith("return Reply()\n")


def test_an_answer_that_is_one_of_several_is_the_domains_choice():
    """A union has no fields of its own."""
    document = changed("/components/schemas/PlantList", {"oneOf": [{"$ref": f"#{REQUEST}"}] * 2})

    text = templates.handler(plan(document, "listPlants"), "services.plants")

    assert "answer: models.PlantList = services.plants.list_plants(page_size=page_size)" in text


def test_paths_carry_the_examples_of_the_contract():
    """Placeholders and parameters get a value that the contract allows, escaped for an address."""
    document = changed(f"{LIST}/parameters/-", {"name": "q", "in": "query", "example": "a b&c"})

    assert plan(document, "getPlant").path() == "/plants/00000000-0000-4000-8000-000000000000"
    assert plan(document, "listPlants").path() == "/plants?pageSize=10&q=a+b%26c"


def test_a_body_without_example_is_made_up():
    """The plainest value of each required property."""
    document = change(changed(f"{CREATE}/{BODY}/examples"), f"{REQUEST}/required", ["name", "note"])

    assert plan(document, "createPlant").example() == {"name": "Rosa", "note": "a"}


def test_long_names_stay_within_the_line():
    """What is written needs no layout by hand, however long the contract's words are."""
    document = changed(f"{CREATE}/operationId", "regenerateEveryRecoveryCodeOfTheGarden")
    change(document, f"{CREATE}/summary", "Make new ones, " * 10)
    long = plan(document, "regenerateEveryRecoveryCodeOfTheGarden")
    place = "service.domain.two_factor_codes.TwoFactorCodes"

    texts = [
        templates.handler(long, "services.two_factor_codes"),
        templates.domain_function(long, place, is_method=False),
        templates.api_test(long, place),
        templates.unit_test(long, place),
    ]

    lines = [line for text in texts for line in files.formatted(text).splitlines()]
    assert [line for line in lines if len(line) > 100] == []
