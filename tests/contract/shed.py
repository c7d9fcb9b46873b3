"""Handlers for the engine's test contract, and how either engine serves them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from service.contract import Exchange, Problem, Reply, Request, compile_contract, create_app
from service.contract.lean import import_whole_connexion

TOOL_ID = "0b7c2f5e-6a43-4c1e-8c57-2f4f8c3f9a10"
CARD = {"authorization": "Bearer ada"}


class Shed:
    """Remembers the arguments of every call in `arrived`, and every exchange in `observed`."""

    def __init__(self) -> None:
        self.arrived: list[dict[str, Any]] = []
        self.observed: list[Exchange] = []
        self.error: Exception | None = None

    def app(self, bundle: dict[str, Any], **options: Any) -> Any:
        options.setdefault("authenticate", {"member": authenticate})
        options.setdefault("translate", translate)
        return create_app(bundle, self.operations(), observe=self.observed.append, **options)

    def operations(self) -> dict[str, Any]:
        return {
            "listTools": self.list_tools,
            "addTool": self.add_tool,
            "getFeatured": self.get_featured,
            "getTool": self.get_tool,
            "updateTool": self.update_tool,
            "getByWeight": self.get_by_weight,
            "getMember": self.get_member,
            "leaveLibrary": self.leave_library,
        }

    def list_tools(self, limit: Any, weight: Any, sharp: Any, since: Any, kind: Any) -> Any:
        return self._echo(limit=limit, weight=weight, sharp=sharp, since=since, kind=kind)

    def add_tool(self, body: Any, request: Request) -> Any:
        self._note(body=body)
        answer = {"id": TOOL_ID, "name": body["name"], "kind": body["kind"]}
        return Reply(answer, headers={"Location": f"/v1/tools/{TOOL_ID}"})

    def get_featured(self) -> Any:
        self._note()
        return {"type": "TOOL", "tool": {"id": TOOL_ID, "name": "Saw", "kind": "saw"}}

    async def get_tool(self, tool_id: Any, request: Request) -> Any:
        return self._echo(tool_id=tool_id, headers=dict(request.headers), cookies=request.cookies)

    def update_tool(self, tool_id: Any, body: Any) -> Any:
        return self._echo(tool_id=tool_id, body=body)

    def get_by_weight(self, grams: Any) -> Any:
        return self._echo(grams=grams)

    def get_member(self, request: Request) -> Any:
        return self._echo(caller=request.caller)

    def leave_library(self) -> None:
        self._note()

    def _note(self, **arguments: Any) -> None:
        self.arrived.append(arguments)
        if self.error is not None:
            raise self.error

    def _echo(self, **arguments: Any) -> dict[str, str]:
        self._note(**arguments)
        return {"seen": json.dumps(arguments, default=repr)}


async def authenticate(token: str) -> str:
    """Know the token that is a member's name."""
    await asyncio.sleep(0)
    if token != "ada":
        raise Problem("UNAUTHORIZED")
    return token


class ShedClosedError(Exception):
    """Raised when a handler finds the shed closed."""


def translate(error: Exception) -> Problem | None:
    if isinstance(error, ShedClosedError):
        return Problem("SERVICE_UNAVAILABLE")
    return None


def build(  # noqa: PLR0917 - each is what a test varies.
    document: dict[str, Any],
    handlers: dict[str, Any],
    engine: str,
    scratch: Path,
    verifier: Any = authenticate,
    verified: tuple[str, ...] = ("member",),
) -> Any:
    """Serve a document: ours compiles it first, stock takes it as it is.

    A handler that is not given answers with a constant.
    """
    operations = {
        operation["operationId"]: handlers.get(operation["operationId"], _constant)
        for path in document["paths"].values()
        for method, operation in path.items()
        if method != "parameters"
    }
    if engine == "stock":
        return _build_stock(document, operations, verifier, verified)
    source = scratch / "contract.json"
    source.write_text(json.dumps(document))
    return create_app(
        compile_contract(source),
        operations,
        authenticate=dict.fromkeys(verified, verifier),
        translate=translate,
        observe=lambda _: None,
    )


def _build_stock(
    document: dict[str, Any], operations: dict[str, Any], verifier: Any, verified: tuple[str, ...]
) -> Any:
    """Use Connexion as its documentation says, without any code of the engine."""
    connexion: Any = import_whole_connexion()
    for name in verified:
        scheme = document["components"]["securitySchemes"][name]
        scheme["x-bearerInfoFunc"] = f"tests.contract.shed.{_publish(verifier)}"
    app = connexion.AsyncApp(__name__, resolver=connexion.Resolver(operations.__getitem__))
    app.add_api(json.loads(json.dumps(document)))
    return app


def _publish(verifier: Any) -> str:
    """Give a function a place from which Connexion can import it."""

    def info(token: str) -> Any:
        found = verifier(token)
        if not asyncio.iscoroutine(found):
            return {"sub": found}
        return _as_info(found)

    globals()["published_verifier"] = info
    return "published_verifier"


async def _as_info(found: Any) -> dict[str, Any]:
    return {"sub": await found}


def _constant() -> dict[str, str]:
    return {"seen": "constant"}
