"""A text as a picture that a telephone scans."""

from __future__ import annotations

import base64
from io import BytesIO

MODULE = 4
"""Pixels to the side of one module; a link of 150 characters makes a picture of about 230."""


def data_uri(text: str) -> str:
    """Return a QR code (ISO/IEC 18004) of a text, as a PNG in a data URI (RFC 2397)."""
    import segno  # noqa: PLC0415  # One operation in twenty needs it, and no cold start.

    picture = BytesIO()
    segno.make(text, error="m", micro=False).save(picture, kind="png", scale=MODULE)
    return "data:image/png;base64," + base64.b64encode(picture.getvalue()).decode()
