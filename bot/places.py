"""Where somebody is: from a window's code, or from a name in their words."""

from __future__ import annotations

from bot.dialogue import Place
from knowledge.model import KnowledgeBase


def place_of_window(base: KnowledgeBase, code: str) -> Place | None:
    """Return district, hall and window for a window's code, if there is such a window."""
    folded = code.strip().lower()
    for hall in base.places.values():
        if any(window.code == folded for window in hall.windows):
            return Place(hall.district, hall.id, folded)
    return None


def heard_place(base: KnowledgeBase, text: str) -> Place | None:
    """Return the district or hall that a text names by any of its names."""
    for hall in base.places.values():
        if hall.name in text or (hall.district is None and "市民之家" in text):
            return Place(hall.district, hall.id)
    named = [
        (len(name), district.name)
        for district in base.districts
        for name in (district.name, *district.names)
        if len(name) > 1 and name in text
    ]
    return Place(max(named)[1]) if named else None


def canonical_district(base: KnowledgeBase, name: str) -> str | None:
    """Return the canonical name of a district given by any of its names."""
    for district in base.districts:
        if name in (district.id, district.name, *district.names):
            return district.name
    return None
