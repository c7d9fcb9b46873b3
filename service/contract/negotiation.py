"""Media types: what a request says its body is, and what it accepts in return (RFC 9110)."""

from functools import lru_cache
from typing import Final

_MAX_LENGTH: Final = 1024


@lru_cache(maxsize=256)
def media_type(header: bytes) -> str | None:
    """Return the lower-case media type of a Content-Type, or None if it cannot be accepted.

    None for a charset other than UTF-8, for a repeated charset, and for what does not parse.
    """
    if len(header) > _MAX_LENGTH or not header.isascii():
        return None
    essence, *parameters = header.decode().split(";")
    charsets = []
    for parameter in parameters:
        name, separator, value = parameter.strip().partition("=")
        if not separator and name:
            return None
        if name.lower() == "charset":
            charsets.append(value.strip('"').lower())
    if charsets not in ([], ["utf-8"]):
        return None
    return essence.strip().lower()


@lru_cache(maxsize=256)
def _ranges(header: str) -> tuple[tuple[str, float], ...] | None:
    """Return the media ranges of an Accept header with their weights, None if it is malformed."""
    ranges = []
    for part in header.lower().split(","):
        essence, *parameters = (piece.strip() for piece in part.split(";"))
        if not essence:
            continue
        weight = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    weight = float(parameter[2:])
                except ValueError:
                    return None
        ranges.append((essence, weight))
    return tuple(ranges)


def _weight(media: str, ranges: tuple[tuple[str, float], ...]) -> float:
    """Return the weight of the most specific range that matches (RFC 9110 section 12.5.1)."""
    for wanted in (media, media.split("/", maxsplit=1)[0] + "/*", "*/*"):
        for essence, weight in ranges:
            if essence == wanted:
                return weight
    return 0.0


@lru_cache(maxsize=1024)
def accepts(header: bytes | None, offered: tuple[str, ...]) -> bool:
    """Tell whether an Accept header takes one of the media types that an operation offers.

    An absent, empty or unreadable header accepts everything, as RFC 9110 section 12.5.1 says of
    the first.
    """
    if not header or not offered or len(header) > _MAX_LENGTH:
        return True
    ranges = _ranges(header.decode("latin-1"))
    return not ranges or any(_weight(media, ranges) > 0 for media in offered)
