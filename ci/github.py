"""The files and lines through which a step talks to its GitHub Actions runner."""

import os
import sys
import uuid
from pathlib import Path


def output(name: str, value: str) -> None:
    """Set an output of the step.

    The delimiter is random, so that no value can end its own block and set another output:
    https://docs.github.com/actions/reference/workflow-commands-for-github-actions#multiline-strings
    """
    target = os.environ.get("GITHUB_OUTPUT")
    if not target:
        print(f"{name}={value}")
        return
    delimiter = f"end-{uuid.uuid4()}"
    with Path(target).open("a", encoding="utf-8") as file:
        file.write(f"{name}<<{delimiter}\n{value}\n{delimiter}\n")


def summary(markdown: str) -> None:
    """Add to the page that GitHub shows for the run, and to the log."""
    print(markdown)
    target = os.environ.get("GITHUB_STEP_SUMMARY")
    if target:
        with Path(target).open("a", encoding="utf-8") as file:
            file.write(markdown + "\n\n")


def fail(message: str) -> None:
    """Annotate the run with an error; the caller still decides the exit code."""
    escaped = message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    print(f"::error::{escaped}")
    print(message, file=sys.stderr)


def setting(name: str) -> str:
    """Read a variable of the environment that the workflow must set.

    Raises SystemExit naming the variable when it is missing or empty, which is what GitHub makes of
    a typing mistake.
    """
    value = os.environ.get(name, "")
    if not value:
        raise SystemExit(f"{name} is not set.")
    return value
