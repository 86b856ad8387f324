"""Rules across the knowledge base: what the files say together must make sense.

The rules themselves stand in `checks/`, by what they are about; `load.py` checks single files.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from knowledge.checked import remembered
from knowledge.checks.inventory import take_inventory
from knowledge.checks.questions import check_questions
from knowledge.checks.references import check_entry_references, check_shared_references, known_ids
from knowledge.checks.upkeep import check_notices, check_upkeep
from knowledge.checks.wording import check_names, check_shared_wording, check_wording
from knowledge.load import read_folder
from knowledge.model import KnowledgeBase
from knowledge.positions import Positions, Report
from knowledge.problems import Problem, has_error, sort_problems

NO_POSITIONS = Positions(None)


def check_folder(
    folder: Path, *, today: date, cache_dir: Path | None = None
) -> tuple[KnowledgeBase | None, tuple[Problem, ...]]:
    """Read a knowledge folder and apply every rule; the base is None where there is an error."""
    loaded = read_folder(folder, cache_dir=cache_dir)

    def apply_rules() -> tuple[Problem, ...]:
        return check_knowledge(
            loaded.readable, today=today, positions=loaded.positions, unread=loaded.unread
        )

    clean = not loaded.problems and not loaded.unread
    found = (
        remembered(apply_rules, loaded.readable.version, today=today, cache_dir=cache_dir)
        if clean
        else apply_rules()
    )
    problems = sort_problems((*loaded.problems, *found))
    return (None if has_error(problems) else loaded.readable), problems


def check_knowledge(
    base: KnowledgeBase,
    *,
    today: date,
    positions: Positions = NO_POSITIONS,
    unread: frozenset[str] = frozenset(),
) -> tuple[Problem, ...]:
    """Return every problem of a knowledge base; names defined in unread files are let pass."""
    report = Report(positions)
    known = known_ids(base, unread)
    for entry in base.entries.values():
        inventory = take_inventory(entry)
        check_entry_references(inventory, known, report)
        check_questions(inventory, report)
        check_wording(inventory, report)
        check_upkeep(inventory, report, today=today)
    check_names(base, report)
    check_shared_references(base, known, report)
    check_shared_wording(base, report)
    check_notices(base, report, today=today)
    return report.problems()
