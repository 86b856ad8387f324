"""Putting a message together line by line, and writing dates, numbers and phones for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import takewhile

from knowledge.model import Period, Unit

HOTLINE = "12345"
WEEKDAYS = "一二三四五六日"
UNIT_WORDS = {
    Unit.WORKING_DAY: "个工作日",
    Unit.CALENDAR_DAY: "天",
    Unit.MONTH: "个月",
}


class Lines:
    """Collects the lines of a message and remembers which are headings."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._lines: list[str] = []
        self._headings: list[str] = []

    def add(self, *lines: str | None) -> None:
        """Add lines; None is left out."""
        self._lines += [line for line in lines if line is not None]

    def heading(self, line: str) -> None:
        """Add a heading, after an empty line."""
        if self._lines and self._lines[-1] != "":
            self._lines.append("")
        self._lines.append(line)
        self._headings.append(line)

    def numbered(self, lines: Iterable[str], *, first: int = 1) -> None:
        """Add numbered lines."""
        self._lines += [f"{n}. {line}" for n, line in enumerate(lines, start=first)]

    def bullets(self, lines: Iterable[str]) -> None:
        """Add lines with a dot before each."""
        self._lines += [f"· {line}" for line in lines]

    @property
    def text(self) -> str:
        """Return the message."""
        return "\n".join(self._lines).strip("\n")

    @property
    def headings(self) -> tuple[str, ...]:
        """Return the lines that are headings."""
        return tuple(self._headings)


def format_day(day: date) -> str:
    """Write a day as 2月5日（周三）."""
    return f"{day.month}月{day.day}日（周{WEEKDAYS[day.weekday()]}）"


def format_full_day(day: date) -> str:
    """Write a day as 2025年2月5日."""
    return f"{day.year}年{day.month}月{day.day}日"


def format_moment(moment: datetime) -> str:
    """Write an instant as 2月5日 08:30."""
    return f"{moment.month}月{moment.day}日 {moment:%H:%M}"


def format_days(days: int, unit: Unit) -> str:
    """Write a number of days with its unit; 0 is 当场办."""
    return "当场办" if days == 0 else f"{days} {UNIT_WORDS[unit]}"


def format_period(period: Period) -> str:
    """Write a period in its own words, with the number where they lack it."""
    if period.days is None or str(period.days) in period.text:
        return period.text
    return f"{period.text}（{format_days(period.days, period.unit)}）"


def shorten(text: str, limit: int) -> str:
    """Cut a text to at most `limit` characters, with an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def end_sentence(text: str) -> str:
    """End a text with a full stop unless it already ends with a mark."""
    return text if text.endswith(("。", "！", "？", "；", "”", "）")) else text + "。"


def join_phrases(phrases: Sequence[str]) -> str:
    """Join alternatives with 或, saying once what they begin with in common."""
    if len(phrases) < 2:
        return "".join(phrases)
    columns = takewhile(lambda column: len(set(column)) == 1, zip(*phrases, strict=False))
    shared = "".join(column[0] for column in columns)
    cut = max(shared.rfind(mark) for mark in "、，") + 1
    return phrases[0][:cut] + "或".join(phrase[cut:] for phrase in phrases)
