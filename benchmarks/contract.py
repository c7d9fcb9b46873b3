"""Compiles what all peers serve: openapi.yaml and the operation of plan.yaml.

python -m benchmarks.contract DIRECTORY    write contract.json and bundle.json there
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from service.contract import compile_contract
from service.contract.compile import load

HERE = Path(__file__).parent


def write(directory: Path) -> None:
    """Write the document and its bundle. Raises ContractError when the two do not fit."""
    document = load((HERE.parent / "openapi.yaml").read_bytes())
    plan = load((HERE / "plan.yaml").read_bytes())
    schemas = plan["components"]["schemas"]
    request, answer = schemas["CreatePlanRequest"], schemas["Plan"]
    answer["properties"] |= request["properties"]
    answer["required"] += request["required"]
    document["paths"] |= plan["paths"]
    document["components"]["schemas"] |= schemas
    path = directory / "contract.json"
    path.write_text(json.dumps(document))
    (directory / "bundle.json").write_text(json.dumps(compile_contract(path)))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
