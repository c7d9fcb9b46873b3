"""Move the alias that carries a function's traffic, each time on condition of what was read.

API: https://docs.aws.amazon.com/lambda/latest/api/API_UpdateAlias.html (RevisionId, RoutingConfig).
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Traffic:
    """Where an alias sends its invocations: one version, and shares of them to others."""

    version: str
    weights: dict[str, float]
    revision: str


class Alias:
    """One alias of one function."""

    def __init__(self, client: Any, function: str, name: str) -> None:
        self._lambda = client
        self._key = {"FunctionName": function, "Name": name}

    def read(self) -> Traffic:
        """Return where the alias points now."""
        answer = self._lambda.get_alias(**self._key)
        weights = answer.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
        return Traffic(answer["FunctionVersion"], dict(weights), answer["RevisionId"])

    def try_out(self, version: str, share: float, seen: Traffic) -> Traffic:
        """Send a share of the invocations (0 to 1) to a new version, the rest to the one seen."""
        return self._update(seen, seen.version, {version: share})

    def point(self, version: str, seen: Traffic) -> Traffic:
        """Send every invocation to one version."""
        return self._update(seen, version, {})

    def _update(self, seen: Traffic, version: str, weights: dict[str, float]) -> Traffic:
        # The revision makes this fail (PreconditionFailedException) when somebody moved the alias
        # in between.
        answer = self._lambda.update_alias(
            **self._key,
            FunctionVersion=version,
            RoutingConfig={"AdditionalVersionWeights": weights},
            RevisionId=seen.revision,
        )
        return Traffic(version, weights, answer["RevisionId"])
