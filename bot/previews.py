"""What a citizen reads before and after a change, for the editor who decides about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import replace

from bot.answering import facts_for
from bot.desk import Desk, Knowledge, Library
from bot.dialogue import Place, Reply
from bot.views.answer import answer_reply
from bot.views.knowledge import Comparison
from knowledge.changes import touched_entries
from knowledge.checklist import UNCLEAR, first_questions
from knowledge.model import KnowledgeBase, ServicePackage

MOST_ENTRIES = 5
MOST_SITUATIONS = 24
EVERYWHERE = Place()


def comparisons(desk: Desk, after: KnowledgeBase) -> tuple[Comparison, ...]:
    """Return for each touched entry the lines of its answer that differ, where one does.

    Of the situations only those with one answer given are looked at: enough to show a changed
    fact, without going through every path.
    """
    changed = replace(desk, library=Library(Knowledge(after, desk.search)))
    touched = sorted(touched_entries(desk.base, after))[:MOST_ENTRIES]
    found = (_compare(desk, changed, id_) for id_ in touched if id_ in after.entries)
    return tuple(comparison for comparison in found if comparison is not None)


def _compare(desk: Desk, changed: Desk, entry_id: str) -> Comparison | None:
    after = changed.base.entries[entry_id]
    before = desk.base.entries.get(entry_id)
    for situation, answers in _situations(after):
        new = _lines(changed, after, answers)
        old = _lines(desk, before, answers) if before is not None else []
        if old != new:
            gone, come = _differing(old, new)
            return Comparison(after.name, situation, gone, come)
    return None


def _situations(entry: ServicePackage) -> Iterator[tuple[str, dict[str, str]]]:
    """Go through nobody's situation, then each single answer."""
    yield "", {}
    singles = [
        (f"{question.ask}{option.label}", {question.id: option.id})
        for question in entry.questions
        for option in question.options
    ]
    yield from singles[:MOST_SITUATIONS]


def _lines(desk: Desk, entry: ServicePackage, answers: Mapping[str, str]) -> list[str]:
    return listed_reply(desk, entry, answers).text.split("\n")


def listed_reply(desk: Desk, entry: ServicePackage, answers: Mapping[str, str]) -> Reply:
    """Return the list at once, what would be asked first counting as unclear."""
    complete = dict(answers)
    while pending := [q for q in first_questions(entry, complete) if q.id not in complete]:
        complete.update({question.id: UNCLEAR for question in pending})
    return answer_reply(facts_for(desk, entry, complete, EVERYWHERE))


def _differing(old: list[str], new: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    gone, come = [], []
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind != "equal":
            gone += old[a:b]
            come += new[c:d]
    return tuple(filter(None, gone)), tuple(filter(None, come))
