"""Rules on ids: everything named exists, nothing is named twice."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from knowledge.checklist import first_questions
from knowledge.checks.inventory import Inventory
from knowledge.model import (
    Exempt,
    Fee,
    Item,
    KnowledgeBase,
    LegalBasis,
    Limit,
    Location,
    Material,
    Override,
    Piece,
    Question,
    Route,
    ServicePackage,
)
from knowledge.positions import PACKAGES, KeyPath, Report
from knowledge.problems import meant

LISTS_WITH_IDS = ("sources", "routes", "items", "questions", "materials", "steps")


class _WithId(Protocol):
    @property
    def id(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Known:
    """The ids that entries may name; None where their file could not be read."""

    entries: Collection[str] | None
    materials: Collection[str] | None
    departments: Collection[str] | None
    districts: Collection[str] | None
    places: Collection[str] | None
    certificates: Collection[str] | None


def known_ids(base: KnowledgeBase, unread: frozenset[str]) -> Known:
    """Gather what may be named, leaving out what a broken file hides."""
    districts = {word for d in base.districts for word in (d.id, d.name, *d.names)}
    hidden_entries = any(file.startswith(PACKAGES) for file in unread)
    hidden_places = "places.yaml" in unread
    return Known(
        None if hidden_entries else base.entries.keys(),
        None if "materials.yaml" in unread else base.materials.keys(),
        None if "departments.yaml" in unread else base.departments.keys(),
        None if hidden_places else districts,
        None if hidden_places else base.places.keys(),
        None if "certificates.yaml" in unread else base.certificates.keys(),
    )


@dataclass(frozen=True, slots=True)
class _Own:
    """The ids an entry defines itself."""

    sources: Collection[str]
    items: Collection[str]
    materials: Collection[str]
    steps: Collection[str]


class _Names:
    """Reports names that stand for nothing in one file."""

    def __init__(self, file: str, report: Report) -> None:
        self._file = file
        self._report = report

    def expect(
        self, path: KeyPath, name: str | None, known: Collection[str] | None, sort: str, home: str
    ) -> None:
        if name is None or known is None or name in known:
            return
        guess = meant(name, known) or f"：请改正，或先在 {home} 里写上"
        self._report.error(self._file, path, f"没有编号为“{name}”的{sort}{guess}")

    def expect_all(
        self,
        path: KeyPath,
        names: Sequence[str],
        known: Collection[str] | None,
        sort: str,
        home: str,
    ) -> None:
        for number, name in enumerate(names):
            self.expect((*path, number), name, known, sort, home)


def check_entry_references(inventory: Inventory, known: Known, report: Report) -> None:
    """Report what an entry names and nobody defines, and what it defines twice."""
    entry, names = inventory.entry, _Names(inventory.file, report)
    own = _own_ids(entry)
    names.expect(("owner",), entry.owner, known.departments, "部门", "departments.yaml")
    for key, kinds in (("certificate_kinds", entry.certificate_kinds), ("renews", entry.renews)):
        names.expect_all((key,), kinds, known.certificates, "证照种类", "certificates.yaml")
    for path, fact in inventory.facts:
        names.expect((*path, "source"), fact.source, own.sources, "来源", "sources")
        names.expect_all(
            (*path, "districts"), fact.districts, known.districts, "区县", "places.yaml"
        )
    for path, piece in inventory.pieces:
        _check_piece(names, path, piece, own, known)
    _check_twice(inventory, report)
    _check_materials(inventory, report)


def _own_ids(entry: ServicePackage) -> _Own:
    materials = [*entry.materials, *(m for o in entry.overrides for m in o.materials)]
    return _Own(_ids(entry.sources), _ids(entry.items), _ids(materials), _ids(entry.steps))


def _ids(things: Iterable[_WithId]) -> frozenset[str]:
    return frozenset(thing.id for thing in things)


def _check_piece(names: _Names, path: KeyPath, piece: Piece, own: _Own, known: Known) -> None:
    match piece:
        case Material():
            names.expect_all((*path, "serves"), piece.serves, own.items, "事项", "items")
            names.expect(
                (*path, "shared"), piece.shared, known.materials, "共用材料", "materials.yaml"
            )
        case Exempt():
            names.expect((*path, "after_step"), piece.after_step, own.steps, "步骤", "steps")
        case Limit() | Fee():
            names.expect((*path, "item"), piece.item, own.items, "事项", "items")
        case Item():
            names.expect(
                (*path, "department"),
                piece.department,
                known.departments,
                "部门",
                "departments.yaml",
            )
        case Route():
            names.expect_all(
                (*path, "papers_after"), piece.papers_after, own.materials, "材料", "materials"
            )
        case Location():
            names.expect((*path, "place"), piece.place, known.places, "大厅", "places.yaml")
        case Question() | LegalBasis():
            names.expect((*path, "source"), piece.source, own.sources, "来源", "sources")
        case Override():
            districts = piece.districts
            names.expect_all(
                (*path, "districts"), districts, known.districts, "区县", "places.yaml"
            )
            gone = piece.without_materials
            names.expect_all((*path, "without_materials"), gone, own.materials, "材料", "materials")


def _check_twice(inventory: Inventory, report: Report) -> None:
    entry = inventory.entry
    lists: list[tuple[KeyPath, Sequence[_WithId]]] = [
        ((key,), getattr(entry, key)) for key in LISTS_WITH_IDS
    ]
    lists += [(("questions", n, "options"), q.options) for n, q in enumerate(entry.questions)]
    lists += [(("overrides", n, "materials"), o.materials) for n, o in enumerate(entry.overrides)]
    for path, things in lists:
        first: dict[str, int] = {}
        for number, thing in enumerate(things):
            if thing.id in first:
                before = report.place(inventory.file, (*path, first[thing.id]))
                text = f"id “{thing.id}”用了两次（上一次在 {before}）：请改掉一处"
                report.error(inventory.file, (*path, number, "id"), text)
            first.setdefault(thing.id, number)


def _check_materials(inventory: Inventory, report: Report) -> None:
    groups: dict[str, list[KeyPath]] = defaultdict(list)
    same: dict[tuple[object, ...], KeyPath] = {}
    for path, piece in inventory.pieces:
        if not isinstance(piece, Material):
            continue
        if piece.name is None and piece.shared is None:
            report.error(inventory.file, path, "材料没有名称：请写 name，或用 shared 指向共用材料")
        if piece.any_of is not None:
            groups[piece.any_of].append(path)
        if path[0] == "materials":
            _check_same(inventory, path, piece, same, report)
    for group, paths in groups.items():
        if len(paths) == 1:
            text = f"任选组“{group}”只有这一份材料：请补上能代替它的材料，或删掉 any_of"
            report.error(inventory.file, (*paths[0], "any_of"), text)


def _check_same(
    inventory: Inventory,
    path: KeyPath,
    material: Material,
    same: dict[tuple[object, ...], KeyPath],
    report: Report,
) -> None:
    when = tuple(sorted((key, tuple(sorted(value))) for key, value in material.when.items()))
    key = (material.name, material.shared, material.holder, material.districts, when)
    if key in same:
        before = report.place(inventory.file, same[key])
        text = f"同一份材料写了两次（上一次在 {before}）：请合成一份，用 serves 列出各事项"
        report.warning(inventory.file, path, text)
    same.setdefault(key, path)


def check_shared_references(base: KnowledgeBase, known: Known, report: Report) -> None:
    """Report what the files beside the entries name and nobody defines."""
    places = _Names("places.yaml", report)
    for place in base.places.values():
        path = ("places", place.id)
        places.expect((*path, "district"), place.district, known.districts, "区县", "places.yaml")
        for code, times in Counter(window.code for window in place.windows).items():
            if times > 1:
                report.error(
                    "places.yaml", (*path, "windows"), f"窗口代码“{code}”用了 {times} 次：请改掉"
                )
    _check_notices(base, known, report)
    certificates = _Names("certificates.yaml", report)
    for kind in base.certificates.values():
        certificates.expect(
            (kind.id, "department"), kind.department, known.departments, "部门", "departments.yaml"
        )
        if not kind.renewable and (kind.opens or kind.closes or kind.renewal_entry):
            text = "写了不能延续（renewable: false），就不写 opens、closes、renewal_entry"
            report.error("certificates.yaml", (kind.id, "renewable"), text)
        for key, entry_id in (("renewal_entry", kind.renewal_entry), ("follow_on", kind.follow_on)):
            certificates.expect((kind.id, key), entry_id, known.entries, "条目", "packages")
        opened = (
            ("renewal_answers", kind.renewal_entry, kind.renewal_answers),
            ("follow_on_answers", kind.follow_on, kind.follow_on_answers),
        )
        for key, entry_id, answers in opened:
            _check_opened(base.entries.get(entry_id or ""), (kind.id, key), answers, report)
    for entry_id in base.sayings:
        if known.entries is not None and entry_id not in known.entries:
            text = f"没有编号为“{entry_id}”的条目，这些例句用不上{meant(entry_id, known.entries)}"
            report.warning("sayings.yaml", (entry_id,), text)


def _check_opened(
    entry: ServicePackage | None, path: KeyPath, answers: Mapping[str, str], report: Report
) -> None:
    """Report answers that an entry does not know, and first questions they leave open.

    A certificate's button opens a list, and never asks 头一回办还是去续.
    """
    if entry is None:
        return
    questions = {question.id: question for question in entry.questions}
    for question_id, answer in answers.items():
        question = questions.get(question_id)
        options = [option.id for option in question.options] if question else []
        if question is None:
            text = f"条目“{entry.id}”没有问题“{question_id}”{meant(question_id, questions) or ''}"
            report.error("certificates.yaml", (*path, question_id), text)
        elif answer not in options:
            text = f"问题“{question_id}”没有选项“{answer}”{meant(answer, options) or ''}"
            report.error("certificates.yaml", (*path, question_id), text)
    if not all(question_id in questions for question_id in answers):
        return
    open_ = [q for q in first_questions(entry, answers) if q.id not in answers]
    for question in open_:
        text = f"按钮要直接打开清单，先问的“{question.id}”（{question.ask}）还没答：请写上选项"
        report.error("certificates.yaml", path, text)


def _check_notices(base: KnowledgeBase, known: Known, report: Report) -> None:
    notices = _Names("notices.yaml", report)
    for notice in base.notices:
        notices.expect((notice.id, "place"), notice.place, known.places, "大厅", "places.yaml")
        halls = [place for place in base.places.values() if notice.place in (None, place.id)]
        codes = {window.code for place in halls for window in place.windows}
        if known.places is not None:
            notices.expect((notice.id, "window"), notice.window, codes, "窗口", "places.yaml")
        if notice.to_on < notice.from_on:
            report.error("notices.yaml", (notice.id, "to_on"), "结束日期早于开始日期：请改正")
