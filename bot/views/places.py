"""Names of windows as people read them."""

from __future__ import annotations

from knowledge.model import KnowledgeBase


def window_name(base: KnowledgeBase, code: str) -> str:
    """Return hall and window for a window's code, or the code where it is not known."""
    for hall in base.places.values():
        for window in hall.windows:
            if window.code == code:
                return f"{hall.name}·{window.name}"
    return code


def short_window_name(base: KnowledgeBase, code: str) -> str:
    """Return district and window, as a chart has room for."""
    for hall in base.places.values():
        for window in hall.windows:
            if window.code == code:
                return f"{hall.district or hall.name}·{window.name}"
    return code
