"""From what botocore raises to what the domain knows; nothing of botocore passes this module.

CodedFault      AWS answered with an error code; each adapter maps the codes it expects
Unavailable     no answer, a 5xx, throttling of the table, a configuration AWS refuses
RequestRefused  AWS calls our request malformed: a fault in this code, an internal error
"""

from __future__ import annotations

from typing import NoReturn

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from service.domain.errors import Unavailable

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html and
# https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/CommonErrors.html
MALFORMED = frozenset(
    {
        "InvalidParameterException",
        "SerializationException",
        "ValidationError",
        "ValidationException",
    }
)


# What botocore raises when AWS answered nothing that can be read.
NO_ANSWER = (BotoCoreError, ResponseParserError)


class RequestRefused(Exception):
    """Raised when AWS says that a request of ours is malformed; no retry can help."""


class CodedFault(Exception):
    """An AWS error code with the operation it answers; internal to the adapters."""

    def __init__(self, error: ClientError) -> None:
        detail = error.response.get("Error", {})
        self.code = str(detail.get("Code", "Unknown"))
        self.aws_message = str(detail.get("Message", ""))
        self.status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        self.operation = error.operation_name
        self.error = redacted(error)
        super().__init__(str(self.error))


def redacted(error: ClientError) -> ClientError:
    """Replace the text of an AWS error by what an operator needs: operation, code, request id.

    The text AWS sends can repeat what was sent to it (a name, an address, the words of a trigger),
    and the exception ends as the cause in a logged traceback.
    """
    meta = error.response.get("ResponseMetadata", {})
    code = error.response.get("Error", {}).get("Code", "Unknown")
    error.args = (
        f"{error.operation_name} answered {code} (status {meta.get('HTTPStatusCode', '?')}, "
        f"AWS request id {meta.get('RequestId', 'unknown')})",
    )
    return error


def unavailable(error: Exception, operation: str) -> Unavailable:
    """Return the domain's word for one of `NO_ANSWER`."""
    # Its text may hold a whole answer, and it ends as the cause in a logged traceback.
    error.args = (type(error).__name__,)
    return Unavailable(f"{operation} got no answer: {type(error).__name__}", retry_after=1)


def give_up(fault: CodedFault) -> NoReturn:
    """Raise what a code that no adapter expects means."""
    if fault.code in MALFORMED:
        raise RequestRefused(str(fault.error)) from fault.error
    raise Unavailable(str(fault.error), retry_after=1) from fault.error
