"""The coloured dots of the lights, drawn: phones of 2019 and before have no 🟡 and no 🟢."""

from __future__ import annotations

import re
from html import escape

_NAMES = {"🔴": "red", "🟡": "yellow", "🟢": "green", "⚪": "white", "⚫": "black"}
_LIGHT = re.compile("|".join(_NAMES))


def words_html(text: str) -> str:
    """Return a text escaped, its lights as dots that keep the character for who copies it."""
    return _LIGHT.sub(_dot, escape(text))


def _dot(found: re.Match[str]) -> str:
    light = found[0]
    return f'<span class="light {_NAMES[light]}" aria-hidden="true">{light}</span>'
