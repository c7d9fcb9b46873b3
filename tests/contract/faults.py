"""One fault per rule: a change of the sample contract, and what the message about it must say."""

from __future__ import annotations

LIST, CREATE, READ = "/paths/~1plants/get", "/paths/~1plants/post", "/paths/~1plants~1{plantId}/get"
SCHEMAS, RESPONSES = "/components/schemas", "/components/responses"
REQUEST = f"{SCHEMAS}/CreatePlantRequest"
TEXT = {"type": "string", "maxLength": 10, "pattern": "^[a-z]*$"}
QUERY = {"in": "query", "description": "More.", "schema": TEXT}
BODY = "requestBody/content/application~1json"
CREATED = f"{CREATE}/responses/201"

# A change of the clean contract, and what the one message about it must say.
FAULTS = {
    "look-around": (f"{SCHEMAS}/PlantName/pattern", "^(?=R)[a-zA-Z]+$", "without look-around"),
    "operationId missing": (f"{LIST}/operationId", None, "no operationId"),
    "operationId used twice": (f"{LIST}/operationId", "getPlant", "getPlant is taken by /paths"),
    "operationId in snake_case": (f"{LIST}/operationId", "list_plants", "not camelCase"),
    "path in snake_case": ("/paths/~1my_plants", {}, "segment 'my_plants'"),
    "path with trailing slash": ("/paths/~1herbs~1", {}, "segment ''"),
    "parameter in snake_case": (
        f"{LIST}/parameters/0/name",
        "page_size",
        "'page_size' in the style",
    ),
    "header in camelCase": (
        f"{LIST}/parameters/-",
        QUERY | {"in": "header", "name": "ifMatch"},
        "style of X-Request-Id",
    ),
    "parameter named body": (f"{LIST}/parameters/-", QUERY | {"name": "body"}, "'body' cannot be"),
    "parameter named as a keyword": (
        f"{LIST}/parameters/-",
        QUERY | {"name": "from"},
        "'from' cannot",
    ),
    "parameters that merge": (f"{READ}/parameters", [QUERY | {"name": "plantID"}], "both become"),
    "property in snake_case": (f"{REQUEST}/properties/pot_size", TEXT, "rename the property"),
    "no summary": (f"{LIST}/summary", "", "no summary"),
    "no description": (f"{LIST}/description", "", "no description"),
    "no tag": (f"{LIST}/tags", [], "exactly one tag; it has 0"),
    "undeclared tag": (f"{LIST}/tags", ["herbs"], "declare its tag 'herbs'"),
    "silence about security": (f"{LIST}/security", None, "say who may call it"),
    "optional security": (f"{CREATE}/security/-", {}, "remove `{}`"),
    "two schemes at once": (f"{CREATE}/security/0/basic", [], "bearer and basic at once"),
    "undefined scheme": (f"{CREATE}/security", [{"key": []}], "define the scheme 'key'"),
    "no 429": (f"{LIST}/responses/429", None, "listPlants: document the answer 429"),
    "no 500": (f"{LIST}/responses/500", None, "listPlants: document the answer 500"),
    "no 503": (f"{LIST}/responses/503", None, "listPlants: document the answer 503"),
    "no 400": (f"{LIST}/responses/400", None, "listPlants: document the answer 400"),
    "no 406": (f"{LIST}/responses/406", None, "listPlants: document the answer 406"),
    "no 413 with a body": (f"{CREATE}/responses/413", None, "document the answer 413"),
    "no 415 with a body": (f"{CREATE}/responses/415", None, "document the answer 415"),
    "no 401 with security": (f"{CREATE}/responses/401", None, "document the answer 401"),
    "default response": (
        f"{LIST}/responses/default",
        {"$ref": f"#{RESPONSES}/NotFound"},
        "'default'",
    ),
    "no success": (f"{LIST}/responses/200", None, "document a 2xx answer"),
    "201 without Location": (f"{CREATED}/headers/Location", None, "header Location on its 201"),
    "private without Cache-Control": (f"{CREATED}/headers/Cache-Control", None, "Cache-Control"),
    "401 without challenge": (
        f"{RESPONSES}/Unauthorized/headers/WWW-Authenticate",
        None,
        "WWW-Authenticate on its 401",
    ),
    "429 without Retry-After": (
        f"{RESPONSES}/TooManyRequests/headers/Retry-After",
        None,
        "Retry-After on its 429",
    ),
    "429 without RateLimit": (
        f"{RESPONSES}/TooManyRequests/headers/RateLimit",
        None,
        "RateLimit on its 429",
    ),
    "429 without RateLimit-Policy": (
        f"{RESPONSES}/TooManyRequests/headers/RateLimit-Policy",
        None,
        "RateLimit-Policy on its 429",
    ),
    "503 without Retry-After": (
        f"{RESPONSES}/Unavailable/headers/Retry-After",
        None,
        "Retry-After on its 503",
    ),
    "answer without X-Request-Id": (
        f"{RESPONSES}/NotFound/headers/X-Request-Id",
        None,
        "X-Request-Id on its 404",
    ),
    "code without description": (
        "/x-problems/NOT_FOUND/description",
        None,
        "give the problem a desc",
    ),
    "code missing in the enum": (
        "/x-problems/GONE",
        {"status": 410, "title": "t", "description": "d"},
        "add GONE to the enum",
    ),
    "code missing in the catalogue": (f"{SCHEMAS}/ProblemCode/enum/-", "GONE", "explain GONE"),
    "error in plain JSON": (
        f"{RESPONSES}/NotFound/content",
        {"application/json": {"schema": {"$ref": f"#{SCHEMAS}/Problem"}}},
        "getPlant: its 404, at /components/responses/NotFound, must have application/problem+json",
    ),
    "error of another schema": (
        f"{RESPONSES}/NotFound/content/application~1problem+json/schema/$ref",
        f"#{SCHEMAS}/Plant",
        "must have the schema Problem",
    ),
    "error without codes": (f"{RESPONSES}/NotFound/x-codes", [], "list in `x-codes` of its 404"),
    "unknown code": (
        f"{RESPONSES}/NotFound/x-codes/-",
        "NO_PLANT",
        "NO_PLANT is not in x-problems",
    ),
    "code of another status": (
        f"{RESPONSES}/NotFound/x-codes/-",
        "UNAUTHORIZED",
        "UNAUTHORIZED stands under 404",
    ),
    "body without a name": (
        f"{CREATE}/{BODY}/schema",
        {"type": "object", "additionalProperties": False, "properties": {"name": TEXT}},
        "createPlant: move the schema at",
    ),
    "open request object": (f"{REQUEST}/additionalProperties", None, "clients send this object"),
    "request object that is a map": (f"{REQUEST}/additionalProperties", TEXT, "clients send this"),
    "closed objects combined": (
        f"{REQUEST}/properties/pot",
        {
            "allOf": [{"type": "object", "additionalProperties": False, "properties": {"a": TEXT}}]
            * 2
        },
        "cannot be combined by allOf",
    ),
    "schema without type": (f"{SCHEMAS}/Plant/properties/any", {}, "give the schema a type"),
    "string without maxLength": (f"{SCHEMAS}/PlantName/maxLength", None, "add maxLength"),
    "array without maxItems": (
        f"{SCHEMAS}/PlantList/properties/plants/maxItems",
        None,
        "add maxItems",
    ),
    "number without minimum": (f"{SCHEMAS}/Plant/properties/height/minimum", None, "add minimum"),
    "number without maximum": (f"{LIST}/parameters/0/schema/maximum", None, "add maximum"),
    "null in a response unexplained": (
        f"{SCHEMAS}/Plant/properties/height/nullable",
        True,
        "say in its description what null means",
    ),
    "null for a required property": (f"{REQUEST}/required/-", "note", "what null means"),
    "nullable without type": (
        f"{SCHEMAS}/Plant/properties/x",
        {"nullable": True, "enum": ["a"]},
        "`nullable` without `type`",
    ),
    "request string without form": (
        f"{REQUEST}/properties/note/pattern",
        None,
        "give the string a p",
    ),
    "pattern without anchors": (f"{REQUEST}/properties/note/pattern", "[a-z]", "begin the pattern"),
    "pattern that admits NUL": (
        f"{REQUEST}/properties/note/pattern",
        "^.*$",
        "refuses control char",
    ),
    "pattern that admits NUL inside": (
        f"{SCHEMAS}/PlantName/pattern",
        "^[A-Z][^\\n]+$",
        "refuses control characters",
    ),
    "body without example": (f"{CREATE}/{BODY}/examples", None, "createPlant: give the request"),
    "answer without example": (
        f"{READ}/responses/200/content/application~1json/example",
        None,
        "getPlant: give the 200",
    ),
    "request example that is wrong": (
        f"{CREATE}/{BODY}/examples/rose/value/height",
        "tall",
        "value/height: the example breaks",
    ),
    "request example with a stray property": (
        f"{CREATE}/{BODY}/examples/rose/value/age",
        1,
        "the example breaks its schema",
    ),
    "answer example that is wrong": (
        f"{READ}/responses/200/content/application~1json/example/createdAt",
        "now",
        "example/createdAt",
    ),
    "request example with a readOnly property": (
        f"{REQUEST}/properties/height/readOnly",
        True,
        "value/height: the example breaks its schema: it is not part of a request",
    ),
    "answer example with a writeOnly property": (
        f"{SCHEMAS}/Plant/properties/height/writeOnly",
        True,
        "example/height: the example breaks its schema: it is not part of a response",
    ),
    "schema example that is wrong": (f"{SCHEMAS}/PlantName/example", "!", "PlantName/example: the"),
    "parameter example that is wrong": (
        f"{LIST}/parameters/0/example",
        51,
        "0/example: the example",
    ),
    "link to nothing": (f"{CREATED}/links/read/operationId", "readPlant", "'readPlant' is none"),
    "link with a stray parameter": (
        f"{CREATED}/links/read/parameters/id",
        "$response.body#/plantId",
        "no parameter 'id'",
    ),
    "link with a stray body": (f"{CREATED}/links/read/requestBody", {"a": 1}, "takes no body"),
    "link from an absent property": (
        f"{CREATED}/links/read/parameters/plantId",
        "$response.body#/id",
        "has no property /id",
    ),
}
