"""Warm overhead: seconds per request, in process, without AWS."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks import surroundings

MODULES = {
    "ours": "benchmarks.peers.lifestyle",
    "FastAPI": "benchmarks.peers.fastapi_mangum",
    "Powertools": "benchmarks.peers.powertools",
    "Connexion": "benchmarks.peers.connexion_stock",
    "Starlette, bare": "benchmarks.peers.starlette_raw",
    "floor": "benchmarks.peers.floor",
}
WITHOUT_ASGI = ("Powertools", "floor")
# Of 201 Created or 200 OK, what each must answer before it is measured.
STATUSES = {"POST": 201, "GET": 200, "GET, new token": 200}


@dataclass
class Worker:
    """A peer's process."""

    process: subprocess.Popen[str]

    def ask(self, way: str, events: list[dict[str, Any]]) -> Any:
        """Let the peer answer a batch; return the seconds per request."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps({"way": way, "events": events}) + "\n")
        self.process.stdin.flush()
        reply = self.process.stdout.readline()
        if not reply:
            raise RuntimeError("a peer has ended; what it wrote is above")
        return json.loads(reply)


@contextmanager
def worker(peer: str, installation: surroundings.Installation) -> Iterator[Worker]:
    process = subprocess.Popen(
        [installation.python, "-m", "benchmarks.worker", MODULES[peer]],
        cwd=installation.tree,
        env=installation.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Worker(process)
    finally:
        process.kill()
        process.communicate()


class Requests:
    """Batches of the measured requests; a token is used again, or is always a new one."""

    def __init__(self, keys: surroundings.Keys, size: int) -> None:
        self.size = size
        self._keys = keys
        self._token = keys.tokens(1)[0]

    def batch(self, kind: str) -> list[dict[str, Any]]:
        """Return the events of one batch."""
        if kind == "POST":
            return [surroundings.event("POST", "/v1/plans", surroundings.PLAN)] * self.size
        fresh = kind == "GET, new token"
        tokens = self._keys.tokens(self.size) if fresh else [self._token] * self.size
        return [surroundings.event("GET", "/v1/users/profile", token=token) for token in tokens]


def measure(
    rounds: int, size: int, installation: surroundings.Installation, keys: surroundings.Keys
) -> dict[str, dict[str, list[float]]]:
    """Return the seconds per request of every round, by scenario and peer, interleaved."""
    requests = Requests(keys, size)
    samples: dict[str, dict[str, list[float]]] = {}
    with ExitStack() as stack:
        workers = {peer: stack.enter_context(worker(peer, installation)) for peer in MODULES}
        for peer, process in workers.items():
            _check(peer, process, requests)
        for turn in range(rounds + 1):
            for kind in STATUSES:
                for way in ("asgi", "lambda"):
                    batch = requests.batch(kind)
                    row = samples.setdefault(f"{kind}, {way}", {})
                    for peer, process in _rotated(workers, turn):
                        if way == "asgi" and peer in WITHOUT_ASGI:
                            continue
                        seconds = process.ask(way, batch)
                        if turn:  # The first turn warms caches.
                            row.setdefault(peer, []).append(seconds)
    return samples


def _check(peer: str, process: Worker, requests: Requests) -> None:
    for kind, status in STATUSES.items():
        answer = process.ask("check", requests.batch(kind)[:1])
        if answer["statusCode"] != status:
            raise RuntimeError(f"{peer} answers {answer} to {kind}")


def _rotated(workers: dict[str, Worker], turn: int) -> list[tuple[str, Worker]]:
    """Return the peers, another one first in every turn."""
    pairs = list(workers.items())
    start = turn % len(pairs)
    return pairs[start:] + pairs[:start]
