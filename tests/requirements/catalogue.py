"""The requirements as they are written in catalogue.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

CATALOGUE = Path(__file__).with_name("catalogue.toml")


@dataclass(frozen=True)
class Requirement:
    """What must hold, and where it comes from."""

    number: int
    text: str
    source: str


def requirements() -> list[Requirement]:
    """Read the catalogue."""
    entries = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))["requirement"]
    return [Requirement(**entry) for entry in entries]
