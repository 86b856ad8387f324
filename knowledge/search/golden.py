"""Check a trained search against the golden questions, and warn of wordings that stray."""

from collections.abc import Iterator
from pathlib import Path

from knowledge.model import KnowledgeBase, ServicePackage
from knowledge.positions import Positions, entry_file
from knowledge.problems import Problem, Severity, sort_problems
from knowledge.search.engine import Search
from knowledge.search.understanding import Outcome, Understanding
from knowledge.search.warnings import alias_warnings, close_entries


def golden_problems(base: KnowledgeBase, search: Search, folder: Path) -> tuple[Problem, ...]:
    """List the golden questions that the search no longer understands as their entry.

    An untrained search knows too little to be held to them.
    """
    if not search.is_trained:
        return ()
    positions = Positions(folder)
    return sort_problems(
        problem
        for entry in base.entries.values()
        for problem in _failing(base, entry, search, positions)
    )


def _failing(
    base: KnowledgeBase, entry: ServicePackage, search: Search, positions: Positions
) -> Iterator[Problem]:
    for number, question in enumerate(entry.golden):
        found = search.understand(question)
        if _is_understood(found, entry.id):
            continue
        file = entry_file(entry.id)
        line = positions.line(file, ("golden", number))
        text = (
            f"考题“{question}”该认成“{entry.short_name}”，现在{_taken_for(base, found)}："
            f"请给“{entry.short_name}”加一个相近的说法，或收回刚才的改动"
        )
        yield Problem(file, line, Severity.ERROR, text)


def _is_understood(found: Understanding, entry_id: str) -> bool:
    if found.outcome is Outcome.SEVERAL:
        return entry_id in {one.entry_id for one in found.candidates[:2]}
    return found.outcome is not Outcome.NOTHING and found.candidates[0].entry_id == entry_id


def _taken_for(base: KnowledgeBase, found: Understanding) -> str:
    if found.outcome is Outcome.NOTHING:
        door = base.signposts.get(found.door) if found.door else None
        return f"认成了指路牌“{door.name}”" if door else "认成了范围外"
    return f"认成了“{base.entries[found.candidates[0].entry_id].short_name}”"


def wording_warnings(base: KnowledgeBase, search: Search, folder: Path) -> tuple[Problem, ...]:
    """Warn of aliases that the search gives to another entry, and of entries too much alike."""
    if not search.is_trained:
        return ()
    positions = Positions(folder)
    return sort_problems((*_strays(base, search, positions), *_twins(base, search)))


def _strays(base: KnowledgeBase, search: Search, positions: Positions) -> Iterator[Problem]:
    for one in alias_warnings(search):
        entry, other = base.entries[one.entry_id], base.entries[one.given_to]
        file = entry_file(entry.id)
        line = positions.line(file, ("aliases", one.wording))
        text = (
            f"说法“{one.wording}”听着像“{other.short_name}”（{one.share:.0%}）："
            f"真是“{entry.short_name}”的就再加几个相近的说法，不是就挪过去"
        )
        yield Problem(file, line, Severity.WARNING, text)


def _twins(base: KnowledgeBase, search: Search) -> Iterator[Problem]:
    for pair in close_entries(search):
        first, second = base.entries[pair.first], base.entries[pair.second]
        text = (
            f"和“{second.short_name}”的说法容易混（{pair.share:.0%}）。帮得上忙的字："
            f"“{first.short_name}”用{'、'.join(pair.first_words) or '（没有）'}；"
            f"“{second.short_name}”用{'、'.join(pair.second_words) or '（没有）'}"
        )
        yield Problem(entry_file(first.id), 1, Severity.WARNING, text)
