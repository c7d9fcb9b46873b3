"""The text of what is written; each asks for one thing in one sentence."""

from __future__ import annotations

import textwrap

from service.contract.scaffold.operation import Plan


def handler(plan: Plan, domain: str) -> str:
    """Write the handler: parse, one call, shape. `domain` is what holds the domain's function."""
    arguments = ["services: Services"]
    if plan.body_model:
        arguments.append(f"body: models.{plan.body_model}")
    arguments += [f"{a.name}: {a.annotation}" for a in plan.parameters()]
    if plan.is_secured:
        arguments.append("request: Request")
    passed = ", ".join(f"{a.name}={a.expression}" for a in plan.arguments())
    call = f"{domain}.{plan.function}({passed})"
    return (
        f"def {plan.function}({', '.join(arguments)}) -> {_answer_type(plan)}:\n"
        f"{_docstring(plan.summary)}"
        f"{_answer(plan, call)}"
    )


def _answer_type(plan: Plan) -> str:
    if plan.response_model is None or plan.promises_location:
        return "Reply"
    return f"models.{plan.response_model}"


def _answer(plan: Plan, call: str) -> str:
    if plan.response_model is None:
        return f"    {call}\n    return Reply()\n"
    if not plan.response_fields:
        return f"    answer: models.{plan.response_model} = {call}\n    return answer\n"
    made = f"models.{plan.response_model}(**{call})"
    if plan.promises_location:
        location = plan.operation.path
        return (
            f"    made = {made}\n"
            "    # Location names what was made (RFC 9110, 15.3.2): append its id.\n"
            f'    return Reply(made, headers={{"Location": "{location}"}})\n'
        )
    return f"    return {made}\n"


def domain_function(plan: Plan, place: str, *, is_method: bool) -> str:
    """Write the domain's function, which says what is to be done until somebody does it."""
    arguments = ["self"] if is_method else []
    arguments += [f"{a.name}: {a.annotation}" for a in plan.arguments()]
    return (
        f"def {plan.function}({', '.join(arguments)}) -> {domain_type(plan)}:\n"
        f"{_docstring(plan.summary, _returned(plan))}"
        f"    raise NotImplementedError({_ask(plan, 'write', place)})\n"
    )


def domain_type(plan: Plan) -> str:
    """Name what the domain's function returns."""
    if plan.response_model is None:
        return "None"
    return "dict[str, Any]" if plan.response_fields else "Any"


def _returned(plan: Plan) -> str:
    fields = ", ".join(f"`{field}`" for field in plan.response_fields)
    return f"Return {fields}: the fields of {plan.response_model}." if fields else ""


def _docstring(summary: str, rest: str = "") -> str:
    paragraphs = ["\n".join(textwrap.wrap(text, 85)) for text in (summary, rest) if text]
    text = textwrap.indent('"""' + "\n\n".join(paragraphs), "    ")
    return text + ('\n    """\n' if "\n" in text else '"""\n')


def _ask(plan: Plan, verb: str, place: str) -> str:
    # In pieces: the formatter joins what fits on a line and cannot cut what does not.
    return f'"{plan.name}: {verb} " "{place}" ".{plan.function}"'


def row(plan: Plan) -> str:
    """Write the row of the table of operations."""
    return f'    "{plan.name}": {plan.module}.{plan.function},'


def api_test(plan: Plan, place: str) -> str:
    """Write the test that sends the contract's own example through the whole service."""
    body = plan.example()
    session = "    session = api.signed_in()\n\n" if plan.is_secured else ""
    options = [f'"{plan.operation.method.upper()}"', f'"{plan.path()}"']
    options += ["json=EXAMPLE"] if body is not None else []
    signed = [*options, "headers=session.headers"] if plan.is_secured else options
    example = f"EXAMPLE = {body!r}\n\n\n" if body is not None else ""
    names = "Api, problem" if plan.is_secured else "Api"
    text = (
        f'"""{plan.name}."""\n\nfrom __future__ import annotations\n\n'
        f"from tests.api.conftest import {names}\n\n{example}"
        "def test_the_example_of_the_contract_is_answered(api: Api) -> None:\n"
        '    """The request that the contract shows gets the answer that it promises."""\n'
        f"{session}    response = api.request({', '.join(signed)})\n\n"
        f"    assert response.status_code == {plan.status}, (\n"
        f"        {_ask(plan, 'write', place)}\n"
        '        " and arrange here what it needs; "\n'
        '        f"the answer is {response.status_code}: {response.text}"\n    )\n'
    )
    if plan.is_secured:
        text += _authorization_tests(", ".join(options), ", ".join(signed))
    return text


def _authorization_tests(anonymous: str, signed: str) -> str:
    return (
        "\n\ndef test_it_serves_nobody_without_a_token(api: Api) -> None:\n"
        '    """Who is not signed in gets 401."""\n'
        f"    response = api.request({anonymous})\n\n"
        '    problem(response, 401, "UNAUTHORIZED")\n'
        "\n\ndef test_it_serves_nobody_who_signed_out(api: Api) -> None:\n"
        '    """A token outlives its session; the domain has to ask whether that is alive."""\n'
        "    session = api.signed_in()\n    api.logout(session)\n\n"
        f"    response = api.request({signed})\n\n"
        '    problem(response, 401, "UNAUTHORIZED")\n'
    )


def unit_test(plan: Plan, place: str) -> str:
    """Write the test that stands where the domain's own tests belong."""
    return (
        f'"""{plan.function} in the domain."""\n\nfrom __future__ import annotations\n\n'
        "import pytest\n\n\n"
        "def test_it_does_what_the_contract_says() -> None:\n"
        '    """Replace this by a test for each thing that the operation decides."""\n'
        f"    pytest.fail({_ask(plan, 'call', place)} ' and assert what it does')\n"
    )
