"""Executes a workflow without GitHub: jobs in order, expressions, outputs, masks, real steps.

What runs a `run:` and what stands in for a `uses:` is a Machine (machine.py, rehearsal.py). The
runner is stricter than GitHub: what GitHub would quietly make empty is an error here.
"""

import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from tests.delivery.events import REPOSITORY, Event
from tests.delivery.expressions import Evaluator, ExpressionError, Strict, as_text
from tests.delivery.jobs import Ended, Machine, Refused, Run, Running
from tests.delivery.workflow import Job, Workflow, WorkflowError

# How GitHub starts a script where `shell:` is not given, and where it is.
SHELLS = {None: ["bash", "-e"], "bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail"]}


class Runner:
    """Runs one workflow for one event."""

    def __init__(
        self,
        text: str,
        machine: Machine,
        variables: Mapping[str, Mapping[str, str]],
        branches: Mapping[str, Callable[[Event], bool]],
        scratch: Path,
    ) -> None:
        self.workflow = Workflow(text)
        self.machine, self.variables, self.branches = machine, variables, branches
        self.scratch = scratch

    def run(self, event: Event) -> Run:
        """Run every job whose turn it is; raises WorkflowError for a workflow that is wrong."""
        evaluator = Evaluator({"github": Strict(event.github())})
        try:
            evaluator.text(self.workflow.body.get("run-name", ""))
            run = Run(evaluator.text(self.workflow.body["concurrency"]["group"]).strip())
            for job in self.workflow.in_order():
                for matrix in job.combinations():
                    self._job(run, job, matrix, event)
        except ExpressionError as error:
            raise WorkflowError(f"{error}") from error
        return run

    def _job(self, run: Run, job: Job, matrix: dict[str, Any], event: Event) -> None:
        key = " ".join([job.key, *map(str, matrix.values())])
        contexts = {
            "github": Strict(event.github()),
            "needs": Strict({need: self._need(run.jobs[need]) for need in job.needs}),
        }
        ancestors = [run.jobs[name].result for name in self.workflow.ancestors(job)]
        status: dict[str, Callable[[], bool]] = {
            "success": lambda: all(result == "success" for result in ancestors),
            "failure": lambda: "failure" in ancestors,
            "cancelled": lambda: False,
            "always": lambda: True,
        }
        if not Evaluator(contexts, status).condition(job.body.get("if", "success()")):
            run.jobs[key] = Ended(key, "skipped", dict.fromkeys(job.body.get("outputs", {}), ""))
            run.log.append(f"{key}: skipped")
            return
        contexts["matrix"] = Strict(matrix)
        running = self._begin(job, matrix, event, Evaluator(contexts))
        contexts["vars"] = Strict(self.variables.get(running.environment or "", {}))
        run.order.append(key)
        run.log.append(
            f"{key}: begins{f' in {running.environment}' if running.environment else ''}"
        )
        began, failure = time.monotonic(), ""
        for step in job.steps:
            failure = self._step(run, running, step, contexts) or failure
        run.jobs[key] = self._end(run, key, running, contexts, failure)
        seconds = time.monotonic() - began
        run.log.append(f"{key}: {run.jobs[key].result} ({seconds:.1f} s)")

    @staticmethod
    def _need(ended: Ended) -> Strict:
        return Strict({"result": ended.result, "outputs": Strict(ended.outputs)})

    def _begin(
        self, job: Job, matrix: dict[str, Any], event: Event, evaluator: Evaluator
    ) -> Running:
        environment = evaluator.text(job.body.get("environment"))
        evaluator.text(job.body.get("name", ""))
        if environment is not None:
            if environment not in self.branches:
                raise WorkflowError(f"{job.key} runs in {environment!r}, which is no environment")
            if not self.branches[environment](event):
                raise WorkflowError(f"{job.key}: {event.ref} may not deploy to {environment}")
        directory = Path(mkdtemp(prefix=f"{job.key}-", dir=self.scratch))
        (directory / "workspace").mkdir()
        return Running(job, event, environment, matrix, directory)

    def _step(
        self, run: Run, running: Running, step: dict[str, Any], contexts: dict[str, Any]
    ) -> str:
        """Run one step unless its turn has passed; returns why it failed."""
        status: dict[str, Callable[[], bool]] = {
            "success": lambda: not running.failed,
            "failure": lambda: running.failed,
            "cancelled": lambda: False,
            "always": lambda: True,
        }
        evaluator = Evaluator({**contexts, "steps": running.steps}, status, running.workspace)
        name = evaluator.text(step.get("name", step.get("uses", step.get("run"))))
        if not evaluator.condition(step.get("if", "success()")):
            return ""
        env = self._environment(running, step, contexts)
        outputs: dict[str, str]
        try:
            if "uses" in step:
                inputs = {key: evaluator.text(value) for key, value in step.get("with", {}).items()}
                outputs = Strict(self.machine.use(running, step["uses"], inputs))
            else:
                outputs = self._command(run, running, evaluator.text(step["run"]), step, env)
            failure = ""
        except Refused as error:
            # What it did not come to write is missing rightly: not strict.
            outputs, failure, running.failed = error.outputs, str(error), True
        if "id" in step:
            running.steps[step["id"]] = Strict(
                outputs=outputs, outcome="failure" if failure else "success"
            )
        run.log.append(f"  {running.job.key} / {name}: {running.mask(failure) or 'ok'}")
        return failure and f"{name}: {failure}"

    def _environment(
        self, running: Running, step: dict[str, Any], contexts: dict[str, Any]
    ) -> dict[str, str]:
        """Put a step's variables together: the workflow's, the job's, GITHUB_ENV's, its own."""
        early = Evaluator(contexts)
        late = Evaluator({**contexts, "steps": running.steps})
        written = {
            **{key: early.text(value) for key, value in self.workflow.body.get("env", {}).items()},
            **{key: early.text(value) for key, value in running.job.body.get("env", {}).items()},
            **running.env,
            **{key: late.text(value) for key, value in step.get("env", {}).items()},
        }
        return {key: as_text(value) for key, value in written.items()}

    def _command(
        self, run: Run, running: Running, script: str, step: dict[str, Any], env: dict[str, str]
    ) -> Strict:
        files = {name: running.directory / name for name in ("output", "env", "path", "summary")}
        for file in files.values():
            file.write_text("")
        event = running.event
        env |= {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_BASE_REF": event.base_ref,
            "GITHUB_EVENT_NAME": event.name,
            "GITHUB_REF": event.ref,
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_SHA": event.sha,
            "GITHUB_OUTPUT": str(files["output"]),
            "GITHUB_ENV": str(files["env"]),
            "GITHUB_PATH": str(files["path"]),
            "GITHUB_STEP_SUMMARY": str(files["summary"]),
            "RUNNER_TEMP": str(running.directory),
        }
        done = self.machine.shell(running, SHELLS[step.get("shell")], script, env)
        running.masks |= set(re.findall(r"^::add-mask::(.+)$", done.output, re.M))
        running.env |= pairs(files["env"].read_text())
        running.path += files["path"].read_text().split()
        run.log += [f"      {line}" for line in running.mask(done.output).splitlines()]
        outputs = pairs(files["output"].read_text())
        if done.code:
            raise Refused(f"exit code {done.code}", outputs)
        return Strict(outputs)

    def _end(
        self, run: Run, key: str, running: Running, contexts: dict[str, Any], failure: str
    ) -> Ended:
        # Steps that were not reached have no outputs, and rightly: plain dictionaries admit that.
        steps = dict(running.steps) if running.failed else running.steps
        evaluator = Evaluator({**contexts, "steps": steps})
        outputs = {}
        for name, template in running.job.body.get("outputs", {}).items():
            value = as_text(evaluator.text(template))
            # GitHub: "Skip output '...' since it may contain secret."
            if value != running.mask(value):
                run.log.append(f"  {key}: output {name} is dropped, it holds a masked value")
                value = ""
            outputs[name] = value
        result = "failure" if running.failed else "success"
        return Ended(
            key, result, outputs, running.environment, running.assumed, failure, running.workspace
        )


def pairs(text: str) -> dict[str, str]:
    """Parse GITHUB_OUTPUT or GITHUB_ENV: `name=value` lines and `name<<END` blocks."""
    found: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        if match := re.fullmatch(r"([A-Za-z_][\w-]*)<<(\S+)", line):
            block = []
            for inner in lines:
                if inner == match[2]:
                    break
                block.append(inner)
            else:
                raise WorkflowError(f"the value of {match[1]} has no end")
            found[match[1]] = "\n".join(block)
        elif "=" in line:
            name, value = line.split("=", 1)
            found[name] = value
        elif line:
            raise WorkflowError(f"{line!r} is no output")
    return found
