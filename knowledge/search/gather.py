"""Gather from a knowledge base what the search learns from."""

from pathlib import Path

from knowledge.model import KnowledgeBase
from knowledge.search.material import (
    SearchDoor,
    SearchEntry,
    SearchMaterial,
    SearchOption,
    SearchQuestion,
)

SHIPPED_WEIGHTS = Path(__file__).parents[1] / "trained"
"""Weights for the shipped knowledge (make weights), so that a first start need not train."""


def search_material(base: KnowledgeBase) -> SearchMaterial:
    """Return what the search learns from."""
    entries = tuple(
        SearchEntry(
            id=entry.id,
            name=entry.name,
            aliases=(entry.short_name, *entry.aliases),
            sayings=base.sayings.get(entry.id, ()),
            questions=tuple(
                SearchQuestion(
                    question.id,
                    tuple(SearchOption(o.id, o.label, o.words) for o in question.options),
                )
                for question in entry.questions
            ),
        )
        for entry in base.entries.values()
    )
    doors = tuple(SearchDoor(s.id, s.kind, s.name, s.phrases) for s in base.signposts.values())
    return SearchMaterial(entries, base.out_of_scope, doors)
