"""What makes a new password too easy to guess; the one rule of sign-up, change and reset.

Its length (8 to 128) and its characters are the contract's `NewPassword`, checked before anything
here runs. There are no composition rules (ASVS 6.2.5). What is refused: the passwords that every
attacker tries first (6.2.4), and those made of what is known of the person (6.2.11).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from service.domain.errors import CommonPassword, PersonalPassword

COMMON = Path(__file__).with_name("common_passwords.txt")
"""One a line, in lower case; source and licence are in the file beside it."""

APPLICATION = "lifestyle"
SHORTEST_WORD = 4
"""Shorter words are in too many good passwords."""

FURTHER = 4
"""How many characters around a word do not make it a password: `Lovelace1815`, `!ada.byron!`."""


def refuse_guessable(password: str, email: str, names: Sequence[str] = ()) -> None:
    """Return if a new password is hard enough to guess, whatever its case.

    Raises `CommonPassword`, `PersonalPassword`.
    """
    folded = password.casefold()
    # Searching 82 kB takes 50 us at worst; a set would take 1 ms to make and 0.9 MB to keep.
    if f"\n{folded}\n".encode() in _common():
        raise CommonPassword
    known = [word.casefold() for word in (APPLICATION, email.partition("@")[0], *names)]
    known.append("".join(name.casefold() for name in names))
    for word in known:
        if len(word) >= SHORTEST_WORD and word in folded and len(folded) - len(word) <= FURTHER:
            raise PersonalPassword


@cache
def _common() -> bytes:
    return COMMON.read_bytes()
