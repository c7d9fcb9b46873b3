"""The same requests through stock Connexion and through ours.

A plain request is answered alike by both. A request that carries the sign of a row of the defects
may be answered differently, and every difference has to be one of a row whose sign it carries.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.client import Client
from tests.contract.shed import TOOL_ID, Shed


@dataclasses.dataclass(frozen=True)
class Sent:
    """A request to be, and the rows whose signs it carries."""

    method: str
    path: str
    query: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    chunked: bool = False
    rows: frozenset[int] = frozenset()

    def with_header(self, name: str, text: str) -> Sent:
        kept = tuple(pair for pair in self.headers if pair[0] != name)
        return dataclasses.replace(self, headers=(*kept, (name, text)))

    def with_member(self, name: str, value: Any) -> Sent:
        """Return the request with one more member in its JSON object."""
        try:
            members = json.loads(self.body or b"{}")
        except ValueError:
            return self
        if not isinstance(members, dict):
            return self
        return dataclasses.replace(self, body=json.dumps({**members, name: value}).encode())


Sign = tuple[int, Callable[[Sent], Sent]]


def _text(addition: bytes) -> Callable[[Sent], Sent]:
    """Write an addition into the body's text, behind its last member."""
    return lambda sent: dataclasses.replace(
        sent, body=sent.body[:-1] + addition + b"}" if len(sent.body) > 2 else sent.body
    )


def _query(pair: str) -> Callable[[Sent], Sent]:
    return lambda sent: dataclasses.replace(sent, query=(*sent.query, pair))


SIGNS: list[Sign] = [
    (2, lambda sent: sent.with_header("content-type", "application/json;charset=latin-1")),
    (2, lambda sent: sent.with_header("content-type", "application/json;charset=utf-7")),
    (4, lambda sent: sent.with_header("content-type", "APPLICATION/JSON")),
    (7, lambda sent: sent.with_member("note", "x" * 70_000)),
    (9, lambda sent: sent.with_member("slug", "saw\n")),
    (10, lambda sent: dataclasses.replace(sent, path=sent.path + "/")),
    (10, lambda sent: dataclasses.replace(sent, path="/v1")),
    (15, lambda sent: dataclasses.replace(
        sent, headers=(*sent.headers, ("authorization", "Bearer ada"), ("authorization", "x"))
    )),
    (17, lambda sent: dataclasses.replace(sent, body=sent.body + b"\xff")),
    (17, _text(b',"count":' + b"7" * 4400)),
    (19, lambda sent: dataclasses.replace(sent, chunked=True)),
    (20, lambda sent: sent.with_header("x-depth", "3")),
    (21, lambda sent: sent.with_member("bought", "tomorrow")),
    (21, lambda sent: sent.with_member("count", 2**40)),
    (21, lambda sent: sent.with_member("label", "?")),
    (24, lambda sent: sent.with_member("id", TOOL_ID)),
    (25, _text(b',"price":NaN')),
    (25, _text(b',"kind":"drill"')),
    (25, _text(b',"note":"\\udc00"')),
    (26, _query("limit=1_0")),
    (26, _query("weight=nan")),
    (27, _query("colour=red")),
    (28, lambda sent: sent.with_header("accept", "text/html")),
    (28, lambda sent: dataclasses.replace(sent, method="HEAD") if sent.method == "GET" else sent),
    (29, lambda sent: sent.with_header("content-type", "application/json ;charset=utf-8")),
]  # fmt: skip


def _body(members: dict[str, Any]) -> bytes:
    return json.dumps(members).encode()


JSON = (("content-type", "application/json"),)
CARD = ("authorization", "Bearer ada")

names = st.sampled_from(["Japanese saw", "Bohrer-Ä 7", "abc", "ab", "", 7, None])
kinds = st.sampled_from(["saw", "drill", "bomb", ["saw"]])
extras = st.dictionaries(
    st.sampled_from(["note", "steps", "price", "zip"]),
    st.sampled_from([None, "aaa", 0, 5, 2.5, {}, True]),
    max_size=2,
)
tools = st.builds(
    lambda name, kind, extra: _body({"name": name, "kind": kind, **extra}), names, kinds, extras
)
queries = st.lists(
    st.sampled_from(["limit=5", "weight=2.5", "sharp=true", "kind=saw", "since=2026-01-31"]),
    max_size=3,
    unique=True,
).map(tuple)
wrong_queries = st.sampled_from([("limit=0",), ("limit=x",), ("sharp=maybe",), ("kind=bomb",)])
cards = st.sampled_from([(), (CARD,), (("authorization", "Bearer eve"),)])

tool_paths = st.sampled_from([f"/v1/tools/{TOOL_ID}", "/v1/tools/featured"])

plain = st.one_of(
    st.builds(Sent, st.just("GET"), st.just("/v1/tools"), query=queries | wrong_queries),
    st.builds(Sent, st.just("POST"), st.just("/v1/tools"), headers=st.just(JSON), body=tools),
    st.builds(Sent, st.just("GET"), tool_paths),
    st.builds(Sent, st.just("GET"), st.sampled_from(["/v1/weights/12.5", "/v1/weights/-1"])),
    st.builds(Sent, st.sampled_from(["GET", "DELETE"]), st.just("/v1/members/me"), headers=cards),
    st.builds(
        Sent,
        st.just("PATCH"),
        st.just(f"/v1/tools/{TOOL_ID}"),
        headers=cards.map(lambda card: JSON + card),
        body=kinds.map(lambda kind: _body({"kind": kind})),
    ),
    st.builds(Sent, st.sampled_from(["PUT", "GET"]), st.sampled_from(["/v1/shed", "/v2"])),
    st.builds(Sent, st.just("PUT"), st.just("/v1/tools")),
)  # fmt: skip


@st.composite
def requests(draw: st.DrawFn) -> Sent:
    """A plain request, with the signs of up to two rows."""
    sent: Sent = draw(plain)
    for row, mark in draw(st.lists(st.sampled_from(SIGNS), max_size=2)):
        marked = mark(sent)
        if marked != sent:
            sent = dataclasses.replace(marked, rows=sent.rows | {row})
    return sent


@dataclasses.dataclass
class Pair:
    """Both engines, with what each handler was given."""

    ours: tuple[Client, Shed]
    stock: tuple[Client, Shed]

    def run(self, sent: Sent) -> tuple[Any, Any]:
        return self._one(self.ours, sent), self._one(self.stock, sent)

    @staticmethod
    def _one(side: tuple[Client, Shed], sent: Sent) -> tuple[int, Any]:
        client, shed = side
        shed.arrived.clear()
        target = sent.path + ("?" + "&".join(sent.query) if sent.query else "")
        answer = client.send(
            sent.method, target, headers=sent.headers, body=sent.body, chunked=sent.chunked
        )
        return answer.status, [repr(sorted(call.items())) for call in shed.arrived]


@pytest.fixture(scope="module")
def pair(bundle: dict[str, Any]) -> Pair:
    ours, stock = Shed(), Shed()
    return Pair((Client(ours.app(bundle)), ours), (Client(stock.app(bundle, stock=True)), stock))


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(sent=requests())
def test_every_difference_from_stock_is_a_row(pair: Pair, sent: Sent) -> None:
    """Ours and stock agree, or the request carries the sign of a measured defect."""
    ours, stock = pair.run(sent)

    assert ours == stock or sent.rows, (sent, ours, stock)
    assert ours[0] < 500, (sent, ours)


@pytest.mark.parametrize("row", sorted({row for row, _ in SIGNS}))
def test_a_sign_makes_a_difference(pair: Pair, row: int) -> None:
    """Each sign alone on a request that both accept shows its row: no sign is an idle excuse."""
    good = [
        Sent("POST", "/v1/tools", headers=JSON, body=_body({"name": "Saw", "kind": "saw"})),
        Sent("GET", "/v1/tools"),
        Sent("GET", f"/v1/tools/{TOOL_ID}"),
        Sent("GET", "/v1/members/me", headers=(CARD,)),
    ]

    def differs(mark: Callable[[Sent], Sent], sent: Sent) -> bool:
        ours, stock = pair.run(mark(sent))
        return bool(ours[0] != stock[0] or ours[1] != stock[1])

    marks = [mark for number, mark in SIGNS if number == row]

    assert all(any(differs(mark, sent) for sent in good) for mark in marks)
