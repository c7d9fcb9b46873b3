"""Read a Terraform plan and refuse one that destroys what a deployment has no business destroying.

The earlier system destroyed its function, role, logs and routes at every deployment. Here a plan
may only delete or replace resources that hold nothing and serve nothing by themselves; anything
else stops the run before it is applied. Format:
https://developer.hashicorp.com/terraform/internals/json-format#plan-representation
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# A throttled route disappears with its operation in the contract; alarms and panels are only
# descriptions.
REPLACEABLE = frozenset(
    {
        "aws_apigatewayv2_route",
        "aws_cloudwatch_dashboard",
        "aws_cloudwatch_log_metric_filter",
        "aws_cloudwatch_metric_alarm",
    }
)
VERBS = {
    ("create",): "create",
    ("update",): "update",
    ("delete",): "destroy",
    ("delete", "create"): "replace",
    ("create", "delete"): "replace",
    ("forget",): "forget",
}


@dataclass(frozen=True)
class Change:
    """One resource that a plan touches."""

    address: str
    type: str
    verb: str

    @property
    def destroys(self) -> bool:
        """Whether the resource that exists now is gone, or unknown to Terraform, afterwards."""
        return self.verb in {"destroy", "replace", "forget"}


def changes(plan: dict[str, Any]) -> list[Change]:
    """List what a plan touches, in its own order."""
    return list(_changes(plan))


def _changes(plan: dict[str, Any]) -> Iterator[Change]:
    for resource in plan.get("resource_changes", []):
        actions = tuple(resource["change"]["actions"])
        if actions in {("no-op",), ("read",)}:
            continue
        # A combination that this table does not know counts as the worst one.
        verb = VERBS.get(actions, "destroy")
        yield Change(resource["address"], resource["type"], verb)


def forbidden(touched: list[Change]) -> list[Change]:
    """List the changes for which a run must stop before anything is applied."""
    return [change for change in touched if change.destroys and change.type not in REPLACEABLE]


def table(title: str, touched: list[Change]) -> str:
    """Show changes as a table for the run's page."""
    if not touched:
        return f"**{title}**: no changes."
    counts = {
        verb: sum(change.verb == verb for change in touched)
        for verb in sorted({c.verb for c in touched})
    }
    rows = "\n".join(f"| {change.verb} | `{change.address}` |" for change in touched)
    total = ", ".join(f"{count} to {verb}" for verb, count in counts.items())
    return f"**{title}**: {total}.\n\n| action | resource |\n|---|---|\n{rows}"
