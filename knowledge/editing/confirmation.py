"""The confirmation round: each unit gets its facts in sentences and says what is true.

What a unit confirms becomes its own, dated; what it changes simply (copies, days, a text) is
written with a source of its own; everything else becomes a note for the editor.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from knowledge.editing.cells import BadCell, Sort, is_ticked, read, read_day, read_days
from knowledge.editing.edits import Act, Edit
from knowledge.editing.facts import Part, Statement, statements
from knowledge.editing.round_trip import Reading, Wish
from knowledge.editing.workbook import Line, Page, Spot, read_book, write_book
from knowledge.model import Fee, KnowledgeBase, Limit, Location, Material, Step, Unit
from knowledge.positions import KeyPath, entry_file
from knowledge.yaml_text import Raw

KIND = "confirmation"
TITLE = "请确认"
HEADER = (
    "编号",
    "条目",
    "哪方面",
    "事实",
    "现在由谁确认",
    "属实",
    "改为",
    "不适用",
    "依据",
    "确认人",
    "日期",
)
KEYS = 5
NOTE = (
    "每行一条：对的在“属实”打 √；不对的在“改为”写对的（份数写数字，时限写如 5 个工作日）；"
    "没有这回事的在“不适用”打 √。写上依据、确认人和日期。没把握的空着。灰底的列别改。"
)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a unit says of one fact."""

    line: Line
    statement: Statement
    true: bool
    instead: str
    does_not_apply: bool
    basis: str
    on: date

    @property
    def settles(self) -> bool:
        """Tell whether the fact stands after it, as said or as changed."""
        return self.true or bool(self.instead)


def export_confirmation(base: KnowledgeBase, department: str) -> bytes:
    """Return a department's facts in sentences, with columns to confirm or change them."""
    rows = tuple(
        (
            statement.key,
            base.entries[statement.entry_id].name,
            statement.part,
            statement.sentence,
            _confirmed(base, statement),
            *("",) * (len(HEADER) - KEYS),
        )
        for statement in statements_of(base, department)
    )
    page = Page(TITLE, HEADER, rows, KEYS, NOTE)
    return write_book((page,), {"kind": KIND, "department": department})


def statements_of(base: KnowledgeBase, department: str) -> Iterator[Statement]:
    """Go through everything one department answers for."""
    for entry in base.entries.values():
        yield from (s for s in statements(base, entry) if department in s.departments)


def _confirmed(base: KnowledgeBase, statement: Statement) -> str:
    fact = statement.fact
    if fact.confirmed_by is None:
        return ""
    entry = base.entries[statement.entry_id]
    on = fact.checked_on or entry.source(fact.source).checked_on
    return f"{fact.confirmed_by} {on.isoformat()}"


def read_confirmation(content: bytes, base: KnowledgeBase, *, today: date) -> Reading:
    """Return the edits a unit's answers come to, and what is wrong in its sheet."""
    pages, kept = read_book(content, {TITLE: HEADER})
    reading = Reading()
    department = base.departments.get((kept or {}).get("department", ""))
    if department is None or TITLE not in pages:
        reading.remarks.append("这不是确认表：请用 knowledge export --confirm 重新导出。")
        return reading
    known = {s.key: s for s in statements_of(base, department.id)}
    answers = _Answers(reading, known, today).read(pages[TITLE])
    writer = _Writer(reading, base, department.name)
    for entry_id in dict.fromkeys(answer.statement.entry_id for answer in answers):
        writer.write_entry([a for a in answers if a.statement.entry_id == entry_id])
    return reading


class _Answers:
    """Reads the rows and says what is wrong in them."""

    def __init__(self, reading: Reading, known: Mapping[str, Statement], today: date) -> None:
        self._reading = reading
        self._known = known
        self._today = today

    def read(self, lines: Iterable[Line]) -> list[_Answer]:
        answers = []
        for line in lines:
            if not _is_answered(line):
                continue
            try:
                answers.append(self._answer(line))
            except _BadAnswer as error:
                self._reading.problems[Spot(TITLE, line.number, error.title)] = error.text
        return answers

    def _answer(self, line: Line) -> _Answer:
        statement = self._known.get(line["编号"])
        if statement is None:
            raise _BadAnswer("编号", "没有这个编号的事实：请重新导出，或核对编号")
        if statement.sentence != line["事实"]:
            text = f"导出以后这条已改成“{statement.sentence}”：请重新导出再确认"
            raise _BadAnswer("事实", text)
        true, does_not_apply = _ticked(line, "属实"), _ticked(line, "不适用")
        if [true, bool(line["改为"]), does_not_apply].count(True) != 1:
            raise _BadAnswer("属实", "“属实”“改为”“不适用”只能选一样")
        if not line["确认人"]:
            raise _BadAnswer("确认人", "请写上谁确认的（只留在这张表里，不写进知识库）")
        instead, basis = line["改为"], line["依据"]
        return _Answer(line, statement, true, instead, does_not_apply, basis, self._day(line))

    def _day(self, line: Line) -> date:
        if not line["日期"]:
            return self._today
        try:
            on = read_day(line["日期"])
        except BadCell as error:
            raise _BadAnswer("日期", str(error)) from error
        if on > self._today:
            raise _BadAnswer("日期", "日期还没到：请核对")
        return on


class _BadAnswer(Exception):  # noqa: N818 - an expected "no" about one cell
    """Which cell of a row cannot be taken, and why."""

    def __init__(self, title: str, text: str) -> None:
        super().__init__(text)
        self.title = title
        self.text = text


def _ticked(line: Line, title: str) -> bool:
    try:
        return is_ticked(line[title])
    except BadCell as error:
        raise _BadAnswer(title, str(error)) from error


def _is_answered(line: Line) -> bool:
    return any(line[title] for title in ("属实", "改为", "不适用"))


class _Writer:
    """Turns the answers about one entry into edits."""

    def __init__(self, reading: Reading, base: KnowledgeBase, unit: str) -> None:
        self._reading = reading
        self._base = base
        self._unit = unit

    def write_entry(self, answers: list[_Answer]) -> None:
        """Write what is confirmed, then what is changed, and last what goes, from the end on."""
        by_fact: dict[KeyPath, list[_Answer]] = {}
        for answer in answers:
            by_fact.setdefault(answer.statement.path, []).append(answer)
        for path, about in by_fact.items():
            if not any(answer.does_not_apply for answer in about):
                self._settle(path, about)
        going = [answer for answer in answers if answer.does_not_apply]
        for answer in sorted(going, key=_position, reverse=True):
            self._drop(answer)

    def _settle(self, path: KeyPath, about: list[_Answer]) -> None:
        changed = [answer for answer in about if answer.instead]
        told = [answer for answer in changed if not self._change(answer)]
        for answer in told:
            self._note(answer, f"应改为：{answer.instead}")
        first = about[0]
        if told or not self._is_whole(first.statement, about):
            return
        self._set(first, path, "confirmed_by", self._unit)
        self._set(first, path, "checked_on", max(a.on for a in about).isoformat())
        basis = next((a for a in about if a.basis), None) or (changed[0] if changed else None)
        if basis is not None:
            self._set(basis, path, "source", self._own_source(basis))

    def _is_whole(self, statement: Statement, about: list[_Answer]) -> bool:
        """Tell whether a material's list row and its copies were both answered."""
        if statement.part not in (Part.MATERIAL, Part.COPIES):
            return True
        material = statement.fact
        assert isinstance(material, Material)
        parts = {answer.statement.part for answer in about if answer.settles}
        unknown_copies = material.copies is None and not any(
            a.instead for a in about if a.statement.part is Part.COPIES
        )
        if Part.MATERIAL not in parts or (Part.COPIES not in parts and unknown_copies):
            self._reading.remarks.append(
                f"“{statement.sentence}”：要不要交和份数两行都答了，这份材料才算确认。"
            )
            return False
        return True

    def _change(self, answer: _Answer) -> bool:
        """Write a simple new value; tell whether it was simple."""
        statement = answer.statement
        fact = statement.fact
        try:
            match fact:
                case Material() if statement.part is Part.COPIES:
                    self._set_value(answer, "copies", read(Sort.WHOLE, answer.instead))
                case Limit():
                    self._change_limit(answer, fact)
                case Fee():
                    self._change_fee(answer)
                case Location() | Step():
                    self._set_value(answer, "text", answer.instead)
                case _ if statement.part is Part.DEFERRABLE:
                    days, unit = read_days(answer.instead)
                    self._set_value(answer, "days", days)
                    self._set_value(answer, "unit", str(unit or Unit.WORKING_DAY))
                case _:
                    return False
        except BadCell as error:
            self._reading.problems[Spot(TITLE, answer.line.number, "改为")] = str(error)
        return True

    def _change_limit(self, answer: _Answer, limit: Limit) -> None:
        days, unit = read_days(answer.instead)
        self._set_value(answer, "days", days)
        self._set_value(answer, "unit", str(unit or limit.unit))
        if limit.text:
            self._set_value(answer, "text", None)

    def _change_fee(self, answer: _Answer) -> None:
        text = answer.instead
        self._set_value(answer, "text", text)
        amount = "0" if text in ("免费", "不收费", "0") else text.removesuffix("元")
        if amount.isdigit():
            self._set_value(answer, "amount", amount)

    def _set_value(self, answer: _Answer, field: str, value: Raw) -> None:
        act = Act.REMOVE if value is None else Act.SET
        path = (*answer.statement.path, field)
        edit = Edit(entry_file(answer.statement.entry_id), act, path, value)
        self._reading.wishes.append(Wish(edit, Spot(TITLE, answer.line.number, "改为")))

    def _set(self, answer: _Answer, path: KeyPath, field: str, value: Raw) -> None:
        title = "属实" if answer.true else "改为"
        edit = Edit(entry_file(answer.statement.entry_id), Act.SET, (*path, field), value)
        self._reading.wishes.append(Wish(edit, Spot(TITLE, answer.line.number, title)))

    def _own_source(self, answer: _Answer) -> str:
        """Add the unit's word as a source of the entry, once a basis and day; return its id."""
        entry = self._base.entries[answer.statement.entry_id]
        title = answer.basis or f"{self._unit}的书面确认"
        for source in entry.sources:
            if source.title == title and source.checked_on == answer.on:
                return source.id
        file = entry_file(entry.id)
        added = [
            wish.edit.value
            for wish in self._reading.wishes
            if wish.edit.file == file and wish.edit.path == ("sources",)
        ]
        for value in added:
            if isinstance(value, dict) and value["title"] == title:
                return str(value["id"])
        used = {source.id for source in entry.sources}
        number = len(added) + 1
        while f"UNIT_{answer.on:%Y%m%d}_{number}" in used:
            number += 1
        source_id = f"UNIT_{answer.on:%Y%m%d}_{number}"
        value_: dict[str, Any] = {
            "id": source_id,
            "title": title,
            "place": "开封市",
            "confidence": "high",
            "checked_on": answer.on.isoformat(),
        }
        edit = Edit(file, Act.ADD, ("sources",), value_)
        self._reading.wishes.append(Wish(edit, Spot(TITLE, answer.line.number, "依据")))
        return source_id

    def _drop(self, answer: _Answer) -> None:
        """Take away what does not apply; its copies alone cannot go."""
        statement = answer.statement
        if statement.part is Part.COPIES:
            spot = Spot(TITLE, answer.line.number, "不适用")
            self._reading.problems[spot] = "不要复印件请在“改为”写 0"
            return
        edit = Edit(entry_file(statement.entry_id), Act.REMOVE, statement.path)
        self._reading.wishes.append(Wish(edit, Spot(TITLE, answer.line.number, "不适用")))
        self._note(answer, "不适用，已删去")

    def _note(self, answer: _Answer, said: str) -> None:
        basis = f"（依据：{answer.basis}）" if answer.basis else ""
        text = f"{self._unit} {answer.on.isoformat()}：{answer.statement.sentence}——{said}{basis}"
        edit = Edit(entry_file(answer.statement.entry_id), Act.ADD, ("editor_notes",), text)
        self._reading.wishes.append(Wish(edit, Spot(TITLE, answer.line.number, "改为")))


def _position(answer: _Answer) -> tuple[str, int]:
    """Order by list and place in it, so that taking one away leaves the others where they are."""
    last = answer.statement.path[-1]
    return str(answer.statement.path[0]), last if isinstance(last, int) else 0


def is_confirmation(content: bytes) -> bool:
    """Tell whether a workbook is a confirmation sheet."""
    _, kept = read_book(content, {})
    return kept is not None and kept.get("kind") == KIND
