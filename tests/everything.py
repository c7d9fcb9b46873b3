"""All that is stored, read as the owner of the account: the service itself may not scan."""

from __future__ import annotations

from typing import Any

import boto3

from local.emulator import Emulator
from local.provision import ROOT_KEY

# Counters end by themselves within a day and are digests: nobody can be found in them.
COUNTERS = "LIMIT#"


def everything(aws: Emulator) -> list[dict[str, Any]]:
    """Return every row of the table but the counters of the limits."""
    session = boto3.Session(ROOT_KEY, ROOT_KEY, region_name=aws.shape.region)
    client = session.client("dynamodb", endpoint_url=aws.endpoint)
    rows = client.scan(TableName=aws.shape.table_name, ConsistentRead=True)["Items"]
    return [row for row in rows if not row["pk"]["S"].startswith(COUNTERS)]
