"""The compiler: every fault by name, references, and both directions of a schema."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service.contract import ContractError, compile_contract
from service.contract.problems import ENGINE_CODES
from service.contract.references import dereference
from service.contract.translate import translate
from tests.contract.conftest import CONTRACT

Document = dict[str, Any]
Change = Callable[[Document], Any]


@pytest.fixture
def compile_document(tmp_path: Path) -> Callable[[Document], dict[str, Any]]:
    """Compile a document that a test has changed."""

    def run(document: Document) -> dict[str, Any]:
        source = tmp_path / "contract.json"
        source.write_text(json.dumps(document))
        return compile_contract(source)

    return run


def test_the_bundle_has_everything_an_operation_needs(bundle: dict[str, Any]) -> None:
    """Method, path, scheme, parameters, body and responses, dereferenced."""
    operation = bundle["operations"]["updateTool"]

    assert bundle.keys() == {
        "format",
        "sha256",
        "document",
        "problems",
        "schemas",
        "operations",
    }
    assert operation["method"] == "PATCH"
    assert operation["path"] == "/tools/{toolId}"
    assert operation["scheme"] == "member"
    assert [p["name"] for p in operation["parameters"]] == ["toolId"]
    assert operation["body"]["mediaType"] == "application/json"
    assert operation["responses"]["401"]["codes"] == ["UNAUTHORIZED"]
    assert "$ref" not in json.dumps([bundle["operations"], bundle["schemas"]])


def test_equal_response_schemas_are_written_once(bundle: dict[str, Any]) -> None:
    """All problems of all operations share one schema in the bundle."""
    problems = {
        response["schema"]
        for operation in bundle["operations"].values()
        for response in operation["responses"].values()
        if response["mediaType"] == "application/problem+json"
    }

    assert len(problems) == 1
    assert problems <= bundle["schemas"].keys()


def test_the_bundle_is_json(bundle: dict[str, Any]) -> None:
    """What is written to the file is what was compiled: no dates, no YAML types."""
    assert json.loads(json.dumps(bundle)) == bundle


@pytest.mark.parametrize("code", sorted(ENGINE_CODES))
def test_a_code_of_the_engine_must_be_in_the_catalogue(
    document: Document, compile_document: Any, code: str
) -> None:
    """A catalogue that lacks a code which the engine raises does not compile."""
    del document["x-problems"][code]

    with pytest.raises(ContractError, match=f"the engine raises {code} "):
        compile_document(document)


def _paths(document: Document) -> dict[str, Any]:
    paths: dict[str, Any] = document["paths"]
    return paths


FAULTS: dict[str, Change] = {
    "reads OpenAPI 3.0": lambda d: d.update(openapi="3.1.0"),
    "getMember: security": lambda d: _paths(d)["/members/me"]["get"].update(security=[{}]),
    "one JSON media type": lambda d: _paths(d)["/tools"]["post"]["requestBody"].update(
        content={"text/plain": {"schema": {"type": "string"}}}
    ),
    "only the style form": lambda d: _paths(d)["/tools"]["get"]["parameters"][0].update(
        style="pipeDelimited"
    ),
    "a segment must be": lambda d: _paths(d).update(
        {"/tools/x{a}": _paths(d).pop("/weights/{grams}")}
    ),
    "only HTTP bearer": lambda d: d["components"]["securitySchemes"].update(
        key={"type": "apiKey", "in": "header", "name": "X-Key"}
    ),
    "must have the status 404": lambda d: d["x-problems"]["NOT_FOUND"].update(status=410),
    "differ only in names": lambda d: _paths(d).update(
        {"/weights/{ounces}": copy.deepcopy(_paths(d)["/weights/{grams}"])}
    ),
    "points at nothing": lambda d: _paths(d)["/tools"]["post"]["responses"].update(
        {"400": {"$ref": "#/components/responses/Gone"}}
    ),
    "summary": lambda d: _paths(d)["/tools"]["get"].pop("summary"),
}


@pytest.mark.parametrize("message", FAULTS)
def test_a_fault_is_named(document: Document, compile_document: Any, message: str) -> None:
    """What the engine cannot serve, the validator refuses or the lint dislikes has a sentence."""
    FAULTS[message](document)

    with pytest.raises(ContractError, match=message):
        compile_document(document)


def test_all_faults_are_named_at_once(document: Document, compile_document: Any) -> None:
    """Two faults are two sentences: nobody repairs a contract one error at a time."""
    del document["x-problems"]["UNAUTHORIZED"]
    document["paths"]["/tools"]["get"]["operationId"] = "addTool"

    with pytest.raises(ContractError) as caught:
        compile_document(document)

    assert any("UNAUTHORIZED" in fault for fault in caught.value.faults)
    assert any("addTool: 2 operations" in fault for fault in caught.value.faults)


def test_a_pattern_that_needs_backtracking_is_named(
    document: Document, compile_document: Any
) -> None:
    """A pattern that cannot be matched in linear time does not compile."""
    tool = document["components"]["schemas"]["Tool"]
    tool["properties"]["slug"]["pattern"] = "^(?=a)[a-z]+$"

    with pytest.raises(ContractError, match="pattern"):
        compile_document(document)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("openapi: 3.0.3\nopenapi: 3.0.3\n", "the key openapi is repeated"),
        ("- a\n", "not a mapping"),
        ("a: [", "not YAML"),
    ],
)
def test_a_source_that_is_no_document(tmp_path: Path, text: str, message: str) -> None:
    """YAML faults are contract errors, a repeated key among them."""
    source = tmp_path / "contract.yaml"
    source.write_text(text)

    with pytest.raises(ContractError, match=message):
        compile_contract(source)


def test_references_in_a_circle_are_named() -> None:
    """A schema that contains itself is refused by the name of the reference."""
    document = {"a": {"$ref": "#/b"}, "b": {"items": {"$ref": "#/a"}}}

    with pytest.raises(ContractError, match="leads back to itself"):
        dereference(document)


def test_references_in_values_are_values() -> None:
    """A `$ref` below an example is data; below a property called `default` it is a reference."""
    document = {
        "x": {"type": "string"},
        "example": {"$ref": "#/x"},
        "properties": {"default": {"$ref": "#/x"}},
    }

    resolved = dereference(document)

    assert resolved["example"] == {"$ref": "#/x"}
    assert resolved["properties"]["default"] == {"type": "string"}


def test_references_lead_nowhere_else() -> None:
    """A reference to a file or an address is not followed."""
    with pytest.raises(ContractError, match="only references within the document"):
        dereference({"a": {"$ref": "http://evil.example/schema.json"}})


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        (
            {"type": "integer", "format": "int32"},
            {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
        ),
        (
            {"type": "integer", "format": "int64", "minimum": 1, "maximum": 5},
            {"type": "integer", "minimum": 1, "maximum": 5},
        ),
        ({"minimum": 1, "exclusiveMinimum": True}, {"exclusiveMinimum": 1}),
        ({"maximum": 1, "exclusiveMaximum": False}, {"maximum": 1}),
        ({"type": "string", "format": "password", "example": "x", "x-note": 1}, {"type": "string"}),
        ({"items": {"type": "string", "nullable": True}}, {"items": {"type": ["string", "null"]}}),
        ({"oneOf": [{"type": "string", "title": "A"}]}, {"oneOf": [{"type": "string"}]}),
        (
            {"additionalProperties": {"type": "string", "deprecated": True}},
            {"additionalProperties": {"type": "string"}},
        ),
    ],
)
def test_translation(schema: dict[str, Any], expected: dict[str, Any]) -> None:
    """OpenAPI's dialect becomes JSON Schema 2020-12."""
    assert translate(schema, "request") == expected


def test_directions() -> None:
    """A request may not carry readOnly members, a response no writeOnly ones."""
    schema = {
        "type": "object",
        "required": ["id", "name", "secret"],
        "properties": {
            "id": {"type": "string", "readOnly": True},
            "name": {"type": "string"},
            "secret": {"type": "string", "writeOnly": True},
        },
    }

    request = translate(schema, "request")
    response = translate(schema, "response")

    assert request["required"] == ["name", "secret"]
    assert request["properties"]["id"] is False
    assert response["required"] == ["id", "name"]
    assert response["properties"]["secret"] is False


def run_compile(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "service.contract", "compile", *arguments],
        cwd=Path(__file__).resolve().parent.parent.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_command_writes_the_bundle(tmp_path: Path, bundle: dict[str, Any]) -> None:
    """`python -m service.contract compile SOURCE -o OUT` writes what compile_contract returns."""
    out = tmp_path / "bundle.json"

    done = run_compile(str(CONTRACT), "-o", str(out))

    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(out.read_text()) == bundle
    assert [path.name for path in tmp_path.iterdir()] == ["bundle.json"]


def test_the_command_names_every_fault_and_fails(tmp_path: Path) -> None:
    """Faults go to standard error, one a line; the status is 1 and no bundle is written."""
    source = tmp_path / "contract.yaml"
    source.write_text(
        CONTRACT.read_text().replace("operationId: addTool", "operationId: listTools")
    )

    done = run_compile(str(source), "-o", str(tmp_path / "bundle.json"))

    assert done.returncode == 1
    assert "listTools: 2 operations have this operationId" in done.stderr
    assert not (tmp_path / "bundle.json").exists()
