"""What an editor typed into a cell, read as the value its field takes; a bad one says why."""

from __future__ import annotations

import re
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias

from knowledge.model import HandIn, Unit
from knowledge.yaml_text import Raw

Typed: TypeAlias = "str | int | float | bool | date | datetime | None"

HAND_IN = {"原件": HandIn.ORIGINAL, "复印件": HandIn.COPY, "上传": HandIn.UPLOAD}
YES = ("是", "对", "√", "✓", "✔", "属实", "1", "y", "Y", "v", "V", "x", "X", "true", "True", "TRUE")
NO = ("否", "不", "×", "0", "n", "N", "false", "False", "FALSE")
UNIT_WORDS = {
    "个工作日": Unit.WORKING_DAY,
    "工作日": Unit.WORKING_DAY,
    "天": Unit.CALENDAR_DAY,
    "日": Unit.CALENDAR_DAY,
    "自然日": Unit.CALENDAR_DAY,
    "个自然日": Unit.CALENDAR_DAY,
    "个月": Unit.MONTH,
    "月": Unit.MONTH,
}
DAYS = re.compile(r"(\d{1,4})\s*(个?工作日|天|日|个?自然日|个?月)?")
WHOLE = re.compile(r"(\d{1,4})(?:\s*[份件张个])?")


class Sort(StrEnum):
    """What a column holds."""

    TEXT = "text"
    WHOLE = "whole"
    YES_NO = "yes_no"
    HAND_IN = "hand_in"
    DAY = "day"


class BadCell(Exception):  # noqa: N818 - an expected "no", said to a person as it stands
    """Why a cell cannot be taken, in words that say what to write."""


def shown(value: object) -> str:
    """Write a field's value as a cell shows it."""
    match value:
        case None:
            return ""
        case bool():
            return "是" if value else "否"
        case HandIn():
            return next(word for word, form in HAND_IN.items() if form is value)
        case date():
            return value.isoformat()
    return str(value)


def typed_text(cell: Typed) -> str:
    """Return a cell as text, whatever Excel made of it."""
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else shown(cell).strip()


def read(sort: Sort, text: str) -> Raw:
    """Read a cell's text; an empty one is None. Raise BadCell where it does not fit."""
    if not text:
        return None
    match sort:
        case Sort.TEXT:
            return text
        case Sort.WHOLE:
            found = WHOLE.fullmatch(text)
            if found is None:
                raise BadCell("要填整数，如 2；不知道就留空")
            return int(found[1])
        case Sort.YES_NO:
            return _yes_no(text)
        case Sort.HAND_IN:
            if text not in HAND_IN:
                raise BadCell(f"只能填 {'、'.join(HAND_IN)}，或留空")
            return str(HAND_IN[text])
        case Sort.DAY:
            return read_day(text).isoformat()


def _yes_no(text: str) -> bool:
    if text in YES or text in NO:
        return text in YES
    raise BadCell("只能填 是 或 否")


def read_day(text: str) -> date:
    """Read a day in the usual ways of writing it."""
    found = re.fullmatch(r"(\d{4})[-./年](\d{1,2})[-./月](\d{1,2})日?", text)
    try:
        if found is not None:
            return date(*(int(part) for part in found.groups()))
    except ValueError:
        pass
    raise BadCell("要写成日期，如 2026-12-01")


def read_days(text: str) -> tuple[int, Unit | None]:
    """Read a number of days with its unit, 当场办 as 0; raise BadCell."""
    if text in ("即办", "当场办", "当场办结", "立等可取", "即时"):
        return 0, Unit.WORKING_DAY
    found = DAYS.fullmatch(text)
    if found is None:
        raise BadCell("要写成天数，如 5 个工作日、30 天、当场办")
    return int(found[1]), UNIT_WORDS[found[2]] if found[2] else None


def is_ticked(text: str) -> bool:
    """Tell whether a box is ticked; raise BadCell for what is neither yes nor no."""
    if not text or text in NO:
        return False
    if text in YES:
        return True
    raise BadCell("打勾就写 √ 或 是，不打就留空")
