"""The Excel round trip: the knowledge as sheets, and an edited workbook as edits to the files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from knowledge.editing.cells import BadCell, read
from knowledge.editing.edits import Act, Edit
from knowledge.editing.tables import (
    ALIAS_TITLES,
    ALIASES,
    SHEETS,
    Column,
    Row,
    Sheet,
    alias_rows,
)
from knowledge.editing.workbook import Line, Page, Spot, read_book, write_book
from knowledge.model import KnowledgeBase
from knowledge.positions import entry_file
from knowledge.yaml_text import Raw

KIND = "round_trip"
NOTE = "灰底的列别改；只改白底的格子，改完存成 xlsx 交回。"


@dataclass(frozen=True, slots=True)
class Wish:
    """An edit and the cell it came from."""

    edit: Edit
    spot: Spot


@dataclass
class Reading:
    """What an edited workbook asks for, and what is wrong in it, cell by cell."""

    wishes: list[Wish] = field(default_factory=list)
    problems: dict[Spot, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    @property
    def edits(self) -> tuple[Edit, ...]:
        """Return the edits alone."""
        return tuple(wish.edit for wish in self.wishes)


def export_sheets(base: KnowledgeBase) -> bytes:
    """Return aliases, materials, places, windows and phones as a workbook."""
    pages = [
        Page(
            ALIASES, ALIAS_TITLES, tuple(alias_rows(base)), 2, NOTE + "一行一种说法；删行就是删掉。"
        )
    ]
    kept: dict[str, Any] = {"kind": KIND, ALIASES: [[e, a] for e, _, a in alias_rows(base)]}
    for sheet in SHEETS:
        rows = tuple(sheet.rows(base))
        shown = tuple((*row.keys, row.label, *row.values) for row in rows)
        pages.append(Page(sheet.title, sheet.titles, shown, len(sheet.keys) + 1, NOTE))
        kept[sheet.title] = [[list(row.keys), list(row.values)] for row in rows]
    return write_book(pages, kept)


def read_sheets(content: bytes, base: KnowledgeBase) -> Reading:
    """Return what a workbook asks to be changed in this knowledge base.

    A cell counts as changed against what was exported; where the files have moved on since and
    the cell too, it is a problem and nothing is guessed.
    """
    headers = {ALIASES: ALIAS_TITLES, **{sheet.title: sheet.titles for sheet in SHEETS}}
    pages, kept = read_book(content, headers)
    reading = Reading()
    if kept is None:
        reading.remarks.append("这个文件没有带着导出时的原样：和现在的内容比，删掉的行不算。")
    if not pages:
        reading.remarks.append("没有认得的表：请用 knowledge export 导出的文件来改。")
    if ALIASES in pages:
        _read_aliases(pages[ALIASES], (kept or {}).get(ALIASES), base, reading)
    for sheet in SHEETS:
        if sheet.title in pages:
            before = _before(kept, sheet)
            _SheetReader(sheet, base, before, reading).read(pages[sheet.title])
    return reading


def _before(
    kept: Mapping[str, Any] | None, sheet: Sheet
) -> dict[tuple[str, ...], list[str]] | None:
    if kept is None or sheet.title not in kept:
        return None
    return {tuple(keys): list(values) for keys, values in kept[sheet.title]}


def _read_aliases(
    lines: tuple[Line, ...], kept: list[list[str]] | None, base: KnowledgeBase, reading: Reading
) -> None:
    id_title, _, alias_title = ALIAS_TITLES
    now = {(entry.id, alias) for entry in base.entries.values() for alias in entry.aliases}
    seen: dict[tuple[str, str], Line] = {}
    for line in lines:
        entry_id, alias = line[id_title], line[alias_title]
        if not alias:
            continue
        if entry_id not in base.entries:
            text = f"没有编号为“{entry_id}”的条目：请照表里别的行写编号"
            reading.problems[Spot(ALIASES, line.number, id_title)] = text
            continue
        seen[entry_id, alias] = line
    gone = {(e, a) for e, a in kept or () if (e, a) in now and (e, a) not in seen}
    for entry_id, alias in sorted(gone):
        edit = Edit(entry_file(entry_id), Act.REMOVE, ("aliases", alias))
        reading.wishes.append(Wish(edit, Spot(ALIASES, 2, alias_title)))
    was = {(e, a) for e, a in kept or ()}
    for (entry_id, alias), line in seen.items():
        if (entry_id, alias) in now or (entry_id, alias) in was:
            continue
        edit = Edit(entry_file(entry_id), Act.ADD, ("aliases",), alias)
        reading.wishes.append(Wish(edit, Spot(ALIASES, line.number, alias_title)))


class _SheetReader:
    """Compares one sheet with the knowledge base, row by row."""

    def __init__(
        self,
        sheet: Sheet,
        base: KnowledgeBase,
        before: Mapping[tuple[str, ...], list[str]] | None,
        reading: Reading,
    ) -> None:
        self._sheet = sheet
        self._base = base
        self._now = {row.keys: row for row in sheet.rows(base)}
        self._before = before
        self._reading = reading

    def read(self, lines: tuple[Line, ...]) -> None:
        seen = set()
        for line in lines:
            keys = tuple(line[title] for title in self._sheet.keys)
            if keys in seen:
                self._problem(line, self._sheet.keys[-1], "这一行写了两次：请删掉一行")
                continue
            seen.add(keys)
            row = self._now.get(keys)
            if row is None:
                self._new(line, keys)
                continue
            for place, column in enumerate(self._sheet.columns):
                if column.title in line.cells:
                    self._compare(line, row, place, column)
        gone = [keys for keys in self._before or () if keys in self._now and keys not in seen]
        if gone:
            names = "、".join("/".join(keys) for keys in gone[:5])
            self._reading.remarks.append(
                f"“{self._sheet.title}”表里少了 {len(gone)} 行（{names}…）：删行不算删，"
                "要删请在 YAML 里删。"
            )

    def _compare(self, line: Line, row: Row, place: int, column: Column) -> None:
        typed, now = line[column.title], row.values[place]
        was = now if self._before is None else self._before.get(row.keys, list(row.values))[place]
        if typed in (was, now):
            return
        if now != was:
            text = f"导出以后这一格已被改成“{now or '空'}”：请重新导出再改"
            self._problem(line, column.title, text)
            return
        value = self._value(line, column)
        if value is _BAD:
            return
        if self._lacks_part(row, column):
            self._begin_part(line, row, column)
            return
        act = Act.SET if value is not None else Act.REMOVE
        edit = Edit(row.file, act, (*row.path, *column.field), value)
        self._wish(edit, line, column.title)

    def _lacks_part(self, row: Row, column: Column) -> bool:
        """Tell whether a field lies inside a part that is not there yet."""
        return len(column.field) > 1 and not any(
            row.values[place]
            for place, other in enumerate(self._sheet.columns)
            if other.field[0] == column.field[0]
        )

    def _begin_part(self, line: Line, row: Row, column: Column) -> None:
        """Write a whole new part from all its columns, once."""
        name = str(column.field[0])
        if name not in self._sheet.may_begin:
            text = "这一行还没有登记这一项：请先在 YAML 里写上来源，再在这里改"
            self._problem(line, column.title, text)
            return
        fields = [c for c in self._sheet.columns if c.field[0] == name]
        part: dict[str, Raw] = {str(c.field[1]): line[c.title] for c in fields if line[c.title]}
        edit = Edit(row.file, Act.SET, (*row.path, name), part)
        if edit not in self._reading.edits:
            self._wish(edit, line, column.title)

    def _value(self, line: Line, column: Column) -> Any:
        try:
            value = read(column.sort, line[column.title])
        except BadCell as error:
            self._problem(line, column.title, str(error))
            return _BAD
        if value is None and column.required:
            self._problem(line, column.title, "这一格不能空着")
            return _BAD
        return value

    def _new(self, line: Line, keys: tuple[str, ...]) -> None:
        home = self._sheet.home(self._base, keys) if self._sheet.home and all(keys) else None
        if home is None:
            text = f"没有编号为“{'/'.join(keys)}”的一行：请照导出的编号写"
            self._problem(line, self._sheet.keys[0], text)
            return
        piece: dict[str, Raw] = {self._sheet.key_field: keys[-1]}
        for column in self._sheet.columns:
            if len(column.field) > 1:
                if line[column.title]:
                    self._problem(line, column.title, "新增的行不能填这一列：请在 YAML 里补")
                continue
            value = self._value(line, column)
            if value is not None and value is not _BAD:
                piece[str(column.field[0])] = value
        file, path = home
        self._wish(Edit(file, Act.ADD, path, piece), line, self._sheet.keys[-1])

    def _wish(self, edit: Edit, line: Line, title: str) -> None:
        self._reading.wishes.append(Wish(edit, Spot(self._sheet.title, line.number, title)))

    def _problem(self, line: Line, title: str, text: str) -> None:
        self._reading.problems[Spot(self._sheet.title, line.number, title)] = text


_BAD: Any = object()
