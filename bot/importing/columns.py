"""Find the table in a book: the sheet that fits, its header row, and which column means what.

The columns and all their other names stand in columns.yaml. Columns with personal data that we
have no use for are not passed on: what is not in `Table.positions` is never read.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field
from rapidfuzz import fuzz, process

from bot.importing.sheets import Book, Cell, Line, Sheet

LAYOUT_FILE = Path(__file__).with_name("columns.yaml")
# Title lines, print dates and units stand above a header, never more than these.
ROWS_ABOVE_HEADER = 40
LEAST_MATCHES = 2
NEAR_ENOUGH = 70

_BRACKETED = re.compile(r"[(\[【〔<《].*?[)\]】〕>》]")
_NOISE = re.compile(r"[\s*＊:：·・\u200b-\u200f\ufeff]+")
_TOTAL = re.compile(r"(本页|本表|全部|累计)?(合计|小计|总计|共计|汇总)(数|行|[:：]?\d.*|[:：].*)?")
_FOOTER = re.compile(r"(制表|填表|审核|复核|导出|打印|统计|备注|说明|注)[人者时日期间单位]*[:：]")
_MOST_FOOTER_CELLS = 3
_BLANKS = " \t\r\n\u3000\u00a0\ufeff\u200b'"


class Kind(StrEnum):
    """What a file holds."""

    CASES = "cases"
    CERTIFICATES = "certificates"
    STAFF = "staff"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Column(_Part):
    """A canonical column: its name (also the template's header), key and other names."""

    key: str
    name: str
    required: bool = False
    one_of: str | None = Field(None, description="同组的列至少有一列")
    also: tuple[str, ...] = ()
    personal: Literal["name", "keep", "hash"] | None = None
    example: str = ""
    note: str = ""


class Layout(_Part):
    """The columns of one kind of file."""

    title: str
    columns: tuple[Column, ...]

    def column(self, key: str) -> Column:
        """Return the column with this key."""
        return next(column for column in self.columns if column.key == key)

    def missing_from(self, keys: Mapping[str, int]) -> tuple[str, ...]:
        """Name the required columns that are not among these, one of a group as A或B."""
        alone = [c.name for c in self.columns if c.required and c.key not in keys]
        groups: dict[str, list[Column]] = {}
        for column in self.columns:
            if column.one_of:
                groups.setdefault(column.one_of, []).append(column)
        lacking = [g for g in groups.values() if not any(column.key in keys for column in g)]
        return (*alone, *("或".join(column.name for column in group) for group in lacking))


class _File(_Part):
    kinds: Mapping[Kind, Layout]
    personal_words: tuple[str, ...]
    words: Mapping[str, Mapping[str, tuple[str, ...]] | tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: where it stands, and its cells by canonical key, none of them blank."""

    sheet: str
    number: int
    cells: Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Table:
    """The table found: its sheet, header row and columns; walk it with `rows`."""

    layout: Layout
    sheet: Sheet
    header_row: int
    positions: Mapping[str, int]
    titles: Mapping[str, str]
    dropped: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    above: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NoTable:
    """No table of this kind was found; one line says what is missing and what was near."""

    row: int | None
    columns: str | None
    problem: str


@dataclass(frozen=True, slots=True)
class _Header:
    """A row (or two, where cells are merged) read as a header."""

    row: int
    titles: tuple[str, ...]
    last_row: int
    positions: Mapping[str, int] = field(default_factory=dict)


@functools.cache
def _file() -> _File:
    return _File.model_validate(yaml.safe_load(LAYOUT_FILE.read_text(encoding="utf-8")))


def layout_of(kind: Kind) -> Layout:
    """Return the columns of a kind of file."""
    return _file().kinds[kind]


def words_for(group: str) -> Mapping[str, str]:
    """Return every saying of a group with the word it stands for."""
    words = _file().words[group]
    assert isinstance(words, Mapping), group
    return {fold(saying): meaning for meaning, sayings in words.items() for saying in sayings}


def sayings_of(group: str) -> frozenset[str]:
    """Return the sayings of a group that has one meaning."""
    words = _file().words[group]
    assert isinstance(words, tuple), group
    return frozenset(fold(saying) for saying in words)


def fold(text: str) -> str:
    """Fold a header or a word for comparing: width, blanks, stars and brackets."""
    plain = unicodedata.normalize("NFKC", text)
    return _NOISE.sub("", _BRACKETED.sub("", plain)).lower() or _NOISE.sub("", plain).lower()


def cell_text(cell: Cell | None) -> str:
    """Return a cell as trimmed text; whole numbers without a point, days as 2025-02-06."""
    if isinstance(cell, str):
        text = cell.strip(_BLANKS)
        # ="00123" is how some exports keep Excel from eating zeros.
        return text[2:-1].strip() if text[:2] == '="' and text[-1:] == '"' else text
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def find_table(book: Book, kind: Kind) -> Table | NoTable:
    """Find the sheet and header that fit best; a required column missing is one problem."""
    layout = layout_of(kind)
    names = _names(layout)
    found = [
        (header, sheet)
        for sheet in book.sheets
        if (header := _best_header(_first_lines(sheet), names)) is not None
    ]
    if not found:
        return _no_header(layout)
    # The first of equals: a later sheet is often a copy or a legend.
    header, sheet = max(
        found, key=lambda pair: (-len(layout.missing_from(pair[0].positions)), _size(pair[0]))
    )
    missing = layout.missing_from(header.positions)
    if missing:
        return _missing_columns(layout, header, missing)
    return _table(layout, sheet, header)


def _size(header: _Header) -> int:
    return len(header.positions)


def _names(layout: Layout) -> Mapping[str, tuple[str, int]]:
    """Return each folded name with its key and its rank among that key's names."""
    names: dict[str, tuple[str, int]] = {}
    for column in layout.columns:
        for rank, name in enumerate((column.name, *column.also)):
            names.setdefault(fold(name), (column.key, rank))
    # A canonical name wins over the same word standing as another column's synonym.
    names.update({fold(column.name): (column.key, 0) for column in layout.columns})
    return names


def _first_lines(sheet: Sheet) -> list[Line]:
    return [line for _, line in zip(range(ROWS_ABOVE_HEADER), sheet.lines(), strict=False)]


def _best_header(lines: Sequence[Line], names: Mapping[str, tuple[str, int]]) -> _Header | None:
    candidates = [
        _matched(header, names)
        for place, line in enumerate(lines)
        for header in _readings(line, lines[place + 1] if place + 1 < len(lines) else None)
    ]
    fitting = [header for header in candidates if _size(header) >= LEAST_MATCHES]
    return max(fitting, key=lambda header: (_size(header), -header.row), default=None)


def _readings(line: Line, below: Line | None) -> Iterator[_Header]:
    """Read a row as a header alone, then together with the row below it (merged cells)."""
    number, cells = line
    upper = [cell_text(cell) for cell in cells]
    yield _Header(number, tuple(upper), number)
    if below is not None:
        yield _Header(number, _merged(upper, [cell_text(cell) for cell in below[1]]), below[0])


def _merged(upper: Sequence[str], lower: Sequence[str]) -> tuple[str, ...]:
    """Join two header rows: 时限 over 承诺 is 承诺时限; a cell merged downwards stands alone."""
    titles: list[str] = []
    spanning = ""
    for place in range(max(len(upper), len(lower))):
        above = upper[place] if place < len(upper) else ""
        below = lower[place] if place < len(lower) else ""
        spanning = above or spanning
        titles.append(f"{below}\n{spanning}" if below and spanning else below or above)
    return tuple(titles)


def _matched(header: _Header, names: Mapping[str, tuple[str, int]]) -> _Header:
    best: dict[str, tuple[int, int]] = {}
    for place, title in enumerate(header.titles):
        named = _lookup(title, names)
        if named is not None and (named[0] not in best or named[1] < best[named[0]][0]):
            best[named[0]] = (named[1], place)
    positions = {key: place for key, (_, place) in best.items()}
    return _Header(header.row, header.titles, header.last_row, positions)


def _lookup(title: str, names: Mapping[str, tuple[str, int]]) -> tuple[str, int] | None:
    lower, _, upper = title.partition("\n")
    for reading in (lower, lower + upper, upper + lower) if upper else (lower,):
        named = names.get(fold(reading))
        if named is not None:
            return named
    return None


def _no_header(layout: Layout) -> NoTable:
    needed = "、".join(layout.missing_from({}))
    return NoTable(
        None,
        needed,
        f"没找到{layout.title}的表头。需要有这些列：{needed}；请核对是不是拿错了表，"
        "或用模板填（python -m bot template）。",
    )


def _missing_columns(layout: Layout, header: _Header, missing: tuple[str, ...]) -> NoTable:
    used = set(header.positions.values())
    unused = [
        title.replace("\n", "")
        for place, title in enumerate(header.titles)
        if title and place not in used
    ]
    proposals = _near(layout, missing, unused)
    near = f"表里的{'、'.join(proposals)}，是的话请改表头；" if proposals else ""
    return NoTable(
        header.row,
        "、".join(missing),
        f"缺少列：{'、'.join(missing)}。{near}不是的话请重新导出，或用模板填"
        "（python -m bot template）。",
    )


def _near(layout: Layout, missing: Sequence[str], unused: Sequence[str]) -> list[str]:
    proposals: list[str] = []
    for column in layout.columns:
        if not any(column.name in name.split("或") for name in missing):
            continue
        scored = [
            (score, title)
            for title in unused
            for _, score, _ in [
                process.extractOne(
                    fold(title), [fold(n) for n in (column.name, *column.also)], scorer=fuzz.ratio
                )
            ]
            if score >= NEAR_ENOUGH
        ]
        if scored:
            proposals.append(f"“{max(scored)[1]}”像是“{column.name}”")
    return proposals


def _table(layout: Layout, sheet: Sheet, header: _Header) -> Table:
    used = {place: key for key, place in header.positions.items()}
    dropped: list[str] = []
    ignored: list[str] = []
    for place, title in enumerate(header.titles):
        if title and place not in used:
            named = title.partition("\n")[0]
            (dropped if is_personal(title) else ignored).append(named)
    titles = {key: header.titles[place].partition("\n")[0] for place, key in used.items()}
    above = [
        text
        for number, cells in _first_lines(sheet)
        if number < header.row
        for cell in cells
        if (text := cell_text(cell))
    ]
    return Table(
        layout,
        sheet,
        header.last_row,
        MappingProxyType(dict(header.positions)),
        MappingProxyType(titles),
        tuple(dropped),
        tuple(ignored),
        tuple(above),
    )


def is_personal(title: str) -> bool:
    """Tell whether a column's title speaks of personal data."""
    return any(word in title for word in _file().personal_words)


def rows_of(table: Table) -> Iterator[Row]:
    """Walk the rows under the header, without blank ones, totals, footers and repeated headers."""
    name = table.sheet.name
    places = tuple(table.positions.items())
    repeated = [table.titles[key] for key, _ in places]
    for number, cells in table.sheet.lines():
        if number <= table.header_row:
            continue
        width = len(cells)
        row: dict[str, Cell] = {}
        for key, place in places:
            if place < width:
                cell = cells[place]
                if isinstance(cell, str):
                    # What `cell_text` does to a text; called for each cell of a million rows, the
                    # call itself is what costs.
                    cell = cell.strip(_BLANKS)
                    if cell[:1] == "=":
                        cell = cell_text(cell)
                if cell != "":
                    row[key] = cell
        if _is_data(cells, row, repeated):
            yield Row(name, number, row)


def _is_data(cells: Sequence[Cell], row: Mapping[str, Cell], repeated: Sequence[str]) -> bool:
    first = row.get("number")
    if isinstance(first, str) and not _is_aside(first) and first not in repeated:
        # The usual line, decided without looking at the rest: a million pass here.
        first_cell = cells[0]
        if not isinstance(first_cell, str) or first_cell.isascii():
            return True
        return not _TOTAL.fullmatch(_squeezed(first_cell))
    texts = [text for cell in cells if (text := cell_text(cell))]
    if not texts or [cell_text(cell) for cell in row.values()] == repeated:
        return False
    if any(_TOTAL.fullmatch(_squeezed(text)) for text in texts[:2]):
        return False
    return not (len(texts) <= _MOST_FOOTER_CELLS and _is_aside(texts[0])) and bool(row)


def _is_aside(text: str) -> bool:
    if text.isascii():
        return False
    squeezed = _squeezed(text)
    return _TOTAL.fullmatch(squeezed) is not None or _FOOTER.match(squeezed) is not None


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)
