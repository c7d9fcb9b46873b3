"""The scaffold: one command from an operation in the contract to tests that say what to write."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest
import yaml

from service.contract import generate
from service.contract.compile import load
from service.contract.scaffold.__main__ import main
from tests.contract.throw_away import with_throw_away_operations

WRITTEN = [
    "service/domain/throw_away.py",
    "service/handlers/throw_away.py",
    "tests/api/test_get_throw_away.py",
    "tests/unit/test_get_throw_away.py",
    "tests/api/test_set_throw_away.py",
    "tests/unit/test_set_throw_away.py",
]
CHANGED = ["service/domain/profile.py", "service/handlers/profile.py", "service/operations.py"]
UNDONE = r" *raise NotImplementedError\([^)]*\)\n"
NEW_MODULE = """    return {"text": f"Hello, {first_name}."}\n"""
NEW_METHOD = """        self.get_user_profile(caller)\n        return {"text": text}\n"""


@pytest.fixture(scope="module")
def untouched(tmp_path_factory):
    """Copy what of the repository the code and its tests need."""
    copy = tmp_path_factory.mktemp("repository")
    ignore = shutil.ignore_patterns("__pycache__", ".terraform*", "bundle.json", ".local")
    for folder in ("service", "local", "tests", "infra"):
        shutil.copytree(generate.ROOT / folder, copy / folder, ignore=ignore)
    for file in ("openapi.yaml", "pyproject.toml"):
        shutil.copy(generate.ROOT / file, copy / file)
    # What a developer has added to the contract and not yet scaffolded is not what is tested here.
    main(copy)
    return copy


@pytest.fixture
def repository(untouched, tmp_path):
    """A repository whose contract is two operations ahead of its code."""
    copy = shutil.copytree(untouched, tmp_path / "repository")
    document = with_throw_away_operations(load((copy / "openapi.yaml").read_bytes()))
    (copy / "openapi.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    return copy


def run(repository, *command):
    """Run a module of the tools in the repository, as a developer would."""
    return subprocess.run(
        [sys.executable, "-m", *command],
        capture_output=True,
        check=False,
        cwd=repository,
        text=True,
    )


def texts(repository):
    """Read every source of the repository."""
    return {
        str(path.relative_to(repository)): path.read_text() for path in repository.glob("*/**/*.py")
    }


def test_it_adds_what_is_lacking_and_keeps_what_exists(untouched, repository):
    """New files, and in old ones new lines between the old, which stay as they were."""
    main(repository)

    before, after = texts(untouched), texts(repository)
    assert sorted(after.keys() - before.keys()) == sorted(WRITTEN)
    differing = {path for path in before if before[path] != after[path]}
    assert differing == {*CHANGED, "service/models.py"}
    for path in CHANGED:
        kept = iter(after[path].splitlines())
        own = (line for line in before[path].splitlines() if not line.startswith("from "))
        assert [line for line in own if line not in kept] == []


def test_a_second_run_changes_nothing(repository, capsys):
    """Run it at any time: what is there stays as it is."""
    main(repository)
    once = texts(repository)
    capsys.readouterr()

    status = main(repository)

    assert status == 0
    assert texts(repository) == once
    assert "nothing to write" in capsys.readouterr().out


def test_what_somebody_wrote_is_kept(repository):
    """A handler that exists already is not written again, whatever is in it."""
    handler = repository / "service/handlers/throw_away.py"
    handler.write_text('"""Mine."""\n\n\ndef get_throw_away(services):\n    """Mine."""\n')

    main(repository)

    assert handler.read_text().startswith('"""Mine."""')
    assert handler.read_text().count("def get_throw_away") == 1
    assert (
        '"getThrowAway": throw_away.get_throw_away,' in texts(repository)["service/operations.py"]
    )


def test_the_row_joins_the_group_of_its_tag(repository):
    """The table stays grouped by tag; a new tag gets a group."""
    main(repository)

    table = (repository / "service/operations.py").read_text()

    assert (
        '    "deleteUser": profile.delete_user,\n'
        '    "setThrowAway": profile.set_throw_away,\n' in table
    )
    assert '    # throw-away\n    "getThrowAway": throw_away.get_throw_away,\n' in table


def test_a_contract_with_faults_writes_nothing(repository, capsys):
    """First the contract, then the code."""
    contract = repository / "openapi.yaml"
    contract.write_text(
        contract.read_text().replace("operationId: setThrowAway", "operationId: Set")
    )
    before = texts(repository)

    status = main(repository)

    assert status == 1
    assert texts(repository) == before
    assert "operationId Set is not camelCase" in capsys.readouterr().err


def test_the_code_is_clean(repository):
    """What is written passes the linter, the formatter and the type checker."""
    main(repository)
    paths = [*WRITTEN, *CHANGED]

    lint = run(repository, "ruff", "check", "--no-cache", *paths)
    layout = run(repository, "ruff", "format", "--no-cache", "--check", *paths)
    types = run(repository, "mypy", "service/operations.py", *WRITTEN)

    assert lint.returncode == 0, lint.stdout
    assert layout.returncode == 0, layout.stdout
    assert [line for line in types.stdout.splitlines() if line.startswith(tuple(paths))] == []


def test_its_tests_say_what_to_do_until_it_is_done(repository):
    """From the edit of the contract to green: two functions and two tests are written by hand."""
    main(repository)
    tests = [path for path in WRITTEN if path.startswith("tests/")]

    red = run(repository, "pytest", "-q", "-p", "no:cacheprovider", *tests)

    assert red.returncode == 1, red.stdout
    assert "5 failed, 1 passed" in red.stdout
    assert "getThrowAway: write service.domain.throw_away.get_throw_away" in red.stdout
    assert "setThrowAway: write service.domain.profile.Profiles.set_throw_away" in red.stdout
    assert "getThrowAway: call service.domain.throw_away.get_throw_away and assert" in red.stdout

    for path, body in (("throw_away", NEW_MODULE), ("profile", NEW_METHOD)):
        source = repository / f"service/domain/{path}.py"
        source.write_text(re.sub(UNDONE, body, source.read_text()))
    api = [path for path in tests if "/api/" in path]
    green = run(repository, "pytest", "-q", "-p", "no:cacheprovider", *api)

    assert green.returncode == 0, green.stdout
    assert "4 passed" in green.stdout
