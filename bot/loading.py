"""From the knowledge folder to the knowledge in force: load, check, and build the search."""

from __future__ import annotations

from datetime import date

from bot.desk import Knowledge
from bot.settings import Settings
from knowledge.check import check_folder
from knowledge.model import KnowledgeBase
from knowledge.problems import Problem, has_error
from knowledge.search.engine import build_search
from knowledge.search.material import (
    SearchDoor,
    SearchEntry,
    SearchMaterial,
    SearchOption,
    SearchQuestion,
)

CACHE = "cache"


def load_current(
    settings: Settings, *, today: date
) -> tuple[Knowledge | None, tuple[Problem, ...]]:
    """Load and check the knowledge folder; None with the problems where it has errors."""
    cache_dir = settings.data_dir / CACHE
    base, problems = check_folder(settings.knowledge_dir, today=today, cache_dir=cache_dir)
    if base is None or has_error(problems):
        return None, problems
    search = build_search(search_material(base), cache_dir=cache_dir)
    return Knowledge(base, search), problems


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
