"""The runner reads expressions as GitHub does, and refuses what GitHub would quietly make empty."""

from pathlib import Path
from typing import Any

import pytest

from tests.delivery.expressions import Evaluator, ExpressionError, Strict

CONTEXTS: dict[str, Any] = {
    "github": Strict(
        event_name="push", event={"labels": [{"name": "a"}, {"name": "b"}]}, ref="refs/heads/main"
    ),
    "needs": Strict(base=Strict(result="success", outputs=Strict(name="x"))),
    "vars": Strict(),
}
SUCCEEDED = {"success": lambda: True, "failure": lambda: False, "always": lambda: True}
FAILED = {"success": lambda: False, "failure": lambda: True, "always": lambda: True}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("'it''s'", "it's"),
        ("github.event_name == 'PUSH'", True),
        ("github.event_name == 'push' && 'prod' || 'dev'", "prod"),
        ("github.event_name != 'push' && 'prod' || 'dev'", "dev"),
        ("github['event_name']", "push"),
        ("github.event.pull_request.head.repo.full_name == 'x/y'", False),
        ("github.event.labels.*.name", ["a", "b"]),
        ("contains(github.event.labels.*.name, 'B')", True),
        ("github.event.labels[1].name", "b"),
        ("startsWith(github.ref, 'refs/heads/')", True),
        ("endsWith(github.ref, 'MAIN')", True),
        ("format('{0}-{1} {{}}', 'a', 1)", "a-1 {}"),
        ("join(github.event.labels.*.name, '+')", "a+b"),
        ("fromJSON('[1, 2]')[1]", 2),
        ("toJSON(needs.base.outputs)", '{\n  "name": "x"\n}'),
        ("!needs.base.outputs.name", False),
        ("(1 < 2) == true", True),
        ("'1' == 1", True),
        ("'' == 0", True),
        ("null == 0", True),
        ("'a' < 'B'", True),
        ("0x10 >= 16.0", True),
        ("'x' == null", False),
        ("'' || 'default'", "default"),
        ("true || false && false", True),
    ],
)
def test_an_expression_has_a_value(expression: str, value: Any) -> None:
    """Literals, operators, properties and functions."""
    assert Evaluator(CONTEXTS).value(expression) == value


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("needs.image.result", "needs has no 'image'"),
        ("needs.base.outputs.digest", "needs.base.outputs has no 'digest'"),
        ("vars.REGION", "vars has no 'REGION'"),
        ("secrets.KEY", "no context 'secrets'"),
        ("hashFile('x')", "no function 'hashFile'"),
        ("github.ref == ", "ends too early"),
        ("github.ref github.sha", "to its end"),
        ("(github.ref", "')' is missing"),
        ('github.ref == "main"', "unexpected text"),
    ],
)
def test_a_mistake_is_an_error(expression: str, reason: str) -> None:
    """On GitHub the first four would be empty strings."""
    with pytest.raises(ExpressionError, match=reason.replace("(", r"\(").replace(")", r"\)")):
        Evaluator(CONTEXTS).value(expression)


def test_text_keeps_the_type_of_a_single_expression() -> None:
    """A string around an expression makes a string of it."""
    evaluator = Evaluator(CONTEXTS)

    assert evaluator.text("${{ 1 == 1 }}") is True
    assert evaluator.text("is ${{ 1 == 1 }}, ${{ null }}${{ 2 }}") == "is true, 2"
    assert evaluator.text(False) is False


@pytest.mark.parametrize(
    ("condition", "after_success", "after_failure"),
    [
        ("github.event_name == 'push'", True, False),
        ("${{ github.event_name == 'push' }}", True, False),
        ("needs.base.result == 'success'", True, False),
        ("always() && needs.base.result == 'success'", True, True),
        ("failure()", False, True),
        ("success() || failure()", True, True),
    ],
)
def test_a_condition_stands_behind_success(
    condition: str, after_success: bool, after_failure: bool
) -> None:
    """Unless it calls a status function itself; the word 'success' in quotes is none."""
    assert Evaluator(CONTEXTS, SUCCEEDED).condition(condition) is after_success
    assert Evaluator(CONTEXTS, FAILED).condition(condition) is after_failure


def test_files_are_hashed_in_the_workspace(tmp_path: Path) -> None:
    """A change of a file changes the hash; a pattern that finds nothing is the empty string."""
    (tmp_path / "a.txt").write_text("1")
    evaluator = Evaluator(CONTEXTS, workspace=tmp_path)
    before = evaluator.value("hashFiles('*.txt')")
    (tmp_path / "a.txt").write_text("2")

    assert before != evaluator.value("hashFiles('*.txt')")
    assert evaluator.value("hashFiles('*.md')") == ""
