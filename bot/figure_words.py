"""What figures somebody asks for, in words or in a button's token: period, part, and what of it.

In words: `本月`, `龙亭区`, `2月1日至2月12日 评价`, `公积金提取 上月评价`, `差评清单`.
In a token: `stats:FROM:TO:KIND:VALUE`, with a page after the lists. Only whole messages count, and
only of those who answer for windows: a bare district or day is a citizen's question.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from bot.dialogue import Refusal, Scope
from bot.places import canonical_district, place_of_window
from bot.reports.statistics import EVERYTHING, UNASSIGNED, Narrow, Query
from knowledge.model import KnowledgeBase


class Asked(StrEnum):
    """What of a period is asked for; the values are the verbs of the buttons."""

    COUNTS = "stats"
    BAD = "bad"
    UNRATED = "unrated"
    RANKING = "rank"
    RATES = "rates"
    ODDITIES = "odd"
    CHART = "chart"


@dataclass(frozen=True, slots=True)
class Wish:
    """What words ask for; of several `choices` for one name the person has yet to choose."""

    asked: Asked
    from_on: date
    to_on: date
    choices: tuple[Narrow, ...]

    @property
    def query(self) -> Query:
        """Return the query where there is only one choice."""
        (narrow,) = self.choices
        return Query(self.from_on, self.to_on, narrow)


_ENDINGS: tuple[tuple[str, Asked], ...] = (
    ("差评清单", Asked.BAD),
    ("差评", Asked.BAD),
    ("未评价事项", Asked.UNRATED),
    ("未评事项", Asked.UNRATED),
    ("窗口排名", Asked.RANKING),
    ("排名", Asked.RANKING),
    ("评价异常", Asked.ODDITIES),
    ("异常", Asked.ODDITIES),
    ("各率", Asked.RATES),
    ("评价图", Asked.CHART),
    ("评价", Asked.COUNTS),
)
_LISTED_BY_MONTH = frozenset(set(Asked) - {Asked.COUNTS})
"""Without a period these are of the current month: of one day there is seldom anything to list."""

_DATE = r"(?:\d{4}\s*[-/.年]\s*)?\d{1,2}\s*[-/.月]\s*\d{1,2}\s*[日号]?"
_TO = r"\s*(?:至|到|—+|–|~|～)\s*"
_RANGE = re.compile(rf"(?P<first>{_DATE}){_TO}(?P<last>{_DATE}|\d{{1,2}}\s*[日号]?)")
_ONE_DAY = re.compile(_DATE)
_PLAIN_DAY = re.compile(
    r"\d{4}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}\s*日?|\d{1,2}月\d{1,2}[日号]"
)
_NUMBERS = re.compile(r"\d+")
_HALF_A_YEAR = timedelta(days=183)
_LONGEST_NAME = 40
_SHORTEST_PART = 3
"""Two characters (怎么, 办理) are part of too many names."""

_Days = tuple[date, date]


def _this_week(today: date) -> _Days:
    return today - timedelta(days=today.weekday()), today


def _last_week(today: date) -> _Days:
    monday = today - timedelta(days=today.weekday() + 7)
    return monday, monday + timedelta(days=6)


def _last_month(today: date) -> _Days:
    last = today.replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last


PERIODS: dict[str, Callable[[date], _Days]] = {
    "今日": lambda today: (today, today),
    "今天": lambda today: (today, today),
    "昨日": lambda today: (today - timedelta(days=1), today - timedelta(days=1)),
    "昨天": lambda today: (today - timedelta(days=1), today - timedelta(days=1)),
    "本周": _this_week,
    "上周": _last_week,
    "本月": lambda today: (today.replace(day=1), today),
    "上月": _last_month,
    "上个月": _last_month,
    "这个月": lambda today: (today.replace(day=1), today),
}
_NAMED_PERIOD = re.compile("|".join(sorted(PERIODS, key=len, reverse=True)))


@dataclass(frozen=True, slots=True)
class _Words:
    """A message taken apart: what is asked for, the period's words, and the rest as a name."""

    asked: Asked
    is_bare: bool
    period: str
    name: str


def reads(base: KnowledgeBase, text: str) -> bool:
    """Tell whether a whole message of an overseer asks for figures that we have."""
    words = _apart(text)
    if words is None or (words.is_bare and not words.period and not words.name):
        return False
    return not words.name or bool(_narrows(base, words))


def is_bare(text: str) -> bool:
    """Tell whether figures are asked for by a period or place alone: where a text is awaited,
    that is what was awaited.
    """
    words = _apart(text)
    return words is not None and words.is_bare


def read_words(base: KnowledgeBase, scope: Scope, text: str, today: date) -> Wish:
    """Read what is asked for; raise Refusal `filter_unknown`, `day_unknown`, `outside_scope`.

    Of several windows or entries of one name those of the own scope are choices.
    """
    words = _apart(text) or _Words(Asked.COUNTS, is_bare=False, period="", name=text.strip())
    from_on, to_on = _period(words, today)
    if not words.name:
        return Wish(words.asked, from_on, to_on, (EVERYTHING,))
    found = _narrows(base, words)
    if not found:
        raise Refusal("filter_unknown", {"words": words.name})
    own = tuple(narrow for narrow in found if lies_within(base, scope, narrow))
    if not own:
        raise Refusal("outside_scope")
    return Wish(words.asked, from_on, to_on, own)


def _apart(text: str) -> _Words | None:
    """Take a message apart; None where it is too long to be a name of ours."""
    rest = text.strip().removeprefix("/today").strip()
    if len(rest) > 2 * _LONGEST_NAME:
        return None
    ending, asked = next(((e, a) for e, a in _ENDINGS if rest.endswith(e)), ("", Asked.COUNTS))
    rest = rest.removesuffix(ending).strip()
    period = ""
    # 3-5 or 12.5 alone may be anything: without 评价 behind it a day names its month or year.
    for pattern in (_RANGE, _NAMED_PERIOD, _ONE_DAY if ending else _PLAIN_DAY):
        found = pattern.search(rest)
        if found is not None:
            period = found[0]
            rest = f"{rest[: found.start()]} {rest[found.end() :]}"
            break
    name = rest.strip(" 　，,的")
    return _Words(asked, is_bare=not ending, period=period, name=name)


def _period(words: _Words, today: date) -> _Days:
    named = PERIODS.get(words.period)
    if named is not None:
        return named(today)
    if not words.period:
        month = words.asked in _LISTED_BY_MONTH
        return (today.replace(day=1), today) if month else (today, today)
    span = _RANGE.fullmatch(words.period)
    if span is None:
        day = _day(words.period, today)
        return day, day
    first = _day(span["first"], today)
    last = _day(span["last"], today, after=first)
    if last < first:
        raise Refusal("period_backwards")
    return first, last


def _day(words: str, today: date, *, after: date | None = None) -> date:
    """Read a day; one without its year is the nearest, or belongs to the day before it."""
    numbers = [int(number) for number in _NUMBERS.findall(words)]
    try:
        match numbers:
            case [year, month, day]:
                return date(year, month, day)
            case [month, day] if after is not None:
                return date(after.year, month, day)
            case [day] if after is not None:
                return after.replace(day=day)
            case [month, day]:
                return _nearest(month, day, today)
    except ValueError:
        raise Refusal("day_unknown") from None
    raise Refusal("day_unknown")


def _nearest(month: int, day: int, today: date) -> date:
    this_year = date(today.year, month, day)
    return this_year.replace(year=today.year - 1) if this_year - today > _HALF_A_YEAR else this_year


def _narrows(base: KnowledgeBase, words: _Words) -> tuple[Narrow, ...]:
    """Return what a name may mean; a bare one only a district or a hall that is none of any.

    Part of an entry's name is enough before 评价 alone: 经营异常 is a question, no list of ours.
    """
    name = words.name
    district = canonical_district(base, name)
    if district is not None:
        return (Narrow(district=district),)
    hall = hall_of_its_own(base, name)
    if hall is not None:
        return (Narrow(hall=hall),)
    if words.is_bare:
        return ()
    if place_of_window(base, name) is not None:
        return (Narrow(window=name.strip().lower()),)
    exact = tuple(_entries(base, lambda known: known == name))
    if exact:
        return exact
    windows = tuple(_windows(base, name))
    if windows or words.asked is not Asked.COUNTS or len(name) < _SHORTEST_PART:
        return windows
    return tuple(_entries(base, lambda known: name in known))


def hall_of_its_own(base: KnowledgeBase, name: str) -> str | None:
    """Return the id of a hall that belongs to no district, by its name."""
    return next(
        (h.id for h in base.places.values() if h.district is None and name in (h.id, h.name)), None
    )


def _windows(base: KnowledgeBase, name: str) -> Iterator[Narrow]:
    """Yield the windows of a name, with district or hall before it or without."""
    for hall in base.places.values():
        known = next((d for d in base.districts if d.name == hall.district), None)
        before = (hall.name, *((known.name, *known.names) if known else ()))
        rest = next((name.removeprefix(b) for b in before if name.startswith(b)), name)
        wanted = rest.strip(" ·　")
        for window in hall.windows:
            if len(wanted) > 1 and wanted in (window.name, window.name.strip("“”")):
                yield Narrow(window=window.code)


def _entries(base: KnowledgeBase, is_named: Callable[[str], bool]) -> Iterator[Narrow]:
    for entry in base.entries.values():
        if any(
            is_named(known) for known in (entry.id, entry.name, entry.short_name, *entry.aliases)
        ):
            yield Narrow(entry=entry.id)


# -- tokens

_KINDS = {"d": "district", "w": "window", "e": "entry", "h": "hall"}


def read_token(base: KnowledgeBase, scope: Scope, arguments: Sequence[str]) -> tuple[Query, int]:
    """Read period, filter and page from a button; one that is not ours is refused."""
    *rest, last = arguments or ("",)
    page = int(last[1:]) if re.fullmatch(r"p\d{1,6}", last) else 0
    parts = rest if page or last == "p0" else arguments
    if len(parts) not in (2, 4):
        raise Refusal("button_unknown")
    try:
        from_on, to_on = (date.fromisoformat(part) for part in parts[:2])
    except ValueError:
        raise Refusal("button_unknown") from None
    if from_on > to_on:
        raise Refusal("button_unknown")
    if len(parts) == 2:
        return Query(from_on, to_on), page
    narrow = narrow_of(base, parts[2], parts[3])
    check_within(base, scope, narrow)
    return Query(from_on, to_on, narrow), page


def narrow_of(base: KnowledgeBase, kind: str, value: str) -> Narrow:
    """Read a filter as a token or an address carries it."""
    if kind not in _KINDS:
        raise Refusal("button_unknown")
    if kind == "d":
        district = canonical_district(base, value)
        if district is None:
            raise Refusal("button_unknown")
        return Narrow(district=district)
    if kind == "h" and hall_of_its_own(base, value) is None:
        raise Refusal("button_unknown")
    return Narrow(**{_KINDS[kind]: value})


# -- scope


def check_within(base: KnowledgeBase, scope: Scope, narrow: Narrow) -> None:
    """Refuse a filter outside the own scope: a page of false zeros would be worse than a no."""
    if not lies_within(base, scope, narrow):
        raise Refusal("outside_scope")


def lies_within(base: KnowledgeBase, scope: Scope, narrow: Narrow) -> bool:
    """Tell whether a filter asks for anything that somebody with this scope answers for."""
    if UNASSIGNED in (narrow.district, narrow.window):
        above = scope.district if narrow.district == UNASSIGNED else None
        return above is None and scope.window is None
    own = place_of_window(base, scope.window) if scope.window else None
    district = scope.district or (own.district if own else None)
    hall = own.hall if own else None
    if narrow.district is not None and district not in (None, narrow.district):
        return False
    if narrow.hall is not None and (district is not None or hall not in (None, narrow.hall)):
        return False
    if narrow.window is not None:
        place = place_of_window(base, narrow.window)
        if scope.window not in (None, narrow.window):
            return False
        if district is not None and (place is None or place.district != district):
            return False
    entry = base.entries.get(narrow.entry or "")
    owner = entry.owner if entry else None
    return narrow.entry is None or scope.department in (None, owner)
