"""From the knowledge folder to the knowledge in force: load, check, and build the search."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from bot.desk import Knowledge
from bot.settings import Settings
from knowledge.check import check_folder
from knowledge.load import load_knowledge
from knowledge.model import KnowledgeBase
from knowledge.problems import Problem, has_error
from knowledge.search.engine import Search, build_search
from knowledge.search.gather import SHIPPED_WEIGHTS, search_material

CACHE = "cache"


def load_current(
    settings: Settings, *, today: date
) -> tuple[Knowledge | None, tuple[Problem, ...]]:
    """Load and check the knowledge folder; None with the problems where it has errors."""
    cache_dir = settings.data_dir / CACHE
    base, problems = check_folder(settings.knowledge_dir, today=today, cache_dir=cache_dir)
    if base is None or has_error(problems):
        return None, problems
    return Knowledge(base, search_over(base, cache_dir)), problems


def load_to_ask(settings: Settings) -> tuple[Knowledge | None, tuple[Problem, ...]]:
    """Load without the rules across files: enough to tell what a question is understood as."""
    cache_dir = settings.data_dir / CACHE
    base, problems = load_knowledge(settings.knowledge_dir, cache_dir=cache_dir)
    if base is None:
        return None, problems
    return Knowledge(base, search_over(base, cache_dir)), problems


def search_over(base: KnowledgeBase, cache_dir: Path | None) -> Search:
    """Build the search over a knowledge base, trained already where weights are kept for it."""
    material = search_material(base)
    return build_search(material, cache_dir=cache_dir, shipped=SHIPPED_WEIGHTS)
