"""Read a request body: bounded while it arrives, of the declared type, decoded once.

Connexion decodes with the client's charset and lets the handler parse again, skips validation for
``APPLICATION/JSON``, and has no limit (rows 2, 4, 7, 18, 19 and 29 of the defects).
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from starlette.types import Receive

from service.contract import json, schema
from service.contract.negotiation import media_type
from service.contract.problems import Fault, Problem
from service.contract.state import State

MAX_BODY_BYTES: Final = 64 * 1024

_LENGTH: Final = re.compile(rb"[0-9]{1,18}")


class BodyReader:
    """Reads and validates the body that one operation declares."""

    def __init__(self, declaration: Mapping[str, Any]) -> None:
        self._required: bool = declaration["required"]
        self._media_type: str = declaration["mediaType"]
        self._validator = schema.build(declaration["schema"])

    async def read(self, state: State, receive: Receive) -> Any:
        """Return the validated value, None when an optional body is absent.

        Raises PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, MALFORMED_JSON and VALIDATION_FAILED.
        """
        headers = state.headers
        content_type = headers.get(b"content-type")
        if content_type is not None and media_type(content_type) != self._media_type:
            raise Problem("UNSUPPORTED_MEDIA_TYPE")
        data = await _receive_all(headers.get(b"content-length"), receive)
        if not data:
            return self._absent()
        if content_type is None or b"content-encoding" in headers:
            raise Problem("UNSUPPORTED_MEDIA_TYPE")
        try:
            value = json.loads(data)
        except json.MalformedJsonError as error:
            raise Problem("MALFORMED_JSON", str(error)) from None
        if not self._validator.is_valid(value):
            raise Problem("VALIDATION_FAILED", errors=schema.faults(self._validator, value))
        return value

    def _absent(self) -> None:
        if self._required:
            fault = Fault("", "required", "The body is missing.")
            raise Problem("VALIDATION_FAILED", errors=[fault])


async def _receive_all(content_length: bytes | None, receive: Receive) -> bytes:
    if content_length is not None:
        if not _LENGTH.fullmatch(content_length):
            fault = Fault("#/header/content-length", "type", "It must be a number of bytes.")
            raise Problem("VALIDATION_FAILED", errors=[fault])
        if int(content_length) > MAX_BODY_BYTES:
            raise Problem("PAYLOAD_TOO_LARGE")
    message = await receive()
    data = message.get("body", b"")
    if message.get("more_body", False):
        # Many small pieces would make repeated concatenation of bytes quadratic.
        data = bytearray(data)
        while message.get("more_body", False) and len(data) <= MAX_BODY_BYTES:
            message = await receive()
            data += message.get("body", b"")
    if len(data) > MAX_BODY_BYTES:
        raise Problem("PAYLOAD_TOO_LARGE")
    if message["type"] == "http.disconnect":
        raise Problem("VALIDATION_FAILED", "The client left before the body was complete.")
    return bytes(data)
