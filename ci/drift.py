"""Compare a stage with what its Terraform says: `python3 -m ci.drift`, started by the schedule.

Reads STAGE, STATE_BUCKET and AWS_REGION. Fails when somebody changed the stage by hand, or when a
merge was never applied. The image and version that run now are taken from the state, so that only
the rest is compared; no lock is taken, so that a deployment never waits for a comparison.
"""

from collections.abc import Iterator
from typing import Any

from ci import github, phase, plan, terraform


def resources(module: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Walk the resources of a state, those of child modules too."""
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from resources(child)


def running(stage: str) -> list[str]:
    """Name the image and version that the stage runs, as variables of the service root."""
    root = terraform.state("service").get("values", {}).get("root_module", {})
    for resource in resources(root):
        values = resource["values"]
        if (
            resource["type"] == "aws_lambda_function"
            and values["function_name"] == f"api-handler-{stage}"
        ):
            version = values["environment"][0]["variables"]["SERVICE_VERSION"]
            image = [f"-var=image_uri={values['image_uri']}"] if values.get("image_uri") else []
            return [*image, f"-var=service_version={version}"]
    raise SystemExit(f"{stage} has no function yet: there is nothing to compare.")


def drift(root: str, stage: str) -> list[plan.Change]:
    """List what an apply of this commit would change in a root."""
    terraform.init(root, stage)
    variables = running(stage) if root == "service" else []
    _, document = terraform.plan(root, stage, *variables, options=("-lock=false",))
    touched = plan.changes(document)
    github.summary(plan.table(f"drift of infra/{root} on {stage}", touched))
    return touched


def main() -> None:
    """Compare both roots; exits 1 when either differs."""
    stage = github.setting("STAGE")
    base = drift("base", stage)
    phase.write_service_inputs()
    service = drift("service", stage)
    if base or service:
        places = len(base) + len(service)
        github.fail(f"{stage} differs from its Terraform in {places} places (docs/runbook.md).")
        raise SystemExit(1)


if __name__ == "__main__":
    main()
