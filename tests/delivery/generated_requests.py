"""Requests good and bad, for every way in which the service can be asked."""

from __future__ import annotations

import httpx
from hypothesis import strategies as st

PATHS = [
    "/v1/health",
    "/v1/health/ready",
    "/v1/auth/register",
    "/v1/auth/login",
    "/v1/users/profile",
    "/v1/nowhere",
    "/v1/users%2Fprofile",
    "/v1/%2568ealth",
    "/v1/health/",
    "/",
]
BODIES = [
    b"",
    b"{}",
    b"[",
    b"\xff\xfe{}",
    b'{"email":"ada@example.com","password":"correct horse","firstName":"A","lastName":"B"}',
    b'{"email":"a@b.c","email":"a@b.c"}',
    '{"email":"ada@example.com","password":"ünïcode-李-9"}'.encode(),
    b"[" * 20_000,
    b" " * 70_000,
]
HEADERS = {
    "content-type": [
        "application/json",
        "APPLICATION/JSON; charset=utf-8",
        "application/json; charset=hz",
        "text/plain",
        "application/octet-stream",
    ],
    "accept": ["application/json", "text/html", "*/*;q=0.1"],
    "authorization": ["Bearer a.b.c", "Basic YTpi", "Bearer"],
    "if-match": ['"1"', "*", "W/1"],
    "cookie": ["a=1; b=2"],
    "content-length": ["7", "x", "99999999"],
}
REQUESTS = st.builds(
    lambda method, path, query, headers, body: httpx.Request(
        method,
        f"https://api.example.com{path}{query}",
        headers={"x-request-id": "same", **headers},
        content=body,
    ),
    st.sampled_from(["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"]),
    st.sampled_from(PATHS),
    st.sampled_from(["", "?a=1", "?a=1&a=2", "?%ff", "?q=%2B+x"]),
    st.fixed_dictionaries({}, optional={name: st.sampled_from(v) for name, v in HEADERS.items()}),
    st.sampled_from(BODIES),
)
