"""Read the days of a leave as people write them: 2月10日到2月12日, 2/10-2/12, 明天到后天, 10日.

Knows no wording: what cannot be read is a Refusal with its reason.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from bot.dialogue import Refusal

LONGEST_LEAVE_DAYS = 366
# A day without its year that is long past belongs to the year to come, one just past does not.
_LONG_PAST = timedelta(days=180)
_RELATIVE: Mapping[str, int] = {"今天": 0, "今日": 0, "明天": 1, "明日": 1, "后天": 2}
_DAY = r"今天|今日|明天|明日|后天|(?:\d{4}[-/.年])?\d{1,2}[-/.月]\d{1,2}[日号]?|\d{1,2}[日号]"
# A 工号 may end in a digit, so a name that does is set off from the days by a blank.
_PERIOD = re.compile(
    rf"(?P<who>.*?)(?:\s+|(?<!\d))(?:从|自)?\s*(?P<first>{_DAY})"
    rf"(?:(?:起|开始)?\s*(?:到|至|—+|–|-|~|,|、)\s*(?P<last>{_DAY}|\d{{1,2}}))?\s*(?:为?止|请假|休假)?"
)
_NUMBERS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class LeaveWords:
    """Somebody's name or 工号, if one was written, and the days from and to."""

    who: str
    from_on: date
    to_on: date


def has_days(text: str) -> bool:
    """Tell whether a text ends in what looks like days, whether they exist or not."""
    return _PERIOD.fullmatch(_narrow(text)) is not None


def read_leave(text: str, today: date) -> LeaveWords:
    """Read who and which days; raise Refusal where they cannot be, are over, or are too many."""
    found = _PERIOD.fullmatch(_narrow(text))
    if found is None:
        raise Refusal("leave_unreadable")
    first = found["first"]
    from_on = _day(first, today, None)
    to_on = _day(found["last"], today, from_on) if found["last"] else from_on
    if to_on < from_on:
        raise Refusal("leave_backwards")
    if to_on < today:
        raise Refusal("leave_over", {"to_on": to_on})
    if (to_on - from_on).days >= LONGEST_LEAVE_DAYS:
        raise Refusal("leave_too_long")
    return LeaveWords(found["who"].strip(), from_on, to_on)


def _narrow(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _day(words: str, today: date, after: date | None) -> date:
    """Return the day that words name; without its month or year, the one that `after` suggests."""
    if words in _RELATIVE:
        return today + timedelta(days=_RELATIVE[words])
    *before, day = [int(number) for number in _NUMBERS.findall(words)]
    near = after or today
    month = before[-1] if before else near.month
    if len(before) > 1:
        return _existing(before[0], month, day)
    found = _existing(near.year, month, day)
    return _existing(near.year + 1, month, day) if near - found > _LONG_PAST else found


def _existing(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError as error:
        raise Refusal("leave_no_such_day", {"month": month, "day": day}) from error
