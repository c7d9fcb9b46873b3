"""Writes the part of botocore's service data that this service uses: `python -m service.aws.trim`.

A build step. Creating the clients from it takes half the time, because botocore otherwise lists
440 services and decodes the documentation of two of them (docs/decisions/0031). Without the
directory, or with one of another botocore, the clients are created from botocore's own data.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import botocore
from botocore.loaders import Loader

from service.aws.clients import MODELS, MODELS_VERSION, OPERATIONS

# What botocore loads for every client, whichever service it is for.
SHARED = ("_retry", "partitions", "sdk-default-configuration")


def trim(target: Path = MODELS) -> None:
    """Write the models of `OPERATIONS` to a directory in the layout of botocore's loader."""
    loader = Loader()
    for name in SHARED:
        _write(target / name, loader.load_data(name))
    _write(target / "endpoints", _endpoints(loader.load_data("endpoints")))
    for service, operations in OPERATIONS.items():
        version = loader.determine_latest_version(service, "service-2")
        model = loader.load_service_model(service, "service-2", version)
        rules = loader.load_service_model(service, "endpoint-rule-set-1", version)
        _write(target / service / version / "service-2", undocumented(_only(model, operations)))
        _write(target / service / version / "endpoint-rule-set-1", rules)
    # Last, so that an interrupted run leaves nothing that would be used.
    (target / MODELS_VERSION).write_text(botocore.__version__)


def _endpoints(data: Any) -> Any:
    for partition in data["partitions"]:
        services = partition["services"]
        partition["services"] = {name: services[name] for name in OPERATIONS if name in services}
    return data


def _only(model: Any, operations: tuple[str, ...]) -> dict[str, Any]:
    kept = {name: model["operations"][name] for name in operations}
    shapes: dict[str, Any] = {}
    for operation in kept.values():
        for part in (operation.get("input"), operation.get("output"), *operation.get("errors", ())):
            if part:
                _reach(part["shape"], model["shapes"], shapes)
    return {**model, "operations": kept, "shapes": shapes}


def _reach(name: str, every: Any, reached: dict[str, Any]) -> None:
    if name in reached:
        return
    shape = reached[name] = every[name]
    parts = [*shape.get("members", {}).values(), *(shape.get(key) for key in _PARTS)]
    for part in filter(None, parts):
        _reach(part["shape"], every, reached)


_PARTS = ("member", "key", "value")


def undocumented(data: Any) -> Any:
    """Return a model without its prose, which is most of it."""
    if isinstance(data, dict):
        return {
            name: undocumented(value)
            for name, value in data.items()
            if not (name == "documentation" and isinstance(value, str))
        }
    return [undocumented(each) for each in data] if isinstance(data, list) else data


def _write(path: Path, data: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_name(f"{path.name}.json").write_text(json.dumps(data, separators=(",", ":")))


if __name__ == "__main__":
    trim()
