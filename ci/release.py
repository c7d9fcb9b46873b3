"""Give a new version its traffic, or leave the old one alone: `.venv/bin/python -m ci.release`.

wait for it -> keep its image -> invoke that version -> in prod a share of the traffic while the
alarms are watched -> all of it.

Reads STAGE, AWS_REGION, FUNCTION_NAME, FUNCTION_VERSION, ALIAS_NAME, ALARM_NAMES (JSON),
SERVICE_VERSION, IMAGE_DIGEST, REPOSITORY_NAME, RELEASE_TAG, TRIAL_SECONDS. Writes
`previous_version`.
"""

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ci import aws, github
from ci.alias import Alias, Traffic

HEALTH_EVENT = Path(__file__).parent / "events" / "health.json"
TRIAL_SHARE = 0.1
POLL_SECONDS = 10.0
WAITER = {"Delay": 2, "MaxAttempts": 150}


class ReleaseFailed(Exception):
    """Raised when a version must not have the traffic; the message says why, for the run's page."""


@dataclass(frozen=True)
class Release:
    """What a release is told by the phases before it."""

    function: str
    alias: str
    version: str
    service_version: str
    alarms: tuple[str, ...]
    trial_seconds: float


def settle(client: Any, release: Release) -> None:
    """Wait until the version that Terraform published can be invoked, and make sure it is current.

    Raises ReleaseFailed when the function's code is not the version's: then somebody changed the
    function after this run's apply, and what would be released is not what was tested.
    """
    client.get_waiter("function_updated_v2").wait(
        FunctionName=release.function, WaiterConfig=WAITER
    )
    client.get_waiter("published_version_active").wait(
        FunctionName=release.function, Qualifier=release.version, WaiterConfig=WAITER
    )
    version = client.get_function_configuration(
        FunctionName=release.function, Qualifier=release.version
    )
    latest = client.get_function_configuration(FunctionName=release.function)
    if version["CodeSha256"] != latest["CodeSha256"]:
        raise ReleaseFailed(f"The function was changed after version {release.version}.")


def keep_image(client: Any, repository: str, digest: str, tag: str) -> None:
    """Tag the digest as released: the repository's lifecycle policy never expires such an image.

    Without it the image behind the alias expires one day, and the function fails when Lambda next
    needs it.
    """
    found = client.batch_get_image(
        repositoryName=repository,
        imageIds=[{"imageDigest": digest}],
        acceptedMediaTypes=[
            "application/vnd.docker.distribution.manifest.v2+json",
            "application/vnd.oci.image.manifest.v1+json",
        ],
    )["images"]
    if not found:
        raise ReleaseFailed(f"{repository} has no image {digest} of a kind that Lambda can run.")
    image = found[0]
    try:
        client.put_image(
            repositoryName=repository,
            imageManifest=image["imageManifest"],
            imageManifestMediaType=image["imageManifestMediaType"],
            imageTag=tag,
        )
    except client.exceptions.ImageAlreadyExistsException:
        print(f"{tag} is on the image already.")


def invoke(client: Any, release: Release) -> None:
    """Send the recorded health event to the new version; raises ReleaseFailed on a wrong answer."""
    answer = client.invoke(
        FunctionName=release.function, Qualifier=release.version, Payload=HEALTH_EVENT.read_bytes()
    )
    payload = answer["Payload"].read()
    if "FunctionError" in answer:
        raise ReleaseFailed(
            f"Version {release.version} failed on the health event: {answer['FunctionError']}."
        )
    response = json.loads(payload)
    if response.get("statusCode") != 200:
        raise ReleaseFailed(
            f"Version {release.version} answers the health event {response.get('statusCode')}."
        )
    body = json.loads(response["body"])
    if body.get("version") != release.service_version:
        raise ReleaseFailed(f"Version {release.version} says that it is {body.get('version')!r}.")


def firing(client: Any, names: tuple[str, ...]) -> list[str]:
    """List which alarms are in ALARM; raises ReleaseFailed when one of them does not exist."""
    found: dict[str, str] = {}
    # DescribeAlarms takes at most a hundred names.
    for start in range(0, len(names), 100):
        answer = client.describe_alarms(
            AlarmNames=list(names[start : start + 100]), AlarmTypes=["MetricAlarm"]
        )
        found |= {alarm["AlarmName"]: alarm["StateValue"] for alarm in answer["MetricAlarms"]}
    if missing := sorted(set(names) - set(found)):
        raise ReleaseFailed(f"No such alarm: {', '.join(missing)}.")
    return sorted(name for name, state in found.items() if state == "ALARM")


def watch(client: Any, release: Release, known: list[str]) -> None:
    """Watch the alarms during the trial; raises ReleaseFailed as soon as one fires anew."""
    left = release.trial_seconds
    while True:
        if names := [name for name in firing(client, release.alarms) if name not in known]:
            raise ReleaseFailed(
                f"In ALARM while version {release.version} was tried: {', '.join(names)}."
            )
        if left <= 0:
            return
        step = min(POLL_SECONDS, left)
        time.sleep(step)
        left -= step


def shift(alias: Alias, cloudwatch: Any, release: Release, before: Traffic) -> Traffic:
    """Move the traffic, through a trial if one is asked for; on an alarm all of it goes back."""
    if before.version == release.version or not release.trial_seconds:
        return alias.point(release.version, before)
    # An alarm that fires already says nothing about the new version, which may well be its cure.
    if known := firing(cloudwatch, release.alarms):
        github.summary(f"In ALARM before the release began, and ignored by it: {', '.join(known)}.")
    trial = alias.try_out(release.version, TRIAL_SHARE, before)
    try:
        watch(cloudwatch, release, known)
    except BaseException:
        # Not only an alarm: a network failure or a cancelled run must not leave the trial open
        # either.
        alias.point(before.version, trial)
        raise
    return alias.point(release.version, trial)


def read_release() -> Release:
    """Read what the earlier jobs passed on."""
    trial = float(os.environ.get("TRIAL_SECONDS") or 0)
    return Release(
        function=github.setting("FUNCTION_NAME"),
        alias=github.setting("ALIAS_NAME"),
        version=github.setting("FUNCTION_VERSION"),
        service_version=github.setting("SERVICE_VERSION"),
        alarms=tuple(json.loads(github.setting("ALARM_NAMES"))),
        trial_seconds=trial if github.setting("STAGE") == "prod" else 0.0,
    )


def carry_out(release: Release, functions: Any, images: Any, cloudwatch: Any) -> Traffic:
    """Release, step by step; returns where the alias points afterwards."""
    alias = Alias(functions, release.function, release.alias)
    before = alias.read()
    # Written first: the rollback job needs it even if this job dies in the middle.
    github.output("previous_version", before.version)
    settle(functions, release)
    keep_image(
        images,
        github.setting("REPOSITORY_NAME"),
        github.setting("IMAGE_DIGEST"),
        github.setting("RELEASE_TAG"),
    )
    invoke(functions, release)
    after = shift(alias, cloudwatch, release, before)
    trial = f"{release.trial_seconds:g} s at {TRIAL_SHARE:.0%}" if release.trial_seconds else "none"
    moved = f"{before.version} -> {after.version}"
    github.summary(f"`{release.alias}` of `{release.function}`: {moved} (trial: {trial}).")
    return after


def main() -> None:
    """Release, or end with exit code 1 and the traffic where it was."""
    try:
        carry_out(read_release(), aws.client("lambda"), aws.client("ecr"), aws.client("cloudwatch"))
    except ReleaseFailed as error:
        github.fail(str(error))
        raise SystemExit(1) from error


if __name__ == "__main__":
    main()
