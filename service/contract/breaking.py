"""Tell which changes of a contract break clients that follow the old one.

    python -m service.contract.breaking OLD NEW    exit 1 and say each in a sentence

What a request may hold can only grow, what a response holds can only be narrowed. Bounds of
responses are left alone: a client that reads a longer text than before is not broken by it.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service.contract.compile import load
from service.contract.lint.node import COMPOSITIONS, Node, Operation, operations

REQUEST, RESPONSE = "request", "response"
# The properties of a schema that do not take part in a direction.
HIDDEN = {REQUEST: "readOnly", RESPONSE: "writeOnly"}
CEILINGS = ("maxLength", "maxItems", "maxProperties", "maximum")
FLOORS = ("minLength", "minItems", "minProperties", "minimum")


@dataclass(frozen=True, slots=True)
class Change:
    """A breaking change: where it is, and what it does to a client."""

    place: str
    effect: str

    def __str__(self) -> str:
        return f"{self.place}: {self.effect}."


@dataclass(frozen=True, slots=True)
class Pair:
    """A schema before and after, in one direction, and the way to it for the message."""

    old: Node
    new: Node
    direction: str
    place: str

    def step(self, old: Node, new: Node, name: str) -> Pair:
        """Go to a schema inside this one."""
        return Pair(old, new, self.direction, f"{self.place}{name}")

    def change(self, effect: str) -> Change:
        """Report what happens here."""
        return Change(self.place, effect)


def compare(old: dict[str, Any], new: dict[str, Any]) -> list[Change]:
    """List the breaking changes between two valid contracts; empty when clients can stay."""
    after = {_address(operation): operation for operation in operations(Node(new, "", new))}
    changes: dict[Change, None] = {}
    # A component is compared where it is met first; every further use would repeat it.
    seen: set[tuple[str, str, str]] = set()
    for operation in operations(Node(old, "", old)):
        successor = after.get(_address(operation))
        if successor is None:
            changes[Change(operation.name, "the operation is gone")] = None
            continue
        for rule in RULES:
            for finding in rule(operation, successor):
                found = _schema(finding, seen) if isinstance(finding, Pair) else [finding]
                changes.update(dict.fromkeys(found))
    return list(changes)


def _address(operation: Operation) -> tuple[str, str]:
    # The name of a placeholder is no part of the address that a client writes.
    return operation.method, re.sub(r"\{[^}]*\}", "{}", operation.path)


def _name(old: Operation, new: Operation) -> Iterator[Change]:
    if new.name != old.name:
        yield Change(old.name, f"its operationId is now {new.name}, the name clients call it by")


def _security(old: Operation, new: Operation) -> Iterator[Change]:
    lost = [entry for entry in old.security if entry not in new.security]
    if new.security and not old.security:
        yield Change(old.name, "it needs credentials now and was public")
    elif new.security and lost:
        names = ", ".join(sorted(name for entry in lost for name in entry))
        yield Change(old.name, f"it no longer accepts {names}")


def _parameters(old: Operation, new: Operation) -> Iterator[Change | Pair]:
    before, after = ({_slot(p, o): p for p in o.parameters} for o in (old, new))
    for slot, parameter in after.items():
        if slot not in before and parameter.get("required"):
            yield Change(old.name, f"the new parameter {slot} is required")
        elif slot in before and parameter.get("required") and not before[slot].get("required"):
            yield Change(old.name, f"the parameter {slot} is required now")
    for slot, parameter in before.items():
        if slot not in after:
            yield Change(old.name, f"the parameter {slot} is gone, and sending it is refused")
        else:
            schemas = parameter.child("schema"), after[slot].child("schema")
            yield Pair(*schemas, REQUEST, f"{old.name} {slot}")


def _slot(parameter: Node, operation: Operation) -> str:
    name = parameter.get("name")
    if parameter.get("in") == "path":
        name = re.findall(r"\{([^}]*)\}", operation.path).index(name)
    return f"{parameter.get('in')} {name}".lower()


def _body(old: Operation, new: Operation) -> Iterator[Change | Pair]:
    if new.body.get("required") and not old.body.get("required"):
        yield Change(old.name, "a body is required now")
    yield from _content(old.body, new.body, REQUEST, f"{old.name} body")


def _responses(old: Operation, new: Operation) -> Iterator[Change | Pair]:
    after = dict(new.responses())
    for status, response in old.responses():
        if status in after:
            place = f"{old.name} {status}"
            yield from _headers(response, after[status], place)
            yield from _content(response, after[status], RESPONSE, place)
        elif status.startswith("2"):
            yield Change(old.name, f"it no longer answers {status}")


def _headers(old: Node, new: Node, place: str) -> Iterator[Change]:
    left = {name.lower() for name in new.get("headers") or {}}
    for name in old.get("headers") or {}:
        if name.lower() not in left:
            yield Change(place, f"the header {name} is gone")


def _content(old: Node, new: Node, direction: str, place: str) -> Iterator[Change | Pair]:
    for media_type, media in old.child("content").items():
        successor = new.child("content").child(media_type)
        if successor.value is None:
            yield Change(place, f"the media type {media_type} is gone")
        else:
            yield Pair(media.child("schema"), successor.child("schema"), direction, place)


def _schema(pair: Pair, seen: set[tuple[str, str, str]]) -> Iterator[Change]:
    key = (pair.old.pointer, pair.new.pointer, pair.direction)
    if key in seen:
        return
    seen.add(key)
    if pair.old.get("type") != pair.new.get("type"):
        types = f"{pair.old.get('type')} becomes {pair.new.get('type')}"
        yield pair.change(f"the type changes, {types}")
        return
    for rule in SCHEMA_RULES[pair.direction]:
        yield from rule(pair)
    yield from _properties(pair, seen)
    yield from _branches(pair, seen)
    if pair.old.has("items"):
        yield from _schema(pair.step(pair.old.child("items"), pair.new.child("items"), "/0"), seen)


def _properties(pair: Pair, seen: set[tuple[str, str, str]]) -> Iterator[Change]:
    before, after = ({*_visible(node, pair.direction)} for node in (pair.old, pair.new))
    required = [set(node.get("required") or []) for node in (pair.old, pair.new)]
    for name in sorted(before - after):
        yield pair.change(f"the property {name} is gone")
    if pair.direction == REQUEST:
        for name in sorted((required[1] & after) - required[0]):
            yield pair.change(f"the property {name} is required now")
    else:
        for name in sorted((required[0] & before & after) - required[1]):
            yield pair.change(f"the property {name} can be absent now")
    for name in sorted(before & after):
        old, new = (node.child("properties").child(name) for node in (pair.old, pair.new))
        yield from _schema(pair.step(old, new, f"/{name}"), seen)


def _visible(schema: Node, direction: str) -> Iterator[str]:
    for name, member in schema.child("properties").items():
        if not member.get(HIDDEN[direction]):
            yield name


def _branches(pair: Pair, seen: set[tuple[str, str, str]]) -> Iterator[Change]:
    for keyword in COMPOSITIONS:
        before, after = (
            {branch.pointer.rpartition("/")[2]: branch for _, branch in node.child(keyword).items()}
            for node in (pair.old, pair.new)
        )
        # Every part of an allOf binds; of a oneOf and an anyOf each is a choice.
        stricter = (
            after.keys() - before.keys() if keyword == "allOf" else before.keys() - after.keys()
        )
        looser = (before.keys() ^ after.keys()) - stricter
        for name in sorted(stricter if pair.direction == REQUEST else looser):
            yield pair.change(f"{name} comes or goes within {keyword}, and clients rely on it")
        for name in sorted(before.keys() & after.keys()):
            yield from _schema(pair.step(before[name], after[name], f" as {name}"), seen)


def _narrower(pair: Pair) -> Iterator[Change]:
    for keywords, is_narrower in ((CEILINGS, _below), (FLOORS, _above)):
        for keyword in keywords:
            old, new = pair.old.get(keyword), pair.new.get(keyword)
            if new is not None and is_narrower(new, old):
                yield pair.change(f"{keyword} goes from {'none' if old is None else old} to {new}")


def _below(new: float, old: float | None) -> bool:
    return old is None or new < old


def _above(new: float, old: float | None) -> bool:
    return new > (0 if old is None else old)


def _other_form(pair: Pair) -> Iterator[Change]:
    for keyword in ("pattern", "format"):
        old, new = pair.old.get(keyword), pair.new.get(keyword)
        if new is not None and new != old:
            yield pair.change(f"the {keyword} changes, so values that were taken can be refused")


def _other_format(pair: Pair) -> Iterator[Change]:
    old, new = pair.old.get("format"), pair.new.get("format")
    if old is not None and old != new:
        yield pair.change(f"the format changes from {old} to {new}")


def _fewer_values(pair: Pair) -> Iterator[Change]:
    yield from _enum(pair, pair.old, pair.new, "is refused now")


def _more_values(pair: Pair) -> Iterator[Change]:
    yield from _enum(pair, pair.new, pair.old, "is an answer now that clients do not know")


def _enum(pair: Pair, wide: Node, narrow: Node, effect: str) -> Iterator[Change]:
    if narrow.has("enum") and not wide.has("enum"):
        yield pair.change(
            f"any other value than {', '.join(map(str, narrow.get('enum')))} {effect}"
        )
    elif narrow.has("enum"):
        for value in wide.get("enum"):
            if value not in narrow.get("enum"):
                yield pair.change(f"{value} {effect}")


def _no_null(pair: Pair) -> Iterator[Change]:
    if pair.old.get("nullable") and not pair.new.get("nullable"):
        yield pair.change("null is refused now")


def _null(pair: Pair) -> Iterator[Change]:
    if pair.new.get("nullable") and not pair.old.get("nullable"):
        yield pair.change("null is an answer now")


def _closed(pair: Pair) -> Iterator[Change]:
    if pair.new.get("additionalProperties") is False != pair.old.get("additionalProperties"):
        yield pair.change("the object is closed now, and unknown properties are refused")


Rule = Callable[[Operation, Operation], Iterator[Change | Pair]]
RULES: tuple[Rule, ...] = (_name, _security, _parameters, _body, _responses)
SCHEMA_RULES: dict[str, tuple[Callable[[Pair], Iterator[Change]], ...]] = {
    REQUEST: (_narrower, _other_form, _fewer_values, _no_null, _closed),
    RESPONSE: (_other_format, _more_values, _null),
}


def main(arguments: list[str] | None = None) -> int:
    """Print the breaking changes between two files; answer 1 if there are any."""
    parser = argparse.ArgumentParser(description="List the breaking changes of a contract.")
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    options = parser.parse_args(arguments)
    changes = compare(load(options.old.read_bytes()), load(options.new.read_bytes()))
    for change in changes:
        print(change)  # noqa: T201 - a command's output.
    return int(bool(changes))


if __name__ == "__main__":
    sys.exit(main())
