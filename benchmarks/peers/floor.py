"""No framework at all: the least that a function of these two clients can cost."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.peers import duties

accounts = duties.Accounts()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    method, path = event["requestContext"]["http"]["method"], event["rawPath"]
    if method == "GET":
        return answer(200, duties.PROFILE)
    body = json.loads(event["body"])
    if path == "/v1/plans":
        return answer(201, {**body, "planId": duties.PLAN_ID, "createdAt": duties.CREATED_AT})
    user_id = accounts.register(
        body["email"], body["password"], body["firstName"], body["lastName"]
    )
    registered = {"userId": user_id, "email": body["email"], "message": duties.REGISTERED}
    return answer(201, registered)


def answer(status: int, body: dict[str, Any]) -> dict[str, Any]:
    headers = {"content-type": "application/json"}
    return {"statusCode": status, "headers": headers, "body": json.dumps(body)}
