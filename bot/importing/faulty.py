"""Sheets we write: the refused rows back with their bad cells marked, and the templates.

Loads openpyxl, which costs a start a tenth of a second: import this module where it is used.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import Cell as SheetCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from bot.importing.columns import Column, Kind, Layout, layout_of
from bot.importing.plan import Plan, RefusedRow

# More marked rows than a person corrects by hand; openpyxl needs a second for each few thousand.
MOST_RETURNED = 5_000

_RED = PatternFill("solid", fgColor="FFC7CE")
_GREY = PatternFill("solid", fgColor="D9E1F2")
_AUTHOR = "一口清"
_ROW_HEADER = "原行号"
_PROBLEM_HEADER = "问题"
_TEXT_FORMAT = "@"
_WIDTH = 18
_NOTE_WIDTH = 60


def faulty_rows(plan: Plan[Any]) -> bytes:
    """Return the refused rows as xlsx: bad cells coloured and commented, the reason in words.

    Only recognised columns come back, under the sender's own headers; what was dropped at the
    door stays dropped.
    """
    assert plan.table is not None, "rows are refused only where a table was found"
    layout = layout_of(plan.kind)
    keys = _keys(layout, plan)
    book = Workbook()
    sheet = _first_sheet(book, "请改正")
    titles = [plan.table.titles.get(key) or layout.column(key).name for key in keys]
    _header(sheet, [*titles, _ROW_HEADER, _PROBLEM_HEADER])
    for line, row in enumerate(plan.refused_rows[:MOST_RETURNED], start=2):
        _faulty_row(sheet, line, row, keys, layout)
    hidden = plan.refused - MOST_RETURNED
    if hidden > 0:
        sheet.cell(MOST_RETURNED + 2, 1, f"另有 {hidden} 行有误，没有列出；请先改正上面这些")
    return _saved(book)


def _keys(layout: Layout, plan: Plan[Any]) -> list[str]:
    """Return the columns found, in the file's order, and those that a problem speaks of."""
    assert plan.table is not None
    found = sorted(plan.table.positions, key=plan.table.positions.__getitem__)
    found = [key for key in found if layout.column(key).personal != "hash"]
    named = {key for row in plan.refused_rows for key in row.problems}
    return [*found, *(c.key for c in layout.columns if c.key in named and c.key not in found)]


def _faulty_row(
    sheet: Worksheet, line: int, row: RefusedRow, keys: Sequence[str], layout: Layout
) -> None:
    for place, key in enumerate(keys, start=1):
        cell = _write(sheet, line, place, row.cells.get(key, ""))
        problem = row.problems.get(key)
        if problem is not None:
            cell.fill = _RED
            cell.comment = Comment(problem, _AUTHOR, height=80, width=280)
    where = f"{row.sheet} 第 {row.number} 行" if row.sheet else f"第 {row.number} 行"
    _write(sheet, line, len(keys) + 1, where)
    said = "；".join(f"{layout.column(key).name}：{text}" for key, text in row.problems.items())
    _write(sheet, line, len(keys) + 2, said)


def template(kind: Kind) -> bytes:
    """Return the template as xlsx: canonical headers, one example row, and how to fill it."""
    layout = layout_of(kind)
    book = Workbook()
    sheet = _first_sheet(book, layout.title)
    _header(sheet, [column.name for column in layout.columns])
    for place, column in enumerate(layout.columns, start=1):
        cell = _write(sheet, 2, place, column.example)
        cell.font = Font(italic=True, color="808080")
        # Text all the way down: Excel would cut long numbers and turn dates its own way.
        sheet.column_dimensions[get_column_letter(place)].number_format = _TEXT_FORMAT
    _explanation(book.create_sheet("填写说明"), layout)
    return _saved(book)


def template_text(kind: Kind) -> str:
    """Return the template as csv text: canonical headers and one example row."""
    columns = layout_of(kind).columns
    rows = ([column.name for column in columns], [column.example for column in columns])
    return "".join(",".join(cells) + "\r\n" for cells in rows)


def _explanation(sheet: Worksheet, layout: Layout) -> None:
    _header(sheet, ["列", "要不要填", "怎么填", "别的表头也认"])
    for line, column in enumerate(layout.columns, start=2):
        cells = (column.name, _need(column), column.note, "、".join(column.also))
        for place, text in enumerate(cells, start=1):
            _write(sheet, line, place, text).alignment = Alignment(wrap_text=True, vertical="top")
    for letter in "CD":
        sheet.column_dimensions[letter].width = _NOTE_WIDTH
    last = len(layout.columns) + 3
    number = layout.column("number")
    _write(sheet, last, 1, f"{number.name}是“{number.example}”的那一行是示例，导入时跳过。")
    _write(sheet, last + 1, 1, "身份证号、住址等列不要放进来；放了也不读、不存。")


def _need(column: Column) -> str:
    if column.required:
        return "必填"
    return "至少填一样" if column.one_of else "可空"


def _first_sheet(book: Workbook, title: str) -> Worksheet:
    sheet = book.active
    assert isinstance(sheet, Worksheet), "a new workbook has one worksheet"
    sheet.title = title
    return sheet


def _header(sheet: Worksheet, titles: Iterable[str]) -> None:
    for place, title in enumerate(titles, start=1):
        cell = _write(sheet, 1, place, title)
        cell.font, cell.fill = Font(bold=True), _GREY
        sheet.column_dimensions[get_column_letter(place)].width = _WIDTH
    sheet.freeze_panes = "A2"


def _write(sheet: Worksheet, line: int, place: int, text: str) -> SheetCell:
    """Write text as text: what begins with = must not become a formula of ours."""
    cell = sheet.cell(line, place)
    assert isinstance(cell, SheetCell), "nothing is merged here"
    if text:
        cell.value = _printable(text)
        cell.data_type = "s"
    cell.number_format = _TEXT_FORMAT
    return cell


def _printable(text: str) -> str:
    """Drop control characters, which a sheet cannot hold."""
    return "".join(mark for mark in text if mark >= " " or mark in "\n\t")


def _saved(book: Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()
