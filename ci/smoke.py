"""Ask a stage that was just released whether it works: `python3 -m ci.smoke`.

Reads API_ENDPOINT, API_ID and SERVICE_VERSION. Every request is a GET that changes nothing, so it
may be sent to prod.
"""

import time
import urllib.error
from collections.abc import Callable

from ci import github
from ci.stage_api import Answer, get

ATTEMPTS = 6
PAUSE_SECONDS = 2.0

Check = Callable[[], str | None]


def is_released() -> str | None:
    """The health check answers as the version of this run."""
    answer = get("/v1/health")
    if answer.status != 200:
        return f"/v1/health answers {answer.status}"
    version, expected = answer.json().get("version"), github.setting("SERVICE_VERSION")
    return None if version == expected else f"/v1/health is version {version!r}, not {expected!r}"


def is_ready() -> str | None:
    """Cognito and DynamoDB are reached with the function's own role."""
    answer = get("/v1/health/ready")
    return None if answer.status == 200 else f"/v1/health/ready answers {answer.status}"


def refuses_strangers() -> str | None:
    """A protected operation without a token is 401, with the challenge and a problem document."""
    answer = get("/v1/users/profile")
    if "WWW-Authenticate" not in answer.headers:
        return f"/v1/users/profile answers {answer.status} without WWW-Authenticate"
    return problem(answer, 401)


def knows_its_paths() -> str | None:
    """A path that the contract does not have is 404."""
    return problem(get("/v1/no-such-path"), 404)


def problem(answer: Answer, status: int) -> str | None:
    """Compare an answer with RFC 9457."""
    if answer.status != status or answer.media_type != "application/problem+json":
        return f"{answer.status} {answer.media_type} instead of {status} application/problem+json"
    return (
        None
        if answer.json().get("status") == status
        else "the problem's status differs from the answer's"
    )


CHECKS: tuple[Check, ...] = (is_released, is_ready, refuses_strangers, knows_its_paths)


def attempt(check: Check) -> str | None:
    """Run a check until it passes; not every front end sees a moved alias in the same second."""
    fault: str | None = None
    for left in reversed(range(ATTEMPTS)):
        try:
            fault = check()
        except (urllib.error.URLError, TimeoutError, ValueError) as error:
            fault = f"{type(error).__name__}: {error}"
        if fault is None:
            return None
        if left:
            time.sleep(PAUSE_SECONDS)
    return fault


def main() -> None:
    """Run every check, show them all, and exit 1 if one failed."""
    results = [(check.__name__.replace("_", " "), attempt(check)) for check in CHECKS]
    rows = "\n".join(f"| {name} | {fault or 'yes'} |" for name, fault in results)
    github.summary(f"| the stage ... | |\n|---|---|\n{rows}")
    if faults := [f"{name}: {fault}" for name, fault in results if fault]:
        github.fail("Smoke test: " + "; ".join(faults))
        raise SystemExit(1)


if __name__ == "__main__":
    main()
