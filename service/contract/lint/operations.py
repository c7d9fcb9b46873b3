"""What every operation must say of itself: texts, tag, security, statuses and headers."""

from __future__ import annotations

from collections.abc import Iterator

from service.contract.lint.node import Node, Operation, operations

ALWAYS = {
    "400": "an unknown query parameter or a malformed header is refused",
    "406": "the client can accept only types that the operation does not write",
    "429": "anybody can be asked to slow down",
    "500": "any operation can meet a fault of ours",
    "503": "any operation can meet an outage",
}
WITH_BODY = {
    "413": "the body can be too large",
    "415": "the body can be of another media type",
}
WITH_SECURITY = {"401": "the credentials can be missing or wrong"}

# Header by status, with the rule it comes from.
HEADERS = {
    "201": {"Location": "it names what was created (RFC 9110, 15.3.2)"},
    "401": {"WWW-Authenticate": "it names the way to authenticate (RFC 9110, 11.6.1)"},
    "429": {
        "Retry-After": "it says when to come back (RFC 6585, 4)",
        "RateLimit": "it says what is left (IETF ratelimit-headers)",
        "RateLimit-Policy": "it says what the limit is (IETF ratelimit-headers)",
    },
    "503": {"Retry-After": "it says when to come back (RFC 9110, 10.2.3)"},
}


def texts(root: Node) -> Iterator[str]:
    """Require a summary and a description."""
    for operation in operations(root):
        for key in ("summary", "description"):
            if not operation.node.get(key):
                yield f"{operation.name}: the operation has no {key}; write one for its reader."


def tags(root: Node) -> Iterator[str]:
    """Require exactly one tag, declared at the top: it names the files of the code."""
    declared = {tag.get("name") for tag in root.get("tags") or []}
    for operation in operations(root):
        own = operation.node.get("tags") or []
        if len(own) != 1:
            yield f"{operation.name}: give the operation exactly one tag; it has {len(own)}."
        for tag in sorted(set(own) - declared):
            yield f"{operation.name}: declare its tag '{tag}' in the `tags` at the top, or fix it."


def security(root: Node) -> Iterator[str]:
    """Require exactly one defined scheme per alternative, and silence nowhere.

    With `[{bearer}, {}]` Connexion serves a bad token as anonymous; with two schemes in one
    alternative nobody knows whose caller it is.
    """
    schemes = root.child("components").get("securitySchemes") or {}
    for operation in operations(root):
        if operation.node.get("security") is None and "security" not in root.value:
            yield f"{operation.name}: say who may call it; `security: []` makes it public."
        for alternative in operation.security:
            if not alternative:
                yield f"{operation.name}: remove `{{}}` from `security`; a bad token would pass."
            if len(alternative) > 1:
                both = " and ".join(alternative)
                yield f"{operation.name}: `security` demands {both} at once; name one scheme."
            for scheme in sorted(alternative.keys() - schemes.keys()):
                yield f"{operation.name}: define the scheme '{scheme}' in components."


def statuses(root: Node) -> Iterator[str]:
    """Require every status that the engine can answer, and each by its own number."""
    for operation in operations(root):
        documented = {status for status, _ in operation.responses()}
        for status, reason in _answers(operation).items():
            if status not in documented:
                yield f"{operation.name}: document the answer {status}; {reason}."
        for status in documented:
            if not status.isdigit():
                yield f"{operation.name}: replace the response '{status}' by the exact statuses."
        if not any(operation.successes()):
            yield f"{operation.name}: document a 2xx answer; nothing says what success is."


def _answers(operation: Operation) -> dict[str, str]:
    answers = dict(ALWAYS)
    if operation.body.value is not None:
        answers |= WITH_BODY
    if operation.security:
        answers |= WITH_SECURITY
    return answers


def headers(root: Node) -> Iterator[str]:
    """Require X-Request-Id, what the status promises, and Cache-Control on what is private."""
    for operation in operations(root):
        private = operation.body.value is not None or bool(operation.security)
        for status, response in operation.responses():
            required = {"X-Request-Id": "support needs it to find the request"}
            required |= HEADERS.get(status, {})
            if private and status.startswith("2"):
                required["Cache-Control"] = "no cache may keep what is private (ASVS 14.3.2)"
            declared = {name.lower() for name in response.get("headers") or {}}
            for name, reason in required.items():
                if name.lower() not in declared:
                    yield (
                        f"{operation.name}: declare the header {name} on its {status}, "
                        f"at {response.pointer}/headers; {reason}."
                    )
