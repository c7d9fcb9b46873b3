"""All that is stored, read as the owner of the account: the service itself may not scan."""

from __future__ import annotations

from typing import Any

import boto3

from local.emulator import Emulator
from local.provision import ROOT_KEY


def everything(aws: Emulator) -> list[dict[str, Any]]:
    """Return every row of the table."""
    session = boto3.Session(ROOT_KEY, ROOT_KEY, region_name=aws.shape.region)
    client = session.client("dynamodb", endpoint_url=aws.endpoint)
    return list(client.scan(TableName=aws.shape.table_name, ConsistentRead=True)["Items"])
