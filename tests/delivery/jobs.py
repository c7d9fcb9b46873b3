"""What a run of a workflow consists of: machines, jobs while they run, and jobs afterwards."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tests.delivery.events import Event
from tests.delivery.expressions import Strict
from tests.delivery.workflow import Job


class Refused(Exception):
    """Raised for what fails a step: a command's exit code, or what GitHub or AWS would refuse."""

    def __init__(self, reason: str, outputs: dict[str, str] | None = None) -> None:
        super().__init__(reason)
        self.outputs = outputs or {}


@dataclass
class Running:
    """A job while it runs: what its steps share."""

    job: Job
    event: Event
    environment: str | None
    matrix: dict[str, Any]
    directory: Path
    env: dict[str, str] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)
    masks: set[str] = field(default_factory=set)
    steps: Strict = field(default_factory=Strict)
    assumed: str | None = None
    failed: bool = False

    @property
    def workspace(self) -> Path:
        """Where the job's commands run."""
        return self.directory / "workspace"

    def mask(self, text: str) -> str:
        """Hide what must not be in a log."""
        for secret in sorted(self.masks, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text


@dataclass(frozen=True)
class Finished:
    """How a command ended."""

    code: int
    output: str


class Machine(Protocol):
    """Where the steps of a job run."""

    def use(self, running: Running, uses: str, inputs: dict[str, Any]) -> dict[str, str]:
        """Stand in for an action; returns its outputs, raises Refused."""

    def shell(
        self, running: Running, command: list[str], script: str, env: dict[str, str]
    ) -> Finished:
        """Run a script."""


@dataclass
class Ended:
    """A job afterwards."""

    key: str
    result: str
    outputs: dict[str, str] = field(default_factory=dict)
    environment: str | None = None
    assumed: str | None = None
    failure: str = ""
    workspace: Path | None = None


@dataclass
class Run:
    """What a workflow did."""

    group: str
    jobs: dict[str, Ended] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    def results(self) -> dict[str, str]:
        """Return each job's result; a matrix's combinations are one each."""
        return {key: ended.result for key, ended in self.jobs.items()}
