"""Connexion without the libraries that the engine never calls."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from service.contract import lean

ROOT = Path(__file__).resolve().parent.parent.parent


def run(program: str, **environment: str) -> Any:
    """Run a program in a fresh interpreter and return what it prints as JSON."""
    done = subprocess.run(
        [sys.executable, "-W", "error::ImportWarning", "-c", program],
        cwd=ROOT,
        # These tests decide about the switch themselves, whatever the suite runs with.
        env={**os.environ, lean.SWITCH: "1", **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return json.loads(done.stdout)


LOADED = "import json, sys, service.contract; print(json.dumps(sorted(sys.modules)))"


def test_what_is_left_out_is_not_imported() -> None:
    """The runtime imports neither the left-out libraries nor what only the compiler needs."""
    loaded = set(run(LOADED))

    assert "connexion.middleware.main" in loaded
    assert loaded.isdisjoint(lean.LEFT_OUT)
    assert loaded.isdisjoint(
        ("openapi_spec_validator", "yaml", "jsonschema", "service.contract.lint")
    )


def test_the_switch_imports_connexion_whole() -> None:
    """CONTRACT_LEAN_IMPORT=0 leaves nothing out."""
    loaded = set(run(LOADED, **{lean.SWITCH: "0", "PYTHONWARNINGS": "ignore"}))

    assert {"yaml", "jsonschema", "httpx", "jinja2", "requests", "werkzeug"} <= loaded


def test_everybody_else_gets_the_real_library() -> None:
    """After the import the names are free again, whether they were loaded before or not."""
    program = """
import json, sys
import yaml
before = sys.modules["yaml"]
import service.contract
import jsonschema, httpx
print(json.dumps([
    sys.modules["yaml"] is before,
    yaml.safe_load("a: 1"),
    jsonschema.Draft4Validator({"type": "integer"}).is_valid(1),
    httpx.URL("http://a.example/b").path,
]))
"""

    assert run(program) == [True, {"a": 1}, True, "/b"]


def test_only_connexion_holds_placeholders() -> None:
    """No other module keeps a name that the lean import made up."""
    program = """
import json, sys, service.contract
from service.contract.lean import Absent
holders = sorted(
    name for name, module in sys.modules.items()
    for value in list(vars(module).values())
    if isinstance(value, Absent) or type(value).__name__ == "_AbsentModule"
)
print(json.dumps(sorted({name.split(".")[0] for name in holders})))
"""

    assert run(program) == ["connexion"]


@pytest.mark.parametrize(
    "use",
    [
        "connexion.spec.yaml.safe_load",
        "connexion.spec.jinja2.Template('x')",
        "connexion.json_schema.requests.get",
        "connexion.security.httpx.AsyncClient()",
        "connexion.spec.Draft4Validator({})",
        "isinstance(1, connexion.exceptions.ValidationError)",
        "connexion.resolver.camelize('a')",
        "connexion.decorators.parameter.inflection.underscore('a')",
        "connexion.apps.abstract.TestClient(None)",
        "connexion.context.request.headers",
        "connexion.OpenAPISpecification.load({'openapi': '3.0.3', 'paths': {}})",
    ],
)
def test_a_left_out_name_fails_loudly(use: str) -> None:
    """Whoever uses what was left out is told its name and the switch."""
    program = f"""
import json, service.contract, connexion, connexion.spec
import connexion.decorators.parameter, connexion.apps.abstract
connexion.OpenAPISpecification = connexion.spec.OpenAPISpecification
from service.contract.lean import LeftOutError
try:
    {use}
except LeftOutError as error:
    print(json.dumps(str(error)))
"""

    message = run(program)

    assert "was left out when Connexion was imported" in message
    assert lean.SWITCH in message


def test_both_copies_of_connexion_serve_side_by_side() -> None:
    """Asking for the whole Connexion leaves the lean one with those who hold it."""
    program = """
import json, service.contract
from service.contract import application
from service.contract.lean import import_whole_connexion
whole = import_whole_connexion()
print(json.dumps([
    whole.ConnexionMiddleware is application.ConnexionMiddleware,
    import_whole_connexion() is whole,
]))
"""

    assert run(program, PYTHONWARNINGS="ignore") == [False, True]
