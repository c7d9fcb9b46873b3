"""What must be true of a workflow file whatever it does: pins, permissions, timeouts, commands."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.delivery.actions import ACTIONS
from tests.delivery.workflow import Job, Workflow

RUN = re.compile(r"(ci/[a-z-]+\.sh|(?:python3|\.venv/bin/python) -m ci\.([a-z_]+)(?: [a-z]+)?)")
LONGEST_MINUTES = 60


def broken(text: str, files: list[str]) -> list[str]:
    """List every rule that a workflow breaks; `files` are the repository's."""
    workflow = Workflow(text)
    return [
        *pins(text),
        *permissions(workflow),
        *bounds(workflow),
        *commands(workflow, files),
        *triggers(workflow, files),
        *secrets(text),
    ]


def pins(text: str) -> Iterator[str]:
    """Every action is pinned to its commit, and the comment beside it names the release."""
    for line in re.findall(r"^\s*(?:- )?uses: (.+)$", text, re.M):
        match = re.fullmatch(r"([\w.-]+/[\w./-]+)@([0-9a-f]{40}) # (v[\d.]+)", line)
        if match is None:
            yield f"not pinned by commit and release: {line}"
        elif match[1] not in ACTIONS:
            yield f"unknown action: {match[1]}"
        elif (ACTIONS[match[1]].commit, ACTIONS[match[1]].version) != (match[2], match[3]):
            yield f"another commit or release than the tested one: {line}"


def permissions(workflow: Workflow) -> Iterator[str]:
    """The workflow has none, each job what its actions need and no more."""
    if workflow.body.get("permissions") != {}:
        yield "the workflow grants permissions to every job"
    for job in workflow.jobs.values():
        needed: dict[str, str] = {}
        for step in job.steps:
            action = ACTIONS.get(str(step.get("uses", "")).partition("@")[0])
            needed |= dict(action.permissions) if action else {}
        if dict(job.permissions) != needed:
            yield f"{job.key} has permissions {job.permissions} and needs {needed}"
        if "id-token" in needed and "environment" not in job.body:
            yield f"{job.key} takes a token without naming an environment"


def bounds(workflow: Workflow) -> Iterator[str]:
    """Every job ends, runs on a named machine, and no deployment is cut off by the next."""
    for job in workflow.jobs.values():
        minutes = job.body.get("timeout-minutes")
        if not isinstance(minutes, int) or not 0 < minutes <= LONGEST_MINUTES:
            yield f"{job.key} has timeout {minutes}"
        if job.body["runs-on"] not in {"ubuntu-24.04", "ubuntu-24.04-arm"}:
            yield f"{job.key} runs on {job.body['runs-on']}"
    deploys = any("environment" in job.body for job in workflow.jobs.values())
    if deploys and workflow.body["concurrency"].get("cancel-in-progress") is not False:
        yield "a newer run cuts a deployment off"


def commands(workflow: Workflow, files: list[str]) -> Iterator[str]:
    """Every `run:` is one command of ci/ that exists, and no expression is pasted into it."""
    for job, step in workflow.steps():
        if "run" in step:
            yield from _command(job, step["run"], files)


def _command(job: Job, run: Any, files: list[str]) -> Iterator[str]:
    match = RUN.fullmatch(str(run).strip())
    if match is None:
        yield f"{job.key}: not one command of ci/: {run!r}"
        return
    file = f"ci/{match[2]}.py" if match[2] else match[1]
    if file not in files:
        yield f"{job.key}: there is no {file}"


def triggers(workflow: Workflow, files: list[str]) -> Iterator[str]:
    """Only main is deployed, and each path filter names something that exists."""
    on = workflow.body["on"]
    if unknown := set(on) - {"pull_request", "push", "schedule"}:
        yield f"started by {sorted(unknown)}"
    for event in ("pull_request", "push"):
        settings = on.get(event) or {}
        if event == "push" and settings.get("branches") != ["main"]:
            yield f"{event} of {settings.get('branches')}"
        for pattern in settings.get("paths", []):
            if not any(matches(file, pattern) for file in files):
                yield f"the path filter {pattern} names nothing"
    if (on.get("push") or {}).get("paths") != (on.get("pull_request") or {}).get("paths"):
        yield "dev and prod are deployed for different paths"


def matches(file: str, pattern: str) -> bool:
    """Match a path filter: `**` is any path, `*` any name."""
    escaped = re.escape(pattern).replace(r"\*\*", ".*").replace(r"\*", "[^/]*")
    return re.fullmatch(escaped, file) is not None


def secrets(text: str) -> Iterator[str]:
    """Nothing long-lived: roles are assumed by OIDC."""
    if re.search(r"\bsecrets\s*[.\[]", text):
        yield "a stored secret is read"
    if re.search(r"aws[-_](secret[-_])?access[-_]key", text, re.I):
        yield "a stored key is used"


def repository_files(root: Path) -> list[str]:
    """List the files that git knows or would take."""
    import subprocess

    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True)
    return listed.stdout.splitlines()
