"""The contract as a tree whose nodes know their JSON pointer and follow `$ref` by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
COMPOSITIONS = ("allOf", "oneOf", "anyOf")


@dataclass(frozen=True, slots=True)
class Node:
    """A value of the contract and the JSON pointer (RFC 6901) of the place where it is written."""

    root: dict[str, Any]
    pointer: str
    value: Any

    def child(self, key: str | int) -> Node:
        """Step to a member and follow its `$ref`; an absent member is a node that holds None."""
        members = self.value
        if isinstance(members, list):
            value = members[int(key)]
        else:
            value = members.get(key) if isinstance(members, dict) else None
        node = Node(self.root, f"{self.pointer}/{escape(str(key))}", value)
        while isinstance(node.value, dict) and isinstance(node.value.get("$ref"), str):
            node = target(self.root, node.value["$ref"])
        return node

    def get(self, key: str, default: Any = None) -> Any:
        """Read a plain member without following references."""
        return self.value.get(key, default) if isinstance(self.value, dict) else default

    def has(self, key: str) -> bool:
        """Tell whether the member is written, whatever it holds."""
        return isinstance(self.value, dict) and key in self.value

    def items(self) -> Iterator[tuple[str, Node]]:
        """Step to every member, of an object by name and of an array by position."""
        keys = range(len(self.value)) if isinstance(self.value, list) else (self.value or {})
        for key in keys:
            yield str(key), self.child(key)

    def at(self, pointer: str) -> Node:
        """Step along a JSON pointer relative to this node."""
        node = self
        for part in pointer.lstrip("/").split("/"):
            node = node.child(int(part) if isinstance(node.value, list) else unescape(part))
        return node


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path, with its path item's parameters merged in."""

    path: str
    method: str
    node: Node
    parameters: tuple[Node, ...]

    @property
    def name(self) -> str:
        """Name the operation in messages: its operationId, or method and path if it has none."""
        return self.node.get("operationId") or f"{self.method.upper()} {self.path}"

    @property
    def body(self) -> Node:
        """The request body; holds None when there is none."""
        return self.node.child("requestBody")

    @property
    def security(self) -> list[dict[str, Any]]:
        """The alternatives that apply: the operation's own, or else the contract's."""
        own = self.node.get("security")
        inherited: list[dict[str, Any]] = self.node.root.get("security", [])
        return inherited if own is None else own

    def responses(self) -> Iterator[tuple[str, Node]]:
        """Every documented status with its response."""
        return self.node.child("responses").items()

    def successes(self) -> Iterator[tuple[str, Node]]:
        """The 2xx responses."""
        return ((status, node) for status, node in self.responses() if status.startswith("2"))


def operations(root: Node) -> Iterator[Operation]:
    """Walk the operations in the order in which the contract writes them."""
    for path, item in root.child("paths").items():
        for method in (key for key in item.value if key in METHODS):
            node = item.child(method)
            shared = [parameter for _, parameter in item.child("parameters").items()]
            own = [parameter for _, parameter in node.child("parameters").items()]
            merged = {(p.get("in"), p.get("name")): p for p in shared + own}
            yield Operation(path, method, node, tuple(merged.values()))


def walk_schema(schema: Node, seen: set[str]) -> Iterator[Node]:
    """Walk a schema and every schema inside it, each place once."""
    if schema.value is None or schema.pointer in seen:
        return
    seen.add(schema.pointer)
    yield schema
    inner = [schema.child("items"), schema.child("not")]
    inner += [child for _, child in schema.child("properties").items()]
    if isinstance(schema.get("additionalProperties"), dict):
        inner.append(schema.child("additionalProperties"))
    inner += [child for key in COMPOSITIONS for _, child in schema.child(key).items()]
    for child in inner:
        yield from walk_schema(child, seen)


def request_schemas(root: Node) -> Iterator[Node]:
    """Walk every schema that describes what a client sends."""
    seen: set[str] = set()
    for operation in operations(root):
        for parameter in operation.parameters:
            yield from walk_schema(parameter.child("schema"), seen)
        for _, media in operation.body.child("content").items():
            yield from walk_schema(media.child("schema"), seen)


def all_schemas(root: Node) -> Iterator[Node]:
    """Walk every schema of the contract, the unused components too."""
    seen: set[str] = set()
    for schema in request_schemas(root):
        seen.add(schema.pointer)
        yield schema
    for operation in operations(root):
        for _, response in operation.responses():
            holders = [child for _, child in response.child("content").items()]
            holders += [child for _, child in response.child("headers").items()]
            for holder in holders:
                yield from walk_schema(holder.child("schema"), seen)
    for _, schema in root.child("components").child("schemas").items():
        yield from walk_schema(schema, seen)


def target(document: dict[str, Any], reference: str) -> Node:
    """Find what a local reference names; LookupError or ValueError when there is nothing."""
    if not reference.startswith("#/"):
        raise ValueError(reference)
    value: Any = document
    for part in reference[2:].split("/"):
        value = value[int(part)] if isinstance(value, list) else value[unescape(part)]
    return Node(document, reference[1:], value)


def escape(part: str) -> str:
    """Write one step of a JSON pointer."""
    return part.replace("~", "~0").replace("/", "~1")


def unescape(part: str) -> str:
    """Read one step of a JSON pointer."""
    return part.replace("~1", "/").replace("~0", "~")
