"""Clients of AWS for the pipeline's steps.

AWS_ENDPOINT_URL is honoured by boto3 itself: the same steps run on an emulator in the tests.
"""

from typing import Any

import boto3
from botocore.config import Config

from ci import github

RETRIES = Config(
    retries={"mode": "standard", "total_max_attempts": 5}, connect_timeout=5, read_timeout=60
)


def client(service: str) -> Any:
    """Make a client in the stage's region."""
    # The stubs list every service by name; a step knows its own.
    session: Any = boto3
    return session.client(service, region_name=github.setting("AWS_REGION"), config=RETRIES)
