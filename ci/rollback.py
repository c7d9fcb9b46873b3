"""Send all traffic back to the version before this run's: `.venv/bin/python -m ci.rollback`.

Reads AWS_REGION, FUNCTION_NAME, ALIAS_NAME, PREVIOUS_VERSION. Terraform's view is the bad version
afterwards, and stays so: the alias is not Terraform's to move. The way on is the next deployment
(docs/deploying.md, rolling back).
"""

import os

from ci import aws, github
from ci.alias import Alias


def roll_back(alias: Alias, previous: str) -> str:
    """Point the alias at the previous version; returns what was done, for the run's page."""
    now = alias.read()
    if not previous:
        return "The release had not begun: nothing to roll back."
    if now.version == previous and not now.weights:
        return f"The alias is on version {previous}, as before this run: nothing to roll back."
    alias.point(previous, now)
    trial = " with a trial" if now.weights else ""
    return f"The alias was on version {now.version}{trial} and is back on {previous}."


def main() -> None:
    """Roll back and say what happened."""
    alias = Alias(
        aws.client("lambda"), github.setting("FUNCTION_NAME"), github.setting("ALIAS_NAME")
    )
    github.summary(roll_back(alias, os.environ.get("PREVIOUS_VERSION", "")))


if __name__ == "__main__":
    main()
