"""Every protection of the deployment workflow is taken away once, and somebody notices."""

from dataclasses import dataclass

import pytest

from tests.delivery.rehearse import DEPLOY, verdict


@dataclass(frozen=True)
class Mutant:
    """A change of the workflow's text: `old` becomes `new`, once or everywhere."""

    name: str
    old: str
    new: str
    reason: str
    every: bool = False

    def __str__(self) -> str:
        return self.name


MUTANTS = [
    Mutant(
        "missing id-token",
        "      id-token: write # to assume the stage's role\n",
        "",
        "base has permissions",
    ),
    Mutant(
        "permissions widened for all",
        "permissions: {}",
        "permissions: write-all",
        "grants permissions to every job",
    ),
    Mutant(
        "permissions widened for one job",
        "      id-token: write # to assume the stage's role\n",
        "      id-token: write # to assume the stage's role\n      packages: write\n",
        "'packages': 'write'",
    ),
    Mutant(
        "action by tag",
        "aws-actions/configure-aws-credentials@e1253824e5c10ff9df46874f81ed3ec929e19cfd # v6.3.0",
        "aws-actions/configure-aws-credentials@v6",
        "not pinned",
    ),
    Mutant("action at another commit", "@e1253824e5c1", "@e1253824e5c2", "another commit"),
    Mutant(
        "unknown action",
        "docker/setup-buildx-action@",
        "docker/setup-buildx-actions@",
        "unknown action",
    ),
    Mutant(
        "input that the action does not have",
        "role-to-assume:",
        "role-to-assume-arn:",
        "has no input",
    ),
    Mutant("provenance on", "provenance: false", "provenance: true", "provenance is True"),
    Mutant(
        "provenance left to its default",
        "          provenance: false\n",
        "",
        "needs ['provenance']",
    ),
    Mutant("sbom on", "sbom: false", "sbom: true", "sbom is True"),
    Mutant(
        "built for two platforms",
        "platforms: linux/arm64",
        "platforms: linux/amd64,linux/arm64",
        "platforms is",
    ),
    Mutant("built under emulation", "ubuntu-24.04-arm", "ubuntu-24.04", "is emulated"),
    Mutant("missing timeout", "    timeout-minutes: 45\n", "", "has timeout None"),
    Mutant(
        "cancel in progress",
        "cancel-in-progress: false",
        "cancel-in-progress: true",
        "cuts a deployment off",
    ),
    Mutant(
        "one concurrency group for both stages",
        "'prod'\n    || github",
        "'dev'\n    || github",
        "concurrency group is",
    ),
    Mutant(
        "phase order swapped",
        "needs: [gate, base, image]",
        "needs: [gate, base]",
        "needs has no 'image'",
    ),
    Mutant(
        "needs of a job that is not there",
        "needs: [gate, base]",
        "needs: [gate, bases]",
        "which is no job",
    ),
    Mutant(
        "circular needs", "    needs: gate\n", "    needs: [gate, release]\n", "wait for each other"
    ),
    Mutant(
        "gate does not wait for the checks",
        "    needs: checks\n",
        "",
        "checks fail: gate is success",
    ),
    Mutant(
        "fork guard removed",
        "(github.event.pull_request.head.repo.full_name == github.repository\n      && github",
        "(github",
        "fork: gate is success",
    ),
    Mutant(
        "bot guard removed",
        "\n      && github.event.pull_request.user.login != 'dependabot[bot]')",
        ")",
        "bot: gate is success",
    ),
    Mutant(
        "approval removed", "'prod-approval' || 'dev'", "'prod' || 'dev'", "the gate is in prod"
    ),
    Mutant(
        "pull request deploys prod",
        "STAGE: ${{ needs.gate.outputs.stage }}",
        "STAGE: prod",
        "is not a tag in the registry of dev",
    ),
    Mutant(
        "role of another stage",
        "environment: ${{ needs.gate.outputs.stage }}",
        "environment: prod",
        "may not deploy to prod",
    ),
    Mutant(
        "rollback does not always run",
        "if: always() && needs.service",
        "if: needs.service",
        "rollback is skipped",
    ),
    Mutant(
        "rollback without a condition",
        " && needs.smoke.result != 'success'",
        "",
        "PR -> dev: rollback is success",
    ),
    Mutant(
        "rollback after a failed smoke test only",
        "smoke.result != 'success'",
        "smoke.result == 'failure'",
        "release fails: rollback is skipped",
    ),
    Mutant(
        "rollback not told the version",
        "          PREVIOUS_VERSION: ${{ needs.release.outputs.previous_version }}\n",
        "",
        "rollback is failure",
    ),
    Mutant(
        "output misspelt",
        "steps.build.outputs.digest }}\n    steps",
        "steps.build.outputs.digst }}\n    steps",
        "no 'digst'",
    ),
    Mutant(
        "account number in an output",
        "repository: ${{ steps.phase.outputs.ecr_repository_name }}",
        "repository: 000000000000/${{ steps.phase.outputs.ecr_repository_name }}",
        "/:run-4711-1 is not a tag",
    ),
    Mutant(
        "path filter that names nothing",
        "      - openapi.yaml\n",
        "      - api/openapi.yaml\n",
        "names nothing",
        every=True,
    ),
    Mutant("path filters differ", "      - infra/**\n", "", "different paths"),
    Mutant(
        "other branches deploy",
        "branches: [main]",
        "branches: [main, develop]",
        "push of",
        every=True,
    ),
    Mutant(
        "secret in the environment",
        "STATE_BUCKET: ${{ vars.",
        "STATE_BUCKET: ${{ secrets.",
        "stored secret",
    ),
    Mutant(
        "stored keys",
        "          mask-aws-account-id: true\n",
        "          mask-aws-account-id: true\n          aws-access-key-id: AKIA\n",
        "stored key",
    ),
    Mutant(
        "account number not masked",
        "mask-aws-account-id: true",
        "mask-aws-account-id: false",
        "mask-aws-account-id is False",
    ),
    Mutant(
        "token left in the checkout",
        "persist-credentials: false",
        "persist-credentials: true",
        "persist-credentials is True",
    ),
    Mutant(
        "terraform in its wrapper",
        "terraform_wrapper: false",
        "terraform_wrapper: true",
        "terraform_wrapper is True",
    ),
    Mutant(
        "a script in the workflow",
        "run: python3 -m ci.smoke",
        "run: curl -f $API_ENDPOINT || true",
        "not one command",
    ),
    Mutant(
        "a command that is not there",
        "run: ci/checks.sh",
        "run: ci/check.sh",
        "there is no ci/check.sh",
    ),
    Mutant(
        "steps out of order",
        "        run: ci/install.sh\n",
        "        run: ci/checks.sh\n",
        "image is failure",
    ),
    Mutant(
        "drift of one stage only", "stage: [dev, prod]", "stage: [dev]", "drift prod is missing"
    ),
    Mutant(
        "drift on every push",
        "if: github.event_name == 'schedule'",
        "if: github.event_name != 'x'",
        "may not deploy to prod",
    ),
]


def test_the_workflow_itself_has_no_fault() -> None:
    """Nothing below means anything if the original is refused too."""
    assert verdict(DEPLOY.read_text()) is None


@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_a_mutant_is_rejected(mutant: Mutant) -> None:
    """The change applies to the text, and the rules or a rehearsal say what is wrong with it."""
    text = DEPLOY.read_text()
    assert mutant.old in text, "the mutant is out of date"
    mutated = text.replace(mutant.old, mutant.new, -1 if mutant.every else 1)

    found = verdict(mutated)

    print(f"{mutant.name:42} {found}")
    assert found is not None
    assert mutant.reason in found
