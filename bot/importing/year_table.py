"""Read a year's arrangement of working days: YAML as the office's table, or a sheet.

A sheet has the columns 日期, 类型 (放假, 调休上班, 本地放假) and 名称; the notice's number stands
above the header or is given by hand. Nothing is written here.
"""

from __future__ import annotations

import io
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from bot.importing.columns import cell_text, fold
from bot.importing.sheets import Cell, Line, UnreadableFile, open_book
from bot.importing.values import BadValue, parse_date
from reminders.working_days import Calendar, load_calendar

_YAML_ENDINGS = {".yaml", ".yml"}
_NOTICE = re.compile(r"国办发明电[〔\[(（]\d{4}[〕\])）]\d+号")
_AT_THE_LINE = re.compile(r"^.*?第 \d+ 行：")
_ROWS_ABOVE = 20
_NEW_YEAR_DAYS = 7

_OFF = frozenset("放假 放假日 休 休息 休假 假期 节假日 法定节假日 法定假日".split())
_MAKEUP = frozenset("上班 上班日 调休上班 调休上班日 补班 调班 班 调休".split())
_CLOSURE = frozenset("本地放假 闭馆 本地闭馆 停止办公".split())

_DATE, _TYPE, _NAME, _REFERENCE = "日期", "类型", "名称", "文号"
_HEADERS = {
    _DATE: ("日期", "日子", "放假日期"),
    _TYPE: ("类型", "类别", "性质"),
    _NAME: ("名称", "节日", "节日名称", "节假日名称", "说明"),
    _REFERENCE: ("文号", "依据", "依据文号"),
}


@dataclass(frozen=True, slots=True)
class YearsRead:
    """The years of a file in the form of the table's YAML, or what is wrong with it."""

    years: Mapping[int, Any] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def read_years(path: Path, notice: str | None) -> YearsRead:
    """Read the years of a YAML file or a sheet; every problem at once."""
    if path.suffix.lower() in _YAML_ENDINGS:
        return _from_yaml(path)
    try:
        book = open_book(path, path.name)
        lines = [line for sheet in book.sheets for line in sheet.lines()]
    except UnreadableFile as error:
        return YearsRead(problems=(f"{path.name}：{error.message}",))
    return _from_lines(path, lines, notice)


def _from_yaml(path: Path) -> YearsRead:
    _, problems = load_calendar(path)
    if problems:
        return YearsRead(problems=problems)
    table = _yaml().load(path.read_text("utf-8-sig"))
    years = (table or {}).get("years")
    if not years:
        return YearsRead(problems=(f"{path.name}：没有年份，请按 years: 2027: … 的写法",))
    return YearsRead(dict(years))


def _from_lines(path: Path, lines: Sequence[Line], notice: str | None) -> YearsRead:
    header = _header(lines)
    if header is None:
        problem = f"{path.name}：没找到表头，要有“日期”“类型”两列（“名称”可选）"
        return YearsRead(problems=(problem,))
    found = notice or _notice_in(lines)
    rows, problems = _rows(lines, *header)
    if found is None:
        problems.append("没有放假通知的文号：写在表头上方，或用 --notice 国办发明电〔2026〕7号")
    if not rows and not problems:
        problems.append("表头下面没有日期")
    if problems:
        return YearsRead(problems=tuple(f"{path.name}：{problem}" for problem in problems))
    assert found is not None
    years = _by_year(rows, found)
    _, mistakes = check_table(merge_years(None, years))
    # Lines of a YAML file that nobody wrote would say nothing.
    said = dict.fromkeys(_AT_THE_LINE.sub("", mistake) for mistake in mistakes)
    return YearsRead(years, tuple(f"{path.name}：{mistake}" for mistake in said))


@dataclass(frozen=True, slots=True)
class _Row:
    on: date
    kind: str
    name: str
    reference: str


def _header(lines: Sequence[Line]) -> tuple[int, Mapping[str, int]] | None:
    names = {fold(name): key for key, known in _HEADERS.items() for name in known}
    for place, (_, cells) in enumerate(lines[:_ROWS_ABOVE]):
        columns: dict[str, int] = {}
        for column, cell in enumerate(cells):
            key = names.get(fold(cell_text(cell)))
            if key is not None:
                columns.setdefault(key, column)
        if _DATE in columns and _TYPE in columns:
            return place, columns
    return None


def _notice_in(lines: Iterable[Line]) -> str | None:
    found = (_NOTICE.search(cell_text(cell)) for _, cells in lines for cell in cells)
    return next((match[0] for match in found if match), None)


def _rows(
    lines: Sequence[Line], place: int, columns: Mapping[str, int]
) -> tuple[list[_Row], list[str]]:
    rows: list[_Row] = []
    problems: list[str] = []
    for number, cells in lines[place + 1 :]:
        if not any(cell_text(cell) for cell in cells):
            continue
        kind = _kind(fold(_cell(cells, columns, _TYPE)))
        if kind is None:
            said = _cell(cells, columns, _TYPE)
            problems.append(f"第 {number} 行“类型”（{said}）：请写 放假、调休上班 或 本地放假")
        try:
            on = parse_date(cells[columns[_DATE]])
        except (BadValue, IndexError) as bad:
            why = bad.problem if isinstance(bad, BadValue) else "空着"
            problems.append(f"第 {number} 行“日期”：{why}")
            continue
        if kind is not None:
            name, reference = _cell(cells, columns, _NAME), _cell(cells, columns, _REFERENCE)
            rows.append(_Row(on, kind, name, reference))
    return rows, problems


def _cell(cells: Sequence[Cell], columns: Mapping[str, int], key: str) -> str:
    column = columns.get(key)
    return cell_text(cells[column]) if column is not None and column < len(cells) else ""


def _kind(said: str) -> str | None:
    for kind, sayings in (("off", _OFF), ("makeup", _MAKEUP), ("closures", _CLOSURE)):
        if said in sayings:
            return kind
    return None


def _by_year(rows: Sequence[_Row], notice: str) -> dict[int, dict[str, Any]]:
    """Group days by the year whose notice they stand in.

    A notice may move a few days beyond its year's ends: those go with the year of most days.
    """
    main = Counter(row.on.year for row in rows).most_common(1)[0][0]
    near = timedelta(days=_NEW_YEAR_DAYS)
    first, last = date(main, 1, 1) - near, date(main, 12, 31) + near
    years: dict[int, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: row.on):
        year = main if first <= row.on <= last else row.on.year
        table = years.setdefault(year, {})
        if row.kind == "closures":
            name, reference = row.name or "本地放假", row.reference or notice
            closure = {"days": row.on.isoformat(), "name": name, "reference": reference}
            table.setdefault("closures", []).append(closure)
            continue
        table.setdefault("notice", notice)
        if row.kind == "makeup":
            table.setdefault("makeup", []).append(row.on.isoformat())
        else:
            table.setdefault("off", {}).setdefault(row.name or "放假", []).append(
                row.on.isoformat()
            )
    return years


# -- the table as a whole


def merge_years(current: Path | None, years: Mapping[int, Any]) -> str:
    """Lay years into the office's table; its comments and local closures stay as they are."""
    yaml = _yaml()
    there = current is not None and current.exists()
    table = (yaml.load(current.read_text("utf-8-sig")) if current and there else None) or {}
    known = table.get("years") or {}
    for year, arrangement in years.items():
        kept = known.get(year) or {}
        closures = {"closures": kept["closures"]} if "closures" in kept else {}
        if set(arrangement) == {"closures"}:
            known[year] = {**kept, **arrangement}
        else:
            known[year] = {**closures, **arrangement}
    table["years"] = known
    stream = io.StringIO()
    yaml.dump(table, stream)
    return stream.getvalue()


def _yaml() -> YAML:
    yaml = YAML()
    yaml.allow_unicode = True
    yaml.width = 100
    return yaml


def check_table(text: str) -> tuple[Calendar, tuple[str, ...]]:
    """Read a table with the very reader that will read it when the program starts."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "working_days.yaml"
        path.write_text(text, encoding="utf-8")
        return load_calendar(path)
