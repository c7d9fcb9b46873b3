"""Measures this service beside its peers: `make bench`.

python -m benchmarks PYTHON [--check] [--cold N] [--warm N] [--size N]

PYTHON is an interpreter with the service and all peers installed, as `make bench` makes one. Peers
take turns in every round and one is measured at a time, so that whatever else the machine does
meets all of them; the figures are ratios. `--check` writes nothing and exits 1 when a bound is
missed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

from benchmarks import cold, report, surroundings, warm


def main() -> int:
    """Measure, print the tables, and keep the results or judge them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("python", type=Path)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--cold", type=int, default=15, help="rounds of cold starts")
    parser.add_argument("--warm", type=int, default=15, help="rounds of warm batches")
    parser.add_argument("--size", type=int, default=200, help="requests in a warm batch")
    options = parser.parse_args()
    samples = measure(options)
    missed = report.targets(samples)[1]
    print(report.table(samples), report.targets(samples)[0], sep="\n\n")
    if options.check:
        print(*(f"missed: {target}" for target in missed), sep="\n")
        return 1 if missed else 0
    print(f"\n{report.write(samples, versions(options.python))}")
    return 0


def measure(options: argparse.Namespace) -> report.Samples:
    """Return the samples of all scenarios."""
    keys = surroundings.Keys()
    with surroundings.aws(keys) as endpoint:
        installation = surroundings.install(options.python.absolute(), endpoint)
        starts = cold_starts(options.cold, installation)
        return starts | warm.measure(options.warm, options.size, installation, keys)


def cold_starts(rounds: int, installation: surroundings.Installation) -> report.Samples:
    """Return the seconds of cold starts by the clock and of the processor."""
    clock: dict[str, list[float]] = {}
    processor: dict[str, list[float]] = {}
    peers = list(cold.HANDLERS)
    for turn in range(rounds + 1):
        start = turn % len(peers)
        for peer in peers[start:] + peers[:start]:
            elapsed, used = cold.measure(peer, installation)
            if turn:  # The first turn fills the page cache.
                clock.setdefault(peer, []).append(elapsed)
                processor.setdefault(peer, []).append(used)
    return {"cold start": clock, "cold start, processor": processor}


def versions(python: Path) -> dict[str, str]:
    """Return the versions that the peers' interpreter has."""
    code = "import json; from benchmarks import report; print(json.dumps(report.versions()))"
    done = subprocess.run(
        [python, "-c", code], cwd=surroundings.ROOT, check=True, capture_output=True, text=True
    )
    found: dict[str, str] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    sys.exit(main())
