"""Two operations that nobody needs, for the scaffold to be a contract ahead of the code."""

from __future__ import annotations


def with_throw_away_operations(document):
    """Add getThrowAway, of a new tag and with a query parameter, and setThrowAway, with a body."""
    schemas = document["components"]["schemas"]
    text = {"$ref": "#/components/schemas/PersonName"}
    for name in ("ThrowAway", "SetThrowAwayRequest"):
        schemas[name] = {
            "type": "object",
            "additionalProperties": False,
            "required": ["text"],
            "properties": {"text": text},
        }
    document["tags"].append({"name": "throw-away", "description": "Nothing to keep."})
    first_name = {"name": "firstName", "in": "query", "required": True, "schema": text}
    document["paths"]["/throw-away"] = {
        "get": operation("getThrowAway", "throw-away", parameters=[first_name], security=[])
    }
    body = {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"$ref": "#/components/schemas/SetThrowAwayRequest"},
                "example": {"text": "Onwards"},
            }
        },
    }
    document["paths"]["/users/profile/throw-away"] = {
        "post": operation("setThrowAway", "profile", requestBody=body, security=[{"bearer": []}])
    }
    return document


def operation(name, tag, **members):
    """Write an operation with every answer that the lint demands."""
    headers = {
        "X-Request-Id": {"$ref": "#/components/headers/RequestId"},
        "Cache-Control": {"$ref": "#/components/headers/NoStore"},
    }
    media = {"schema": {"$ref": "#/components/schemas/ThrowAway"}, "example": {"text": "Hello"}}
    answers = {
        "400": "BadRequest",
        "401": "Unauthorized",
        "406": "NotAcceptable",
        "413": "PayloadTooLarge",
        "415": "UnsupportedMediaType",
        "429": "TooManyRequests",
        "500": "InternalError",
        "503": "Unavailable",
    }
    responses = {s: {"$ref": f"#/components/responses/{a}"} for s, a in answers.items()}
    responses["200"] = {
        "description": "Done.",
        "headers": headers,
        "content": {"application/json": media},
    }
    return {
        "operationId": name,
        "tags": [tag],
        "summary": "Say something",
        "description": "A throw-away operation.",
        "responses": responses,
        **members,
    }
