"""From samples to ratios, a table, the targets of the project, and a plot."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import median

Samples = dict[str, dict[str, list[float]]]

RESULTS = Path(__file__).with_name("results")
REFERENCE = "FastAPI"
PEERS = ("ours", "FastAPI", "Powertools", "Connexion", "Starlette, bare", "floor")
PACKAGES = (
    "aws-lambda-powertools",
    "awslambdaric",
    "boto3",
    "connexion",
    "fastapi",
    "jsonschema-rs",
    "mangum",
    "pydantic",
    "pyjwt",
    "starlette",
)


@dataclass(frozen=True)
class Target:
    """A ratio of ours to a peer: `bound` fails the check, `goal` is what the design asks for."""

    scenario: str
    peer: str
    bound: float
    goal: float


TARGETS = (
    Target("cold start", "FastAPI", 0.75, 0.65),
    Target("cold start", "floor", 1.60, 1.30),
    Target("POST, asgi", "FastAPI", 0.50, 0.35),
    Target("POST, lambda", "FastAPI", 0.50, 0.35),
    Target("POST, lambda", "Starlette, bare", 2.00, 1.00),
    Target("GET, asgi", "FastAPI", 0.50, 0.30),
    Target("GET, lambda", "FastAPI", 0.50, 0.30),
    Target("GET, new token, asgi", "FastAPI", 0.75, 0.50),
)


def ratio(samples: Samples, scenario: str, peer: str, to: str) -> float:
    """Return the median of the rounds' ratios; a round's samples shared the machine's moment."""
    row = samples[scenario]
    return median(mine / other for mine, other in zip(row[peer], row[to], strict=True))


def table(samples: Samples) -> str:
    """Return the ratios to the reference as Markdown; smaller is faster."""
    lines = ["| | " + " | ".join(PEERS) + " |", "|---|" + "---:|" * len(PEERS)]
    for scenario, row in samples.items():
        cells = [
            f"{ratio(samples, scenario, peer, REFERENCE):.2f}" if peer in row else "-"
            for peer in PEERS
        ]
        lines.append(f"| {scenario} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def targets(samples: Samples) -> tuple[str, list[str]]:
    """Return the table of the targets, and those whose bound is missed."""
    lines = ["| ours against | | ratio | bound | goal |", "|---|---|---:|---:|---:|"]
    missed = []
    for target in TARGETS:
        reached = ratio(samples, target.scenario, "ours", target.peer)
        lines.append(
            f"| {target.peer} | {target.scenario} | {reached:.2f} "
            f"| {target.bound:.2f} | {target.goal:.2f} |"
        )
        if reached > target.bound:
            missed.append(f"{target.scenario} against {target.peer}: {reached:.2f}")
    return "\n".join(lines), missed


def write(samples: Samples, versions: dict[str, str]) -> Path:
    """Write the day's results as Markdown, JSON and SVG; return the Markdown's path."""
    today = date.today().isoformat()
    RESULTS.mkdir(exist_ok=True)
    listed = ", ".join(f"{name} {number}" for name, number in versions.items())
    text = (
        f"# {today}\n\nRatios to FastAPI, medians over the rounds; smaller is faster. {listed}.\n\n"
        f"{table(samples)}\n\n{targets(samples)[0]}\n\n![the table as bars]({today}.svg)\n"
    )
    document = {
        "date": today,
        "versions": versions,
        "seconds": {
            scenario: {peer: [round(x, 7) for x in values] for peer, values in row.items()}
            for scenario, row in samples.items()
        },
    }
    (RESULTS / f"{today}.json").write_text(json.dumps(document) + "\n")
    (RESULTS / f"{today}.svg").write_text(plot(samples))
    (RESULTS / f"{today}.md").write_text(text)
    return RESULTS / f"{today}.md"


def versions() -> dict[str, str]:
    """Return what was measured; run inside the environment of the peers."""
    found = {"CPython": platform.python_version(), "cores": str(os.cpu_count())}
    return {**found, **{name: version(name) for name in PACKAGES}}


def plot(samples: Samples) -> str:
    """Return the table as horizontal bars, cut off at twice the reference."""
    bars: list[str] = []
    y = 0
    for scenario, row in samples.items():
        bars.append(_text(0, y + 12, scenario, "font-weight='bold'"))
        y += 18
        for peer in (peer for peer in PEERS if peer in row):
            value = ratio(samples, scenario, peer, REFERENCE)
            width, fill = min(value, 2) * 200, "#0a7" if peer == "ours" else "#aaa"
            bars.append(_text(0, y + 11, peer))
            bars.append(f"<rect x='120' y='{y}' width='{width:.0f}' height='13' fill='{fill}'/>")
            bars.append(_text(124 + width, y + 11, f"{value:.2f}"))
            y += 16
        y += 10
    head = f"<svg xmlns='http://www.w3.org/2000/svg' width='600' height='{y}' "
    return head + "font-family='sans-serif' font-size='11'>" + "".join(bars) + "</svg>\n"


def _text(x: float, y: float, content: str, style: str = "") -> str:
    return f"<text x='{x:.0f}' y='{y:.0f}' {style}>{content}</text>"
