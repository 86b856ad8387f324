"""QR codes as PNG bytes."""

from __future__ import annotations

import io

SCALE = 8


def qr_png(content: str) -> bytes:
    """Return the QR code of an address as PNG; its library is loaded at first use."""
    import segno

    buffer = io.BytesIO()
    segno.make(content, error="m").save(buffer, kind="png", scale=SCALE, border=4)
    return buffer.getvalue()
