"""Write what the code lacks of the contract.

    python -m service.contract.scaffold

For every operation without a row in service/operations.py it writes the handler, the domain's
function and failing tests, and last the row. It only adds, so it can be run again at any time.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass, field
from pathlib import Path

from service.contract import ContractError, compile_contract, generate
from service.contract.lint.node import Node, operations
from service.contract.scaffold import files, templates
from service.contract.scaffold.operation import IMPORTS, Outline, Plan


@dataclass(frozen=True, slots=True)
class Home:
    """Where the domain's function of an operation lives: a class that is wired, or a module."""

    module: str
    owner: str | None = None
    attribute: str | None = None

    @property
    def expression(self) -> str:
        """What a handler calls it on."""
        return f"services.{self.attribute}" if self.attribute else "domain"

    @property
    def place(self) -> str:
        """Its name for a person."""
        return ".".join(filter(None, ("service.domain", self.module, self.owner)))


@dataclass(slots=True)
class Scaffold:
    """Adds to the project under `root`; `written` names what was added, in order."""

    root: Path
    written: list[str] = field(default_factory=list)

    def add(self, plan: Plan) -> None:
        """Write all parts of an operation; the row is last, so an interrupted run is repeated."""
        home = self._home(plan)
        self._domain(plan, home)
        self._handler(plan, home)
        for folder, text in (
            ("api", templates.api_test(plan, home.place)),
            ("unit", templates.unit_test(plan, home.place)),
        ):
            self._new(Path("tests", folder, f"test_{plan.function}.py"), text)
        self._row(plan)

    def _home(self, plan: Plan) -> Home:
        """Find the class of the tag among the services; without one, functions of a module do."""
        source = (self.root / "service/handlers/services.py").read_text(encoding="utf-8")
        tree = ast.parse(source)
        imported = {
            alias.name
            for node in tree.body
            if isinstance(node, ast.ImportFrom) and node.module == f"service.domain.{plan.module}"
            for alias in node.names
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation) in imported:
                owner, attribute = ast.unparse(node.annotation), ast.unparse(node.target)
                return Home(plan.module, owner, attribute)
        return Home(plan.module)

    def _domain(self, plan: Plan, home: Home) -> None:
        path = Path("service/domain", f"{home.module}.py")
        source = self._read(path, f"The domain of the tag {plan.tag}.")
        if plan.function in files.functions(source, home.owner):
            return
        text = templates.domain_function(plan, home.place, is_method=home.owner is not None)
        if home.owner is None:
            source = files.with_function(source, files.formatted(text))
        else:
            source = files.with_method(source, home.owner, _as_method(text))
        words = {word.id for word in ast.walk(ast.parse(text)) if isinstance(word, ast.Name)}
        self._write(
            path, files.with_imports(source, [i for w, i in DOMAIN_IMPORTS.items() if w in words])
        )

    def _handler(self, plan: Plan, home: Home) -> None:
        path = Path("service/handlers", f"{plan.module}.py")
        source = self._read(path, f"Handlers of the tag {plan.tag}.")
        if plan.function in files.functions(source):
            return
        text = templates.handler(plan, home.expression)
        imports = ["from service.handlers.services import Services"]
        imports += ["from service import models"] if "models." in text else []
        imports += [f"from service.contract import {n}" for n in ("Reply", "Request") if n in text]
        if home.owner is None:
            imports.append(f"from service.domain import {home.module} as domain")
        source = files.with_function(source, files.formatted(text))
        self._write(path, files.with_imports(source, imports))

    def _row(self, plan: Plan) -> None:
        path = Path("service/operations.py")
        source = (self.root / path).read_text(encoding="utf-8")
        source = files.with_row(source, templates.row(plan), plan.tag)
        self._write(
            path, files.with_imports(source, [f"from service.handlers import {plan.module}"])
        )

    def _read(self, path: Path, docstring: str) -> str:
        if (self.root / path).exists():
            return (self.root / path).read_text(encoding="utf-8")
        return f'"""{docstring}"""\n\nfrom __future__ import annotations\n'

    def _new(self, path: Path, text: str) -> None:
        if not (self.root / path).exists():
            self._write(path, files.formatted(text))

    def _write(self, path: Path, text: str) -> None:
        (self.root / path).write_text(text, encoding="utf-8")
        self.written.append(str(path))


DOMAIN_IMPORTS = IMPORTS | {
    "Any": "from typing import Any",
    "Caller": "from service.domain.ports import Caller",
    "Mapping": "from collections.abc import Mapping",
}


def _as_method(function: str) -> str:
    """Lay a method out within a class, where it has less room."""
    indented = "class _:\n" + "".join(f"    {line}\n" for line in function.splitlines())
    lines = files.formatted(indented).splitlines()[1:]
    return "\n".join(line.removeprefix("    ") for line in lines)


def lacking(document: dict[str, object], table: str, models: Outline) -> list[Plan]:
    """List the operations that the contract has and the table lacks."""
    known = files.operation_ids(table)
    plans = [Plan(operation, models) for operation in operations(Node(document, "", document))]
    return [plan for plan in plans if plan.name not in known]


def main(root: Path = generate.ROOT) -> int:
    """Write what is lacking and say what comes next; 1 when the contract itself has faults."""
    try:
        document = compile_contract(root / "openapi.yaml")["document"]
    except ContractError as fault:
        print(fault, file=sys.stderr)  # noqa: T201 - a command's output.
        return 1
    models = generate.render(document)
    (root / "service/models.py").write_text(models, encoding="utf-8")
    table = (root / "service/operations.py").read_text(encoding="utf-8")
    scaffold = Scaffold(root)
    for plan in lacking(document, table, generate.outline(models)):
        scaffold.add(plan)
    for path in dict.fromkeys(scaffold.written):
        print(f"wrote {path}")  # noqa: T201 - a command's output.
    print(_next(scaffold))  # noqa: T201 - a command's output.
    return 0


def _next(scaffold: Scaffold) -> str:
    tests = sorted({path for path in scaffold.written if path.startswith("tests/")})
    if not tests:
        return "Every operation of the contract has its code; nothing to write."
    return f"Now make these pass: .venv/bin/pytest {' '.join(tests)}"


if __name__ == "__main__":
    sys.exit(main())
