"""Turn what a handler returns into the response that the contract describes.

The media type follows from the status and the contract (row 16 of the defects): a handler never
names one.
"""

import json
from collections.abc import Mapping
from typing import Any

from starlette.types import Send

from service.contract import json as strict_json
from service.contract import schema
from service.contract.parameters import read_text
from service.contract.request import Reply

_encode_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


class ContractViolation(Exception):
    """Raised when a response is not what the contract says; the client sees INTERNAL_ERROR."""


class Responses:
    """The documented responses of one operation.

    With the bundle's ``schemas`` every response is compared with its documentation.
    """

    def __init__(
        self,
        operation_id: str,
        contract: Mapping[str, Any],
        schemas: Mapping[str, Any] | None = None,
    ) -> None:
        self._operation_id = operation_id
        self._documented: Mapping[str, Any] = contract["responses"]
        self.default_status = int(min(s for s in self._documented if s.startswith("2")))
        self._constants = {int(s): _constants(r) for s, r in self._documented.items()}
        self._checks = (
            {}
            if schemas is None
            else {int(s): _Check(r, schemas) for s, r in self._documented.items()}
        )

    def constants(self, status: int) -> dict[str, str]:
        """Return the headers to which the contract gives one single value."""
        return self._constants.get(status, {})

    def encode(self, result: Any, request_id: str) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body of a handler's result.

        Raises ContractViolation for an undocumented status, and in checked mode for a body or
        header that the contract refuses.
        """
        reply = result if isinstance(result, Reply) else Reply(result)
        status = self.default_status if reply.status is None else reply.status
        documented = self._documented.get(str(status))
        if documented is None:
            raise ContractViolation(f"{self._operation_id}: status {status} is not documented")
        for text in reply.headers.values():
            if "\n" in text or "\r" in text:
                raise ValueError("a header's value holds a line break")
        headers = {**self.constants(status), **reply.headers, "X-Request-Id": request_id}
        body = encode_body(reply.body)
        media_type: str | None = documented["mediaType"]
        if media_type is not None:
            headers["Content-Type"] = media_type
        elif body:
            raise ContractViolation(f"{self._operation_id}: {status} has no body in the contract")
        if self._checks:
            self.check(status, headers, body)
        return status, headers, body

    def check(
        self, status: int, headers: Mapping[str, str], body: bytes, code: str | None = None
    ) -> None:
        """Raise ContractViolation, naming the property, for what the contract does not allow."""
        if not self._checks:
            return
        check = self._checks.get(status)
        wrong = ["the status is not documented"] if check is None else check(headers, body, code)
        if wrong:
            raise ContractViolation(f"{self._operation_id}: {status}: {'; '.join(wrong)}")


class _Check:
    """Compares one response with its documentation."""

    def __init__(self, response: Mapping[str, Any], schemas: Mapping[str, Any]) -> None:
        self._media_type: str | None = response["mediaType"]
        self._codes: list[str] = response["codes"]
        name = response["schema"]
        self._body = schema.build(schemas[name]) if name is not None else None
        self._headers = {
            name.lower(): (schema.build(header["schema"]), header["schema"], header["required"])
            for name, header in response["headers"].items()
        }

    def __call__(self, headers: Mapping[str, str], body: bytes, code: str | None) -> list[str]:
        wrong = self._check_headers({name.lower(): text for name, text in headers.items()})
        if code is not None and code not in self._codes:
            wrong.append(f"the code {code} is not in x-codes")
        if self._body is not None and "json" in (self._media_type or ""):
            value = strict_json.loads(body) if body else None
            if not self._body.is_valid(value):
                found = schema.faults(self._body, value)
                wrong += [f"{f.pointer or 'the body'}: {f.code}" for f in found]
        return wrong

    def _check_headers(self, headers: Mapping[str, str]) -> list[str]:
        wrong = []
        for name, (validator, declared, required) in self._headers.items():
            text = headers.get(name)
            if text is None and required:
                wrong.append(f"the header {name} is missing")
            elif text is not None and not validator.is_valid(read_text(text, declared)):
                wrong.append(f"the header {name} is not as declared")
        return wrong


def _constants(response: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: header["schema"]["enum"][0]
        for name, header in response["headers"].items()
        if len(header["schema"].get("enum", ())) == 1
    }


def encode_body(body: Any) -> bytes:
    """Return the bytes of a body: models by alias and without None, text and bytes as they are."""
    if body is None:
        return b""
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode()
    dump = getattr(body, "model_dump_json", None)
    text = dump(by_alias=True, exclude_none=True) if dump is not None else _encode_json(body)
    return bytes(text, "utf-8")


async def send_response(send: Send, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Send a whole response with its length."""
    raw = [(name.lower().encode(), text.encode("latin-1")) for name, text in headers.items()]
    if status not in (204, 304):
        raw.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
