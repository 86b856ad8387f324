"""What an entry states, one sentence per fact, and which unit answers for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from knowledge.changes import CHOICES, LIMIT_KINDS, UNITS
from knowledge.model import (
    Declarable,
    Deferrable,
    Exempt,
    Fact,
    Fee,
    KnowledgeBase,
    Limit,
    Location,
    Material,
    ServicePackage,
    Step,
    When,
)
from knowledge.positions import KeyPath


class Part(StrEnum):
    """What a sentence is about."""

    MATERIAL = "材料"
    COPIES = "份数"
    EXEMPT = "免提交"
    DEFERRABLE = "可后补"
    DECLARABLE = "可承诺"
    LIMIT = "时限"
    FEE = "收费"
    PLACE = "地点"
    STEP = "步骤"


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence of an entry: where its fact stands, what it says now, who answers for it."""

    entry_id: str
    path: KeyPath
    part: Part
    fact: Fact
    sentence: str
    departments: frozenset[str]

    @property
    def key(self) -> str:
        """Return the name by which a sheet comes back to it."""
        return "/".join((self.entry_id, *map(str, self.path), self.part.name.lower()))


@dataclass(frozen=True, slots=True)
class Tally:
    """How many facts are confirmed, of how many."""

    confirmed: int
    total: int


def statements(base: KnowledgeBase, entry: ServicePackage) -> Iterator[Statement]:
    """Go through an entry's facts in the order of its answer."""
    for path, part, fact, serves in _facts(entry):
        sentence = _sentence(base, entry, path, part, fact)
        yield Statement(entry.id, path, part, fact, sentence, _responsible(entry, serves))


def _facts(
    entry: ServicePackage,
) -> Iterator[tuple[KeyPath, Part, Fact, tuple[str, ...]]]:
    for material in entry.materials:
        path: KeyPath = ("materials", material.id)
        yield path, Part.MATERIAL, material, material.serves
        yield path, Part.COPIES, material, material.serves
        reliefs: tuple[tuple[str, Part, Fact | None], ...] = (
            ("exempt", Part.EXEMPT, material.exempt),
            ("deferrable", Part.DEFERRABLE, material.deferrable),
            ("declarable", Part.DECLARABLE, material.declarable),
        )
        for name, part, relief in reliefs:
            if relief is not None:
                yield (*path, name), part, relief, material.serves
    for number, limit in enumerate(entry.limits):
        yield ("limits", number), Part.LIMIT, limit, (limit.item,) if limit.item else ()
    for number, fee in enumerate(entry.fees):
        yield ("fees", number), Part.FEE, fee, (fee.item,) if fee.item else ()
    for number, location in enumerate(entry.locations):
        yield ("locations", number), Part.PLACE, location, ()
    for step in entry.steps:
        yield ("steps", step.id), Part.STEP, step, ()


def _responsible(entry: ServicePackage, serves: tuple[str, ...]) -> frozenset[str]:
    """Return the departments whose items a fact serves, else the entry's owner."""
    of_items = {item.department for item in entry.items if item.id in serves} - {None}
    whom = of_items or {entry.owner}
    return frozenset(department for department in whom if department is not None)


def _sentence(
    base: KnowledgeBase, entry: ServicePackage, path: KeyPath, part: Part, fact: Fact
) -> str:
    condition = _condition(entry, fact.when)
    prefix = f"（{condition}）" if condition else ""
    return prefix + _said(base, entry, path, part, fact)


def _said(base: KnowledgeBase, entry: ServicePackage, path: KeyPath, part: Part, fact: Fact) -> str:
    match fact:
        case Material() if part is Part.COPIES:
            copies = "没有登记" if fact.copies is None else f"{fact.copies} 份"
            return f"“{material_name(base, fact)}”的复印件：{copies}"
        case Material():
            return _material(base, entry, fact)
        case Exempt():
            name = _name_at(base, entry, path)
            return f"“{name}”不用交：{fact.how}；调不到时：{fact.fallback}"
        case Deferrable():
            days = f"{fact.days} {UNITS[fact.unit]}内补交" if fact.days else "补交天数没有登记"
            late = f"；逾期不补：{fact.late}" if fact.late else ""
            return f"“{_name_at(base, entry, path)}”可以后补，{days}{late}"
        case Declarable():
            excluded = f"；不能承诺的：{fact.excluded}" if fact.excluded else ""
            return f"“{_name_at(base, entry, path)}”可以签承诺书代替{excluded}"
        case Limit():
            item = next((f"“{i.name}”" for i in entry.items if i.id == fact.item), "")
            return f"{item}{LIMIT_KINDS[fact.kind]}：{limit_value(fact)}"
        case Fee():
            amount = f"（{fact.amount} 元）" if fact.amount and fact.amount not in fact.text else ""
            return f"收费：{fact.text}{amount}"
        case Location():
            return f"办理地点：{_location(base, fact)}"
        case Step():
            return f"步骤：{fact.text}"
    raise AssertionError(part)


def _material(base: KnowledgeBase, entry: ServicePackage, material: Material) -> str:
    holder = f"，{material.holder}" if material.holder else ""
    form = f"，交{CHOICES[material.hand_in]}" if material.hand_in else ""
    pieces = f" {material.pieces} 件" if material.pieces else ""
    items = "、".join(item.name for item in entry.items if item.id in material.serves)
    serves = f"，用于{items}" if items else ""
    verb = "可带" if material.optional else "任带一样：" if material.any_of else "要交"
    return f"{verb}“{material_name(base, material)}”{pieces}{holder}{form}{serves}"


def material_name(base: KnowledgeBase, material: Material) -> str:
    """Return a material's own name, else that of the shared paper."""
    shared = base.materials.get(material.shared or "")
    return material.name or (shared.name if shared else material.id)


def _name_at(base: KnowledgeBase, entry: ServicePackage, path: KeyPath) -> str:
    material = next(m for m in entry.materials if m.id == path[1])
    return material_name(base, material)


def limit_value(limit: Limit) -> str:
    """Word how long a limit is."""
    if limit.days is None:
        return limit.text or "没有登记"
    days = "当场办" if limit.days == 0 else f"{limit.days} {UNITS[limit.unit]}"
    return f"{days}（{limit.text}）" if limit.text else days


def _location(base: KnowledgeBase, location: Location) -> str:
    place = base.places.get(location.place or "")
    parts = (place.name if place else None, location.text, location.window, location.phone)
    return "，".join(part for part in parts if part) or "没有登记"


def _condition(entry: ServicePackage, when: When) -> str:
    asks = {question.id: question for question in entry.questions}
    parts = []
    for question_id, options in when.items():
        question = asks.get(question_id)
        if question is not None:
            labels = "/".join(o.label for o in question.options if o.id in options)
            parts.append(f"{question.ask.rstrip('？?')}：{labels}")
    return "；".join(parts)


def tallies(base: KnowledgeBase) -> dict[tuple[str, str | None], Tally]:
    """Count confirmed facts and all facts by entry and responsible unit; a fact counts once."""
    counted: dict[tuple[str, str | None], list[bool]] = {}
    for entry in base.entries.values():
        for _, part, fact, serves in _facts(entry):
            if part is Part.COPIES:
                continue
            for unit in _responsible(entry, serves) or (None,):
                counted.setdefault((entry.id, unit), []).append(fact.confirmed_by is not None)
    return {key: Tally(sum(confirmed), len(confirmed)) for key, confirmed in counted.items()}


def unit_tally(counted: Mapping[tuple[str, str | None], Tally], unit: str) -> Tally:
    """Return a unit's facts over all entries."""
    own = [one for (_, of), one in counted.items() if of == unit]
    return Tally(sum(one.confirmed for one in own), sum(one.total for one in own))


def tally(entry: ServicePackage) -> Tally:
    """Count an entry's facts, each once whoever answers for it."""
    facts = [fact for _, part, fact, _ in _facts(entry) if part is not Part.COPIES]
    return Tally(sum(fact.confirmed_by is not None for fact in facts), len(facts))
