"""Names of windows, and of what somebody answers for, as people read them."""

from __future__ import annotations

from bot.dialogue import Scope
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


def district_key(base: KnowledgeBase, key: str) -> str:
    """Return what a row by district is called; a hall of no district is a unit of its own."""
    hall = base.places.get(key)
    return hall.name if hall else key


def scope_words(base: KnowledgeBase, scope: Scope) -> str:
    """Return a scope in words, never in codes of ours; no narrowing is 全市."""
    window = window_name(base, scope.window) if scope.window else None
    # A hall's name begins with its district's, which is not said twice.
    district = None if window and window.startswith(scope.district or "-") else scope.district
    known = base.departments.get(scope.department or "")
    department = known.name if known else scope.department
    return "·".join(part for part in (district, department, window) if part) or "全市"
