"""Insert into sources without touching what is there: imports, functions, methods, table rows."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterable

ROW = re.compile(r'    "(?P<name>\w+)": (?P<module>\w+)\.\w+,\Z')


def functions(source: str, owner: str | None = None) -> set[str]:
    """Name the functions of a module, or the methods of one of its classes."""
    body = ast.parse(source).body
    if owner is not None:
        body = _class(source, owner).body
    return {node.name for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def with_function(source: str, function: str) -> str:
    """Append a function to a module."""
    return f"{source.rstrip()}\n\n\n{function.strip()}\n"


def with_method(source: str, owner: str, method: str) -> str:
    """Add a method to a class, after its public ones."""
    lines, node = source.splitlines(), _class(source, owner)
    private = (
        child
        for child in node.body
        if isinstance(child, ast.FunctionDef)
        and child.name.startswith("_")
        and "__" not in child.name
    )
    first = next(private, None)
    text = textwrap.indent(method.strip(), "    ").splitlines()
    if first is None:
        end = node.end_lineno or len(lines)
        lines[end:end] = ["", *text]
    else:
        start = min([first.lineno, *(d.lineno for d in first.decorator_list)]) - 1
        lines[start:start] = [*text, ""]
    return "\n".join(lines) + "\n"


def with_imports(source: str, imports: Iterable[str]) -> str:
    """Add the imports whose names are not bound yet, in their sorted place."""
    bound = {
        alias.asname or alias.name
        for node in ast.parse(source).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    new = [line for line in imports if line.split()[-1] not in bound]
    if not new:
        return source
    lines = source.splitlines()
    last = max(
        node.end_lineno or 0
        for node in ast.parse(source).body
        if isinstance(node, ast.Import | ast.ImportFrom)
    )
    lines[last:last] = new
    return ruff("\n".join(lines) + "\n", "check", "--select=I", "--fix", "--quiet")


def operation_ids(source: str) -> set[str]:
    """Name the operations that the table has a row for."""
    return {ast.literal_eval(key) for key in _table(source).keys if key is not None}


def with_row(source: str, row: str, tag: str) -> str:
    """Add a row to the table: behind the last of its module, or in a group of its own."""
    found = ROW.match(row)
    if found is None:
        raise ValueError(row)
    lines, table = source.splitlines(), _table(source)
    first, last = table.lineno, (table.end_lineno or table.lineno) - 1
    own = [
        number
        for number in range(first, last)
        if (other := ROW.match(lines[number])) and other["module"] == found["module"]
    ]
    if own:
        lines[own[-1] + 1 : own[-1] + 1] = [row]
    else:
        lines[last:last] = [f"    # {tag}", row]
    return "\n".join(lines) + "\n"


def formatted(source: str) -> str:
    """Lay a new source out as the project does."""
    return ruff(source, "format")


def ruff(source: str, *command: str) -> str:
    """Run ruff, with the settings of the project in the working directory, over a text."""
    finished = subprocess.run(  # noqa: S603 - our own interpreter, no word of it from outside.
        [sys.executable, "-m", "ruff", *command, "--stdin-filename=service/scaffold.py", "-"],
        input=source,
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    return finished.stdout


def _class(source: str, name: str) -> ast.ClassDef:
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            return node
    raise LookupError(f"no class {name}")


def _table(source: str) -> ast.Dict:
    for node in ast.parse(source).body:
        if not (isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Dict)):
            continue
        if ast.unparse(node.target) == "OPERATIONS":
            return node.value
    raise LookupError("service/operations.py has no table OPERATIONS: dict[...] = {...}")
