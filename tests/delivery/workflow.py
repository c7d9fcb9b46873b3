"""A workflow file, read strictly: what the runner does not know it refuses instead of ignoring."""

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from typing import Any

import yaml

WORKFLOW_KEYS = {"name", "run-name", "on", "permissions", "concurrency", "env", "jobs"}
JOB_KEYS = {
    "name",
    "needs",
    "if",
    "runs-on",
    "timeout-minutes",
    "permissions",
    "environment",
    "outputs",
    "env",
    "strategy",
    "steps",
}
STEP_KEYS = {"name", "id", "if", "uses", "with", "run", "env", "shell"}


class WorkflowError(Exception):
    """Raised for a workflow that GitHub would refuse, or that would not do what it seems to."""


class _Loader(yaml.SafeLoader):
    """YAML without duplicate keys, and in which `on` is a word and not a boolean."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key) for key, _ in node.value]
    if twice := {key for key in keys if keys.count(key) > 1}:
        raise WorkflowError(f"written twice: {twice}")
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, regexp)
        for tag, regexp in resolvers
        if not (first in "oOyYnN" and tag.endswith("bool"))
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class Job:
    """One job as it is written."""

    def __init__(self, key: str, body: dict[str, Any], workflow: dict[str, Any]) -> None:
        _known(body, JOB_KEYS, f"job {key}")
        self.key, self.body = key, body
        needs = body.get("needs", [])
        self.needs: list[str] = [needs] if isinstance(needs, str) else list(needs)
        self.steps: list[dict[str, Any]] = body.get("steps", [])
        # Permissions of a job replace the workflow's; what is not named is none.
        self.permissions: dict[str, str] = body.get("permissions", workflow.get("permissions", {}))
        for step in self.steps:
            _known(step, STEP_KEYS, f"a step of {key}")
            if ("run" in step) == ("uses" in step):
                raise WorkflowError(f"a step of {key} has not exactly one of run and uses")

    def combinations(self) -> list[dict[str, Any]]:
        """List the matrix, or the one empty combination of a job without."""
        matrix: dict[str, list[Any]] = self.body.get("strategy", {}).get("matrix", {})
        found: list[dict[str, Any]] = [{}]
        for name, values in matrix.items():
            found = [{**one, name: value} for one in found for value in values]
        return found


class Workflow:
    """A workflow as it is written, with its jobs in an order in which they can run."""

    def __init__(self, text: str) -> None:
        body = yaml.load(text, Loader=_Loader)
        _known(body, WORKFLOW_KEYS, "the workflow")
        self.body: dict[str, Any] = body
        self.jobs = {key: Job(key, job, body) for key, job in body["jobs"].items()}

    def in_order(self) -> Iterator[Job]:
        """Yield the jobs, each after all that it needs."""
        for job in self.jobs.values():
            if missing := set(job.needs) - set(self.jobs):
                raise WorkflowError(f"{job.key} needs {missing}, which is no job")
        try:
            order = TopologicalSorter(
                {job.key: job.needs for job in self.jobs.values()}
            ).static_order()
            yield from [self.jobs[key] for key in order]
        except CycleError as error:
            raise WorkflowError(f"the jobs wait for each other: {error.args[1]}") from error

    def ancestors(self, job: Job) -> set[str]:
        """Name every job that has to end before this one begins."""
        direct = set(job.needs)
        return direct.union(*(self.ancestors(self.jobs[key]) for key in direct))

    def steps(self) -> Iterator[tuple[Job, dict[str, Any]]]:
        """Yield every step with its job."""
        for job in self.jobs.values():
            for step in job.steps:
                yield job, step


def _known(body: dict[str, Any], keys: set[str], what: str) -> None:
    if unknown := set(body) - keys:
        raise WorkflowError(
            f"{what} has {sorted(map(str, unknown))}, which the runner does not know"
        )
