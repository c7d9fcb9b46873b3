"""The smaller steps of the workflows, one by one."""

import json
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest

from ci import drift, fuzz, github, phase, plan, smoke, stage, stage_api
from ci.stage_api import Answer


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"GITHUB_EVENT_NAME": "pull_request", "GITHUB_BASE_REF": "main"}, "dev"),
        ({"GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/main"}, "prod"),
    ],
)
def test_an_event_deploys_its_stage(environment: dict[str, str], expected: str) -> None:
    """A pull request to main dev, a push to main prod."""
    assert stage.stage_of(environment) == expected


@pytest.mark.parametrize(
    "environment",
    [
        {"GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/feature"},
        {"GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/tags/main"},
        {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_BASE_REF": "release"},
        {"GITHUB_EVENT_NAME": "workflow_dispatch", "GITHUB_REF": "refs/heads/main"},
        {},
    ],
)
def test_any_other_event_deploys_nothing(environment: dict[str, str]) -> None:
    """The step fails and says which."""
    with pytest.raises(SystemExit, match="deploys nothing"):
        stage.stage_of(environment)


def change(kind: str, *actions: str) -> dict[str, Any]:
    """A resource of a plan."""
    return {"address": f"{kind}.x", "type": kind, "change": {"actions": list(actions)}}


def test_a_plan_that_destroys_what_is_in_use_is_refused() -> None:
    """Deleting, replacing in either order, forgetting, and what no table knows."""
    touched = plan.changes(
        {
            "resource_changes": [
                change("aws_dynamodb_table", "no-op"),
                change("aws_iam_policy_document", "read"),
                change("aws_lambda_function", "update"),
                change("aws_sns_topic", "create"),
                change("aws_apigatewayv2_route", "delete"),
                change("aws_cloudwatch_metric_alarm", "delete", "create"),
                change("aws_cognito_user_pool", "delete", "create"),
                change("aws_lambda_alias", "create", "delete"),
                change("aws_ecr_repository", "forget"),
                change("aws_iam_role", "something", "new"),
            ]
        }
    )

    assert [(found.type, found.verb) for found in plan.forbidden(touched)] == [
        ("aws_cognito_user_pool", "replace"),
        ("aws_lambda_alias", "replace"),
        ("aws_ecr_repository", "forget"),
        ("aws_iam_role", "destroy"),
    ]
    assert len(touched) == 8


def test_a_plan_is_shown_as_a_table() -> None:
    """With the counts above it; an empty one says so."""
    touched = plan.changes({"resource_changes": [change("aws_sns_topic", "create")]})

    assert "1 to create." in plan.table("base", touched)
    assert "| create | `aws_sns_topic.x` |" in plan.table("base", touched)
    assert plan.table("base", []) == "**base**: no changes."


def test_a_refused_plan_is_not_applied(monkeypatch: pytest.MonkeyPatch) -> None:
    """The phase ends before terraform apply."""
    document = {"resource_changes": [change("aws_dynamodb_table", "delete", "create")]}
    monkeypatch.setattr("ci.terraform.init", lambda root, stage: None)
    monkeypatch.setattr("ci.terraform.plan", lambda root, stage, *rest: (2, document))
    monkeypatch.setattr("ci.terraform.apply", lambda root: pytest.fail("it was applied"))

    with pytest.raises(SystemExit, match="1"):
        phase.deploy("base", "prod")


def test_an_output_cannot_set_another_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many lines a value has, and whatever they look like."""
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))

    github.output("name", "x\nEND\nother=y")

    first, *middle, last = (tmp_path / "output").read_text().splitlines()
    assert first == f"name<<{last}"
    assert middle == ["x", "END", "other=y"]


def test_an_annotation_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """GitHub ends a command at the line's end."""
    github.fail("100 %\nof it")

    assert capsys.readouterr().out == "::error::100 %25%0Aof it\n"


def test_a_setting_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """GitHub makes an empty variable of a misspelt one."""
    monkeypatch.setenv("FUNCTION_NAME", "")

    with pytest.raises(SystemExit, match="FUNCTION_NAME is not set"):
        github.setting("FUNCTION_NAME")


def function(**values: Any) -> dict[str, Any]:
    """A function in a state."""
    environment = [{"variables": {"SERVICE_VERSION": "abc"}}]
    return {
        "type": "aws_lambda_function",
        "values": {"function_name": "api-handler-dev", "environment": environment, **values},
    }


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"image_uri": "r@sha256:1"}, ["-var=image_uri=r@sha256:1", "-var=service_version=abc"]),
        ({"image_uri": ""}, ["-var=service_version=abc"]),
    ],
)
def test_drift_compares_with_what_runs(
    values: dict[str, str], expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The image and version are the state's, in whatever module the function is."""
    inner = {"child_modules": [{"resources": [{"type": "x", "values": {}}, function(**values)]}]}
    monkeypatch.setattr("ci.terraform.state", lambda root: {"values": {"root_module": inner}})

    assert drift.running("dev") == expected


def test_a_stage_without_a_function_has_nothing_to_compare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another stage's function does not count."""
    root = {"root_module": {"resources": [function(function_name="api-handler-prod")]}}
    monkeypatch.setattr("ci.terraform.state", lambda _: {"values": root})

    with pytest.raises(SystemExit, match="dev has no function yet"):
        drift.running("dev")


def answer(status: int, body: object, kind: str = "application/json", **headers: str) -> Answer:
    """An answer of a stage."""
    message = Message()
    for name, value in {"Content-Type": kind, **headers}.items():
        message[name.replace("_", "-")] = value
    return Answer(status, message, json.dumps(body).encode())


PROBLEM = "application/problem+json"
GOOD = {
    "/v1/health": answer(200, {"version": "abc"}),
    "/v1/health/ready": answer(200, {}),
    "/v1/users/profile": answer(401, {"status": 401}, PROBLEM, WWW_Authenticate="Bearer"),
    "/v1/no-such-path": answer(404, {"status": 404}, PROBLEM),
}


@pytest.mark.parametrize(
    ("path", "instead", "fault"),
    [
        ("", None, None),
        ("/v1/health", answer(200, {"version": "old"}), "is version 'old', not 'abc'"),
        ("/v1/health", answer(503, {}), "answers 503"),
        ("/v1/health/ready", answer(503, {}, PROBLEM), "/v1/health/ready answers 503"),
        ("/v1/users/profile", answer(401, {"message": "x"}), "without WWW-Authenticate"),
        ("/v1/users/profile", answer(200, {}, WWW_Authenticate="x"), "200 application/json"),
        ("/v1/no-such-path", answer(404, {"message": "Not Found"}), "404 application/json"),
        ("/v1/no-such-path", answer(404, {"status": 400}, PROBLEM), "status differs"),
        ("/v1/no-such-path", OSError(), "URLError"),
    ],
)
def test_a_smoke_test_names_what_is_wrong(
    path: str,
    instead: Answer | Exception | None,
    fault: str | None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A good stage passes; each fault is seen, whatever the other answers are."""
    answers: dict[str, Any] = GOOD | {path: instead}

    def get(asked: str) -> Answer:
        found = answers[asked]
        if isinstance(found, Exception):
            raise URLError("reset")
        assert isinstance(found, Answer)
        return found

    monkeypatch.setenv("SERVICE_VERSION", "abc")
    monkeypatch.setattr("ci.smoke.get", get)
    monkeypatch.setattr("time.sleep", lambda seconds: None)

    if fault is None:
        smoke.main()
        return
    with pytest.raises(SystemExit):
        smoke.main()
    assert fault in capsys.readouterr().err


def test_a_smoke_test_tries_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first answers after a move may still come from the version before."""
    versions = iter(["old", "old", "abc"])
    monkeypatch.setenv("SERVICE_VERSION", "abc")
    monkeypatch.setattr("ci.smoke.get", lambda path: answer(200, {"version": next(versions)}))
    monkeypatch.setattr("time.sleep", lambda seconds: None)

    assert smoke.attempt(smoke.is_released) is None


def test_prod_is_asked_over_https_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """The endpoint's trailing slash is not doubled."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("API_ENDPOINT", "https://a.example/")
    assert stage_api.base_url() == "https://a.example"

    monkeypatch.setenv("API_ENDPOINT", "http://a.example/")
    with pytest.raises(SystemExit, match="not an HTTPS address"):
        stage_api.base_url()


def test_prod_is_fuzzed_with_what_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """GET only, and no stateful phase; dev gets everything, and both get every check."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("API_ENDPOINT", "https://a.example")
    prod, dev = " ".join(fuzz.command("prod")), " ".join(fuzz.command("dev"))

    assert "--include-method GET" in prod
    assert "stateful" not in prod
    assert "--include" not in dev
    assert "--phases" not in dev
    assert "--checks all" in prod
    assert "--checks all" in dev
    assert "--url https://a.example/v1" in dev
