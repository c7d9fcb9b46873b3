"""All that is stored, read as the owner of the account: the service itself may not scan."""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3

from local.emulator import Emulator
from local.provision import ROOT_KEY

# Counters end by themselves within a day and are digests: nobody can be found in them.
COUNTERS = "LIMIT#"


def everything(aws: Emulator) -> list[dict[str, Any]]:
    """Return every row of the table but the counters of the limits."""
    pages = _owner(aws.endpoint, aws.shape.region).get_paginator("scan")
    rows: list[dict[str, Any]] = []
    for page in pages.paginate(TableName=aws.shape.table_name, ConsistentRead=True):
        rows += page["Items"]
    return [row for row in rows if not row["pk"]["S"].startswith(COUNTERS)]


@cache
def _owner(endpoint: str, region: str) -> Any:
    """Connect with the owner's key; a client is slower to make than a table to read."""
    session = boto3.Session(ROOT_KEY, ROOT_KEY, region_name=region)
    return session.client("dynamodb", endpoint_url=endpoint)
