"""The checklist engine: an entry and a person's answers in, what applies to this person out.

Pure: no wording, no clock, no storage. A condition is true, false or open. Open is what an
unanswered or unclear question leaves behind; what hangs on it stays on the list, marked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum, StrEnum
from typing import TypeVar

from knowledge.model import (
    Confidence,
    Declarable,
    Deferrable,
    Exempt,
    Fact,
    Fee,
    HandIn,
    Item,
    KnowledgeBase,
    Limit,
    Location,
    Material,
    Note,
    OnlineChannel,
    Override,
    Question,
    Route,
    ServicePackage,
    Source,
    Step,
    When,
    is_local,
    is_trusted,
)

UNCLEAR = "unclear"
SKIPPED = "skipped"
OPEN_ANSWERS = frozenset({UNCLEAR, SKIPPED})
"""Answers that leave a question open: the person does not know, or did not want to be asked."""

MAX_FIRST_QUESTIONS = 2
Answers = Mapping[str, str]
AnyFact = TypeVar("AnyFact", bound=Fact)


class Truth(Enum):
    """Whether a condition holds for this person."""

    YES = 1
    NO = 2
    OPEN = 3


class Group(StrEnum):
    """How a material may be met."""

    REQUIRED = "required"
    DEFERRABLE = "deferrable"
    DECLARABLE = "declarable"
    EXEMPT = "exempt"
    ELSEWHERE = "elsewhere"


class Relief(StrEnum):
    """A way to lighten a material."""

    EXEMPT = "exempt"
    DEFERRABLE = "deferrable"
    DECLARABLE = "declarable"


@dataclass(frozen=True, slots=True)
class Because:
    """One reason why a material is asked of this person: a question and the answer to it."""

    question: Question
    phrases: tuple[str, ...]
    met: bool
    unclear: bool = False


@dataclass(frozen=True, slots=True)
class ListedMaterial:
    """A material that applies, or may apply, to this person."""

    id: str
    name: str
    group: Group
    hand_in: HandIn | None
    copies: int | None
    pieces: int | None
    serves: tuple[Item, ...]
    any_of: str | None
    holder: str | None
    issuer: str | None
    reason: str | None
    note: str | None
    optional: bool
    e_certificate: str | None
    exempt: Exempt | None
    deferrable: Deferrable | None
    declarable: Declarable | None
    withheld: tuple[Relief, ...]
    because: tuple[Because, ...]
    conditional: bool
    source: Source
    confidence: Confidence
    checked_on: date
    confirmed_by: str | None


@dataclass(frozen=True, slots=True)
class Checklist:
    """Everything that holds for one person's answers; facts with open conditions included."""

    entry: ServicePackage
    answers: Answers
    standings: Standings
    district: str | None
    on: date
    route: Route | None
    routes: tuple[Route, ...]
    materials: tuple[ListedMaterial, ...]
    items: tuple[Item, ...]
    steps: tuple[Step, ...]
    limits: tuple[Limit, ...]
    fees: tuple[Fee, ...]
    locations: tuple[Location, ...]
    channels: tuple[OnlineChannel, ...]
    conditions: tuple[Note, ...]
    not_supported: tuple[Note, ...]
    prepare: tuple[Note, ...]
    results: tuple[Note, ...]
    traps: tuple[Note, ...]
    questions: tuple[Question, ...]
    live_questions: tuple[Question, ...]

    @property
    def count(self) -> int:
        """Count what everyone with these answers must bring; any-of groups once."""
        return count_pieces(
            m for m in self.materials if m.group is Group.REQUIRED and not m.conditional
        )

    @property
    def unconfirmed_count(self) -> int:
        """Count what only other places demand; any-of groups once."""
        return count_pieces(
            m for m in self.materials if m.group is Group.ELSEWHERE and not m.conditional
        )

    def truth(self, fact: Fact) -> Truth:
        """Tell whether a fact of this entry holds for these answers."""
        return _holds(fact.when, self.standings)

    def first_question(self) -> Question | None:
        """Return the question to ask before the first list, if one is still unanswered."""
        for question in first_questions(self.entry, self.answers):
            if question.id not in self.answers:
                return question
        return None


def count_pieces(materials: Iterable[ListedMaterial]) -> int:
    """Count materials, each any-of group once and optional ones never."""
    seen: set[str] = set()
    total = 0
    for material in materials:
        if material.optional or (material.any_of and material.any_of in seen):
            continue
        if material.any_of:
            seen.add(material.any_of)
        total += 1
    return total


Standings = Mapping[str, tuple[Truth, str]]
"""For each question: whether it is asked of this person, and the answer given."""


def standings(entry: ServicePackage, answers: Answers) -> Standings:
    """Return how each question stands for these answers; conditions are read off it.

    A question may only hang on earlier ones (the checker sees to it), so one pass is enough.
    """
    found: dict[str, tuple[Truth, str]] = {}
    for question in entry.questions:
        found[question.id] = (_holds(question.when, found), answers.get(question.id, SKIPPED))
    return found


def _holds(when: When, found: Standings) -> Truth:
    """Evaluate a condition: false if one part is false, else open if one is open.

    A part that names a question which these answers rule out is false.
    """
    result = Truth.YES
    for question_id, options in when.items():
        asked, answer = found[question_id]
        if asked is Truth.NO:
            return Truth.NO
        if answer in OPEN_ANSWERS or asked is Truth.OPEN:
            result = Truth.OPEN
            if answer not in OPEN_ANSWERS and answer not in options:
                return Truth.NO
        elif answer not in options:
            return Truth.NO
    return result


def truth(entry: ServicePackage, when: When, answers: Answers) -> Truth:
    """Evaluate one condition for these answers."""
    return _holds(when, standings(entry, answers)) if when else Truth.YES


def first_questions(entry: ServicePackage, answers: Answers) -> tuple[Question, ...]:
    """Return the questions that come before the first list, at most two."""
    found = standings(entry, answers)
    live = (q for q in entry.questions if q.first and found[q.id][0] is Truth.YES)
    return tuple(live)[:MAX_FIRST_QUESTIONS]


def valid_answers(entry: ServicePackage, answers: Answers) -> dict[str, str]:
    """Keep the answers that this entry knows, in the order of its questions."""
    return {
        question.id: answers[question.id]
        for question in entry.questions
        if question.id in answers
        and (
            answers[question.id] in OPEN_ANSWERS
            or answers[question.id] in {option.id for option in question.options}
        )
    }


def checklist(
    base: KnowledgeBase,
    entry: ServicePackage,
    answers: Answers,
    *,
    today: date,
    district: str | None = None,
) -> Checklist:
    """Return what applies to a person with these answers, in this district, on this day."""
    answers = valid_answers(entry, answers)
    found = standings(entry, answers)
    overrides = [o for o in entry.overrides if district and district in o.districts]

    def living(facts: Sequence[AnyFact]) -> tuple[AnyFact, ...]:
        return tuple(
            f
            for f in facts
            if _in_force(f, today, district)
            and (not f.when or _holds(f.when, found) is not Truth.NO)
        )

    items = living(entry.items)
    return Checklist(
        entry=entry,
        answers=answers,
        standings=found,
        district=district,
        on=today,
        route=_route(found, living(entry.routes)),
        routes=living(entry.routes),
        materials=_listed(base, entry, living(_materials(entry, overrides)), items, answers, found),
        items=items,
        steps=living(entry.steps),
        limits=living(_replaced(entry.limits, [o.limits for o in overrides])),
        fees=living(_replaced(entry.fees, [o.fees for o in overrides])),
        locations=living(_replaced(entry.locations, [o.locations for o in overrides])),
        channels=living(entry.channels),
        conditions=living((*entry.conditions, *(n for o in overrides for n in o.notes))),
        not_supported=living(entry.not_supported),
        prepare=living(entry.prepare),
        results=living(entry.results),
        traps=living(entry.traps),
        questions=tuple(q for q in entry.questions if found[q.id][0] is not Truth.NO),
        live_questions=_live_questions(entry, answers, found),
    )


def _in_force(fact: Fact, today: date, district: str | None) -> bool:
    if fact.districts and district is not None and district not in fact.districts:
        return False
    return (fact.valid_from is None or fact.valid_from <= today) and (
        fact.valid_to is None or today <= fact.valid_to
    )


def _route(found: Standings, routes: Sequence[Route]) -> Route | None:
    """Return the first route that certainly holds, unless an earlier one is still open."""
    for route in routes:
        return route if _holds(route.when, found) is Truth.YES else None
    return None


def _materials(entry: ServicePackage, overrides: Sequence[Override]) -> tuple[Material, ...]:
    materials = {material.id: material for material in entry.materials}
    for override in overrides:
        for material_id in override.without_materials:
            materials.pop(material_id, None)
        materials.update({material.id: material for material in override.materials})
    return tuple(materials.values())


def _replaced(
    facts: tuple[AnyFact, ...], of_overrides: Sequence[tuple[AnyFact, ...]]
) -> tuple[AnyFact, ...]:
    """Return a district's own facts of a sort where it has any, else the city's."""
    own = tuple(fact for facts_of in of_overrides for fact in facts_of)
    return own or facts


def _listed(
    base: KnowledgeBase,
    entry: ServicePackage,
    materials: Sequence[Material],
    items: Sequence[Item],
    answers: Answers,
    found: Standings,
) -> tuple[ListedMaterial, ...]:
    listed = [_list_material(base, entry, m, items, answers, found) for m in materials]
    return tuple(m for m in listed if m is not None)


def _list_material(
    base: KnowledgeBase,
    entry: ServicePackage,
    material: Material,
    items: Sequence[Item],
    answers: Answers,
    found: Standings,
) -> ListedMaterial | None:
    serves = tuple(item for item in items if item.id in material.serves)
    if material.serves and not serves:
        return None
    source = entry.source(material.source)
    shared = base.materials.get(material.shared) if material.shared else None
    reliefs = _reliefs(material, found)
    granted, withheld = _split_reliefs(entry, reliefs)
    because = tuple(_because(entry, material.when, answers))
    return ListedMaterial(
        id=material.id,
        name=material.name or (shared.name if shared else material.id),
        group=_group(material, source, granted),
        hand_in=material.hand_in,
        copies=material.copies,
        pieces=material.pieces,
        serves=serves,
        any_of=material.any_of,
        holder=material.holder,
        issuer=material.issuer or (shared.issuer if shared else None),
        reason=material.reason,
        note=material.note,
        optional=material.optional,
        e_certificate=shared.e_certificate if shared else None,
        exempt=material.exempt if Relief.EXEMPT in granted else None,
        deferrable=material.deferrable if Relief.DEFERRABLE in granted else None,
        declarable=material.declarable if Relief.DECLARABLE in granted else None,
        withheld=withheld,
        because=because,
        conditional=_holds(material.when, found) is Truth.OPEN,
        source=source,
        confidence=material.confidence or source.confidence,
        checked_on=material.checked_on or source.checked_on,
        confirmed_by=material.confirmed_by,
    )


def _reliefs(
    material: Material, found: Standings
) -> dict[Relief, Exempt | Deferrable | Declarable]:
    """Return the reliefs that certainly hold for these answers."""
    named = {
        Relief.EXEMPT: material.exempt,
        Relief.DEFERRABLE: material.deferrable,
        Relief.DECLARABLE: material.declarable,
    }
    return {
        relief: fact
        for relief, fact in named.items()
        if fact is not None and _holds(fact.when, found) is Truth.YES
    }


def _split_reliefs(
    entry: ServicePackage,
    reliefs: Mapping[Relief, Exempt | Deferrable | Declarable],
) -> tuple[frozenset[Relief], tuple[Relief, ...]]:
    """Grant what a local source gives; withhold the rest, on the safe side.

    可后补 without a number of days is not granted: nobody could say until when.
    """
    granted = {
        relief
        for relief, fact in reliefs.items()
        if is_trusted(entry.source(fact.source), fact)
        and not (isinstance(fact, Deferrable) and fact.days is None)
    }
    withheld = tuple(relief for relief in reliefs if relief not in granted)
    return frozenset(granted), withheld


def _group(material: Material, source: Source, granted: frozenset[Relief]) -> Group:
    if not (material.confirmed_by or is_local(source)):
        return Group.ELSEWHERE
    for relief, group in (
        (Relief.EXEMPT, Group.EXEMPT),
        (Relief.DECLARABLE, Group.DECLARABLE),
        (Relief.DEFERRABLE, Group.DEFERRABLE),
    ):
        if relief in granted:
            return group
    return Group.REQUIRED


def _because(entry: ServicePackage, when: When, answers: Answers) -> Iterator[Because]:
    for question_id, options in when.items():
        question = entry.question(question_id)
        answer = answers.get(question_id)
        chosen = [answer] if answer in options else options
        phrases = tuple(
            option.phrase or option.label for option in question.options if option.id in chosen
        )
        yield Because(question, phrases, met=answer in options, unclear=answer == UNCLEAR)


def _live_questions(
    entry: ServicePackage, answers: Answers, found: Standings
) -> tuple[Question, ...]:
    """Return the questions whose answer still changes this person's facts, in order.

    A first question that is answered stays changeable elsewhere; here only open ones count.
    """
    named = set(_named_by_open_facts(entry, found))
    return tuple(
        question
        for question in entry.questions
        if answers.get(question.id, SKIPPED) == SKIPPED
        and found[question.id][0] is not Truth.NO
        and question.id in named
    )


def _named_by_open_facts(entry: ServicePackage, found: Standings) -> Iterator[str]:
    reliefs = [
        fact
        for material in entry.materials
        for fact in (material.exempt, material.deferrable, material.declarable)
        if fact is not None
    ]
    facts: list[Fact] = [
        *entry.routes,
        *entry.items,
        *entry.materials,
        *reliefs,
        *entry.steps,
        *entry.limits,
        *entry.fees,
        *entry.locations,
        *entry.channels,
        *entry.conditions,
        *entry.results,
        *entry.traps,
    ]
    whens = [fact.when for fact in facts] + [q.when for q in entry.questions]
    for when in whens:
        if when and _holds(when, found) is Truth.OPEN:
            yield from when


def paths(entry: ServicePackage) -> Iterator[dict[str, str]]:
    """Yield every reachable complete set of answers, 不清楚 left out."""
    yield from _paths(entry, 0, {})


def _paths(entry: ServicePackage, at: int, answers: dict[str, str]) -> Iterator[dict[str, str]]:
    if at == len(entry.questions):
        yield dict(answers)
        return
    question = entry.questions[at]
    if truth(entry, question.when, answers) is not Truth.YES:
        yield from _paths(entry, at + 1, answers)
        return
    for option in question.options:
        yield from _paths(entry, at + 1, {**answers, question.id: option.id})


def count_paths(entry: ServicePackage, limit: int) -> int:
    """Count reachable paths, stopping above `limit`."""
    return sum(1 for _ in zip(paths(entry), range(limit + 1), strict=False))


DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
UNANSWERED = "-"
OPEN_DIGITS = {"z": UNCLEAR, "y": SKIPPED}


def pack_answers(entry: ServicePackage, answers: Answers) -> str:
    """Write answers as one character per question: an option's base-36 index, `-`, or `z`."""
    return "".join(_pack(question, answers.get(question.id)) for question in entry.questions)


def _pack(question: Question, answer: str | None) -> str:
    if answer is None:
        return UNANSWERED
    if answer in OPEN_ANSWERS:
        return next(digit for digit, meaning in OPEN_DIGITS.items() if meaning == answer)
    return DIGITS[[option.id for option in question.options].index(answer)]


def unpack_answers(entry: ServicePackage, packed: str) -> dict[str, str] | None:
    """Read packed answers; None where they do not fit the entry."""
    if len(packed) != len(entry.questions):
        return None
    answers = {}
    for question, digit in zip(entry.questions, packed, strict=True):
        if digit == UNANSWERED:
            continue
        index = DIGITS.find(digit)
        if digit in OPEN_DIGITS:
            answers[question.id] = OPEN_DIGITS[digit]
        elif 0 <= index < len(question.options):
            answers[question.id] = question.options[index].id
        else:
            return None
    return answers


def questions_hash(entry: ServicePackage) -> str:
    """Return a short hash of the ordered question and option ids, for button tokens."""
    shape = ";".join(f"{q.id}:{','.join(o.id for o in q.options)}" for q in entry.questions)
    return hashlib.sha256(shape.encode()).hexdigest()[:4]


__all__ = [
    "SKIPPED",
    "UNCLEAR",
    "Answers",
    "Because",
    "Checklist",
    "Group",
    "ListedMaterial",
    "Relief",
    "Truth",
    "checklist",
    "count_paths",
    "count_pieces",
    "first_questions",
    "pack_answers",
    "paths",
    "questions_hash",
    "truth",
    "unpack_answers",
    "valid_answers",
]
