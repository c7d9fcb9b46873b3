"""The events that start the workflow, as GitHub describes them to it."""

from dataclasses import dataclass, field
from typing import Any

REPOSITORY = "acme/lifestyle-api"


@dataclass(frozen=True)
class Event:
    """What happened, and where."""

    name: str
    ref: str
    sha: str
    payload: dict[str, Any] = field(default_factory=dict)
    base_ref: str = ""
    head_ref: str = ""
    run_id: int = 4711

    @property
    def from_fork(self) -> bool:
        """Whether GitHub gives this run neither secrets nor an OIDC token."""
        request = self.payload.get("pull_request")
        return request is not None and request["head"]["repo"]["full_name"] != REPOSITORY

    def github(self) -> dict[str, Any]:
        """Return the `github` context."""
        return {
            "actor": "somebody",
            "base_ref": self.base_ref,
            "event": self.payload,
            "event_name": self.name,
            "head_ref": self.head_ref,
            "ref": self.ref,
            "repository": REPOSITORY,
            "run_attempt": "1",
            "run_id": str(self.run_id),
            "sha": self.sha,
            "workflow": "backend-deploy",
        }


def pull_request(
    sha: str = "a" * 40,
    *,
    repository: str = REPOSITORY,
    login: str = "somebody",
    run_id: int = 4711,
) -> Event:
    """Somebody opened or pushed to a pull request to main; `sha` is the merge commit's."""
    request = {"number": 7, "head": {"repo": {"full_name": repository}}, "user": {"login": login}}
    return Event(
        "pull_request",
        "refs/pull/7/merge",
        sha,
        {"pull_request": request},
        "main",
        "feature",
        run_id,
    )


def push(sha: str = "b" * 40, *, run_id: int = 4712) -> Event:
    """A pull request was merged to main."""
    return Event("push", "refs/heads/main", sha, run_id=run_id)


def schedule() -> Event:
    """It is seventeen minutes past five."""
    return Event("schedule", "refs/heads/main", "c" * 40, {"schedule": "17 5 * * *"}, run_id=4713)
