"""The runner behaves as GitHub's: files of a step, shells, masks, matrices, results."""

from pathlib import Path
from textwrap import dedent, indent

import pytest

from tests.delivery.events import pull_request, push
from tests.delivery.handlers import healthy
from tests.delivery.jobs import Run
from tests.delivery.machine import BRANCHES, VARIABLES
from tests.delivery.real import RealMachine
from tests.delivery.runner import Runner, pairs
from tests.delivery.workflow import WorkflowError

HEAD = """\
name: small
on: push
permissions: {}
concurrency: {group: "g-${{ github.ref }}", cancel-in-progress: false}
jobs:
"""


def run(jobs: str, scratch: Path) -> Run:
    """Run a workflow of a few jobs for a push."""
    text = HEAD + indent(dedent(jobs), "  ")
    machine = RealMachine(scratch, healthy, {})
    return Runner(text, machine, VARIABLES, BRANCHES, scratch).run(push())


def test_a_step_passes_values_on_through_its_files(tmp_path: Path) -> None:
    """Outputs reach later steps and jobs, GITHUB_ENV the later steps alone."""
    done = run(
        """
        first:
          runs-on: x
          outputs: {word: "${{ steps.say.outputs.word }}", lines: "${{ steps.say.outputs.lines }}"}
          steps:
            - id: say
              run: |
                echo word=hello >> "$GITHUB_OUTPUT"
                printf 'lines<<END\\n1\\n2=3\\nEND\\n' >> "$GITHUB_OUTPUT"
                echo LATER=yes >> "$GITHUB_ENV"
            - run: test "$LATER" = yes
        second:
          needs: first
          runs-on: x
          steps:
            - run: test "$WORD$LATER $YES" = "hello true"
              env: {WORD: "${{ needs.first.outputs.word }}", YES: "${{ 1 == 1 }}"}
        """,
        tmp_path,
    )

    assert done.results() == {"first": "success", "second": "success"}
    assert done.jobs["first"].outputs == {"word": "hello", "lines": "1\n2=3"}
    assert done.group == "g-refs/heads/main"


def test_an_output_with_a_masked_value_is_dropped(tmp_path: Path) -> None:
    """As on GitHub, where the job that needs it finds an empty string."""
    done = run(
        """
        first:
          runs-on: x
          outputs: {address: "${{ steps.say.outputs.address }}"}
          steps:
            - id: say
              run: |
                echo "::add-mask::4242"
                echo "address=host-4242" >> "$GITHUB_OUTPUT"
                echo "this is 4242"
        """,
        tmp_path,
    )

    assert done.jobs["first"].outputs == {"address": ""}
    assert "  first: output address is dropped, it holds a masked value" in done.log
    assert "      this is ***" in done.log


@pytest.mark.parametrize(
    ("shell", "script", "result"),
    [
        ("", "false; true", "failure"),
        ("", "false | true", "success"),
        ("shell: bash", "false | true", "failure"),
    ],
)
def test_a_script_stops_at_the_first_failure(
    shell: str, script: str, result: str, tmp_path: Path
) -> None:
    """Without `shell:` a pipe hides one; GitHub sets pipefail only where bash is named."""
    done = run(
        f"""
        only:
          runs-on: x
          steps:
            - run: "{script}"
              {shell}
        """,
        tmp_path,
    )

    assert done.results() == {"only": result}


def test_a_failed_job_keeps_what_it_wrote_and_skips_what_needs_it(tmp_path: Path) -> None:
    """Only what says always() runs, and it reads the outputs of the failed job."""
    done = run(
        """
        first:
          runs-on: x
          outputs: {version: "${{ steps.say.outputs.version }}", other: "${{ steps.no.outputs.o }}"}
          steps:
            - id: say
              run: echo version=7 >> "$GITHUB_OUTPUT"; false
            - id: no
              run: echo never
        second:
          needs: first
          runs-on: x
          steps:
            - run: echo never
        third:
          needs: [first, second]
          if: always() && needs.first.result == 'failure'
          runs-on: x
          steps:
            - run: test "$VERSION" = 7
              env: {VERSION: "${{ needs.first.outputs.version }}"}
        fourth:
          needs: third
          runs-on: x
          steps:
            - run: echo never
        """,
        tmp_path,
    )

    assert list(done.results().values()) == ["failure", "skipped", "success", "skipped"]
    assert not [line for line in done.log if "never" in line]


def test_a_matrix_runs_once_for_each_combination(tmp_path: Path) -> None:
    """Each is a job of its own."""
    done = run(
        """
        each:
          runs-on: x
          strategy: {matrix: {stage: [dev, prod], colour: [red]}}
          steps:
            - run: echo ${{ matrix.stage }} ${{ matrix.colour }}
        """,
        tmp_path,
    )

    assert done.order == ["each dev red", "each prod red"]
    assert "      prod red" in done.log


def test_nothing_of_the_caller_reaches_a_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No credentials, and without their setup actions no Terraform and no files."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of-a-developer")

    done = run(
        """
        only:
          runs-on: x
          steps:
            - run: test -z "$AWS_ACCESS_KEY_ID" && ! command -v terraform && test ! -e ci
        """,
        tmp_path,
    )

    assert done.results() == {"only": "success"}


@pytest.mark.parametrize(
    ("jobs", "reason"),
    [
        ("a: {runs-on: x, steps: [{run: x, uses: y}]}", "exactly one of run and uses"),
        ("a: {runs-on: x, continue-on-error: true, steps: []}", "continue-on-error"),
        ("a: {runs-on: x, steps: [{run: x, working-directory: y}]}", "working-directory"),
        ("a: {runs-on: x, environment: staging, steps: []}", "which is no environment"),
        ("a: {runs-on: x, if: needs.b.result, steps: []}", "needs has no 'b'"),
        ("a: {runs-on: x, if: secrets.KEY, steps: []}", "no context 'secrets'"),
        ("a: {runs-on: x, runs-on: y, steps: []}", "written twice"),
    ],
)
def test_a_workflow_that_is_wrong_in_itself_is_refused(
    jobs: str, reason: str, tmp_path: Path
) -> None:
    """What the runner does not know it does not ignore."""
    with pytest.raises(WorkflowError, match=reason):
        run(jobs, tmp_path)


def test_a_pull_request_may_not_enter_prod(tmp_path: Path) -> None:
    """The environment's branch policy says so, whatever the workflow says."""
    text = HEAD + "  a: {runs-on: x, environment: prod, steps: []}\n"
    machine = RealMachine(tmp_path, healthy, {})

    with pytest.raises(WorkflowError, match="may not deploy to prod"):
        Runner(text, machine, VARIABLES, BRANCHES, tmp_path).run(pull_request())


@pytest.mark.parametrize("text", ["a<<END\n1\n", "no output at all"])
def test_a_broken_output_file_is_refused(text: str) -> None:
    """GitHub fails the step."""
    with pytest.raises(WorkflowError):
        pairs(text)
