"""Stand-ins for the actions of the workflows: each knows its commit, inputs and permissions.

An action, a commit or an input that is not here fails the step, as does a missing permission. The
effects on the machine are the Machine's own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.delivery.jobs import Refused, Running

Effect = Callable[[Running, dict[str, Any]], dict[str, str]]


@dataclass(frozen=True)
class Action:
    """What is known of an action at one commit."""

    commit: str
    version: str
    inputs: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    fixed: Mapping[str, Any] = field(default_factory=dict)
    permissions: Mapping[str, str] = field(default_factory=dict)


def _inputs(*names: str) -> frozenset[str]:
    return frozenset(names)


ACTIONS = {
    "actions/checkout": Action(
        "3d3c42e5aac5ba805825da76410c181273ba90b1",
        "v7.0.1",
        _inputs("persist-credentials", "fetch-depth", "ref"),
        _inputs("persist-credentials"),
        {"persist-credentials": False},
        {"contents": "read"},
    ),
    "actions/setup-python": Action(
        "5fda3b95a4ea91299a34e894583c3862153e4b97",
        "v7.0.0",
        _inputs("python-version"),
        _inputs("python-version"),
    ),
    "hashicorp/setup-terraform": Action(
        "dfe3c3f87815947d99a8997f908cb6525fc44e9e",
        "v4.0.1",
        _inputs("terraform_version", "terraform_wrapper"),
        _inputs("terraform_version", "terraform_wrapper"),
        # The wrapper turns `terraform output` into something that no program can read.
        {"terraform_wrapper": False},
    ),
    "aws-actions/configure-aws-credentials": Action(
        "e1253824e5c10ff9df46874f81ed3ec929e19cfd",
        "v6.3.0",
        _inputs("role-to-assume", "aws-region", "role-session-name", "mask-aws-account-id"),
        _inputs("role-to-assume", "aws-region", "mask-aws-account-id"),
        {"mask-aws-account-id": True},
        {"id-token": "write"},
    ),
    "aws-actions/amazon-ecr-login": Action(
        "03f1aad4c6c7ffd436567f42f9384779290529bd", "v2.1.7", _inputs("registries", "mask-password")
    ),
    "docker/setup-buildx-action": Action("f87e5991a6d7451dcb8d9637bfbc97413f497069", "v4.4.1"),
    "docker/build-push-action": Action(
        "c3c9e263c25d99ce0380d002d59b67737d91b0dc",
        "v7.4.0",
        _inputs(
            "context",
            "platforms",
            "push",
            "provenance",
            "sbom",
            "tags",
            "cache-from",
            "cache-to",
            "build-args",
        ),
        _inputs("context", "platforms", "push", "provenance", "sbom", "tags"),
        {
            "context": ".",
            "platforms": "linux/arm64",
            "push": True,
            "provenance": False,
            "sbom": False,
        },
    ),
    "anchore/sbom-action": Action(
        "3ad7283483fc7af8ff2b4ea19663c2d5ca935e26",
        "v0.24.2",
        _inputs("image", "format", "output-file", "upload-artifact", "upload-release-assets"),
        _inputs("image", "output-file"),
        {"upload-artifact": False, "upload-release-assets": False},
    ),
    "actions/upload-artifact": Action(
        "043fb46d1a93c77aae656e7c1c64a875d1fc6a0a",
        "v7.0.1",
        _inputs("name", "path", "if-no-files-found", "retention-days"),
        _inputs("name", "path"),
        {"if-no-files-found": "error"},
    ),
    "actions/attest": Action(
        "1e69f48acb82d1966a394da916b4c1698aa569d6",
        "v4.2.2",
        _inputs("subject-name", "subject-digest", "push-to-registry"),
        _inputs("subject-name", "subject-digest"),
        # In the registry an attestation is a referrer with a tag, and tags are immutable there.
        {"push-to-registry": False},
        {"id-token": "write", "attestations": "write"},
    ),
}


def stand_in(
    running: Running, uses: str, inputs: dict[str, Any], effects: Mapping[str, Effect]
) -> dict[str, str]:
    """Check a use of an action against what is known of it, then do what it does."""
    name, _, commit = uses.partition("@")
    action = ACTIONS.get(name)
    if action is None:
        raise Refused(f"{name} is not an action that this repository uses")
    if commit != action.commit:
        raise Refused(f"{name}@{commit} is not the pinned commit of {action.version}")
    if unknown := set(inputs) - action.inputs:
        raise Refused(f"{name} {action.version} has no input {sorted(unknown)}")
    if missing := sorted(key for key in action.required if inputs.get(key) in (None, "")):
        raise Refused(f"{name} needs {missing}")
    for key, value in action.fixed.items():
        if key in inputs and inputs[key] != value:
            raise Refused(f"{name}: {key} is {inputs[key]!r}, not {value!r}")
    for scope, level in action.permissions.items():
        if running.job.permissions.get(scope) not in {level, "write"}:
            raise Refused(f"{name} needs the permission {scope}: {level}")
        if scope == "id-token" and running.event.from_fork:
            raise Refused("a pull request from a fork gets no OIDC token")
    return effects[name](running, inputs)
