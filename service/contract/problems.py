"""Errors as RFC 9457 problem documents.

A problem is named by its code. Status, title, description and type come from the contract's
catalogue ``x-problems``, so the contract is the only place where an error is decided.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

MEDIA_TYPE: Final = "application/problem+json"

ENGINE_CODES: Final[Mapping[str, int]] = {
    "VALIDATION_FAILED": 400,
    "MALFORMED_JSON": 400,
    "UNAUTHORIZED": 401,
    "NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "NOT_ACCEPTABLE": 406,
    "PAYLOAD_TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "INTERNAL_ERROR": 500,
    "SERVICE_UNAVAILABLE": 503,
}
"""The codes that the engine itself raises; a catalogue without one does not compile."""

RETRY_AFTER_SECONDS: Final = "1"
"""What 429 and 503 answer when the problem names no ``Retry-After`` of its own."""

MAX_FAULTS: Final = 20
"""Faults that one response names; the first few are what a form can show."""

MAX_INSTANCE_LENGTH: Final = 255
"""Characters of the path that ``instance`` repeats."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One field of a request that the contract refuses.

    ``pointer`` is a JSON pointer (RFC 6901) into the body: ``/email`` is a member, the empty string
    the whole body. A parameter stands behind a number sign under its place and name:
    ``#/query/limit``, ``#/path/id``, ``#/header/if-match``, ``#/cookie/theme``. ``code`` is the
    JSON-Schema keyword that is violated (``required``, ``maxLength``), or ``unknown`` and
    ``repeated`` for parameters and ``readOnly`` for members that only the server writes.
    ``message`` is the engine's own sentence and never holds a value that the client sent.
    """

    pointer: str
    code: str
    message: str

    def as_dict(self) -> dict[str, str]:
        """Return the member of a problem's ``errors``."""
        return {"pointer": self.pointer, "code": self.code, "message": self.message}


class Problem(Exception):
    """Raised when a request ends in an error of the contract's catalogue.

    ``detail`` is shown to the client; it says what to do and holds nothing that the client sent.
    """

    def __init__(
        self,
        code: str,
        detail: str | None = None,
        errors: Iterable[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True)
class RenderedProblem:
    """A problem as it goes out: status, headers without content type, and body."""

    code: str
    status: int
    headers: dict[str, str]
    body: bytes


class Catalogue:
    """The contract's problems, and how one becomes a response."""

    def __init__(self, problems: Mapping[str, Mapping[str, Any]], realm: str) -> None:
        self._problems = problems
        quoted = "".join(c for c in realm if c.isascii() and c.isprintable() and c not in '"\\')
        self._challenge = f'Bearer realm="{quoted}"'

    def __contains__(self, code: str) -> bool:
        return code in self._problems

    def status(self, code: str) -> int:
        """Return the HTTP status of a code."""
        return int(self._problems[code]["status"])

    def render(
        self, problem: Problem, request_id: str, path: str, *, token_sent: bool
    ) -> RenderedProblem:
        """Return the response to a problem that a request for ``path`` met.

        A code outside the catalogue becomes ``INTERNAL_ERROR``: a client only ever meets codes
        that the contract documents. 401 gets ``WWW-Authenticate`` (RFC 6750 section 3), 429 and 503
        ``Retry-After`` (RFC 9110 section 10.2.3), unless the problem brings its own.
        """
        if problem.code not in self._problems:
            problem = Problem("INTERNAL_ERROR")
        entry = self._problems[problem.code]
        status = int(entry["status"])
        headers = dict(problem.headers)
        self._complete(headers, status, problem.code, token_sent=token_sent)
        type_ = "/problems/" + problem.code.lower().replace("_", "-")
        document: dict[str, Any] = {
            "type": type_,
            "title": entry["title"],
            "status": status,
            "instance": quote(path, safe="/:@!$&'()*+,;=~")[:MAX_INSTANCE_LENGTH],
            "code": problem.code,
            "requestId": request_id,
        }
        if problem.detail:
            document["detail"] = problem.detail
        if problem.errors:
            document["errors"] = [fault.as_dict() for fault in problem.errors]
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        return RenderedProblem(problem.code, status, headers, body)

    def _complete(
        self, headers: dict[str, str], status: int, code: str, *, token_sent: bool
    ) -> None:
        names = {name.lower() for name in headers}
        if status == 401 and "www-authenticate" not in names:
            refused = token_sent and code == "UNAUTHORIZED"
            headers["WWW-Authenticate"] = self._challenge + (
                ', error="invalid_token"' if refused else ""
            )
        if status in (429, 503) and "retry-after" not in names:
            headers["Retry-After"] = RETRY_AFTER_SECONDS
