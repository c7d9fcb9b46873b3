"""Plan, judge and apply one Terraform root: `python3 -m ci.phase base` (or `service`).

Phase 1 is base, phase 3 is service. Reads STAGE, STATE_BUCKET and AWS_REGION; phase 3 also
IMAGE_DIGEST (of phase 2) and SERVICE_VERSION.
"""

import json
import sys
from typing import Any

from ci import github, plan, terraform

# What later jobs need, by name; everything else stays in the state.
PUBLISHED = {
    "base": ("ecr_repository_name",),
    "service": (
        "api_endpoint",
        "api_id",
        "function_name",
        "function_version",
        "alias_name",
        "alarm_names",
    ),
}


def write_service_inputs() -> dict[str, Any]:
    """Hand the service root what it takes from base (initialised); returns outputs of base."""
    base = terraform.outputs("base")
    (terraform.INFRA / "service" / "base.auto.tfvars.json").write_text(
        json.dumps(base["service_inputs"])
    )
    return base


def service_variables(stage: str) -> list[str]:
    """Name the image of phase 2 and the version.

    The image's address holds the account number, which the runner masks and drops from job outputs:
    it is put together here, from the base root's state and the digest.
    """
    digest = github.setting("IMAGE_DIGEST")
    terraform.init("base", stage)
    base = write_service_inputs()
    return [
        f"-var=image_uri={base['ecr_repository_url']}@{digest}",
        f"-var=service_version={github.setting('SERVICE_VERSION')}",
    ]


def deploy(root: str, stage: str) -> None:
    """Apply a root unless its plan destroys something that is in use."""
    variables = service_variables(stage) if root == "service" else []
    terraform.init(root, stage)
    _, document = terraform.plan(root, stage, *variables)
    touched = plan.changes(document)
    github.summary(plan.table(f"infra/{root} on {stage}", touched))
    if refused := plan.forbidden(touched):
        names = ", ".join(f"{change.address} ({change.verb})" for change in refused)
        github.fail(f"The plan would destroy what is in use: {names} (docs/deploying.md).")
        raise SystemExit(1)
    terraform.apply(root)
    publish(root)


def publish(root: str) -> None:
    """Write the outputs that other jobs read."""
    values = terraform.outputs(root)
    for name in PUBLISHED[root]:
        value = values[name]
        github.output(name, value if isinstance(value, str) else json.dumps(value))


def main(arguments: list[str]) -> None:
    """Read the root's name and deploy it."""
    if arguments not in (["base"], ["service"]):
        raise SystemExit("usage: python3 -m ci.phase base|service")
    deploy(arguments[0], github.setting("STAGE"))


if __name__ == "__main__":
    main(sys.argv[1:])
