"""Count working days as the State Council's yearly notices arrange them, and explain each day.

The office's own `working_days.yaml` comes first, then `chinesecalendar`; a year in neither is
provisional. Nothing here knows cases, certificates or wording beyond the name of a day.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import islice, pairwise, takewhile
from pathlib import Path

import chinese_calendar
import yaml

Stop = tuple[date, date]
"""The first and the last day on which a special procedure lets the clock stand still."""

WORKING_DAY = "工作日"
MAKEUP_DAY = "调休上班"
WEEKEND = "周末"
LOCAL_CLOSURE = "本地放假"
ACCEPTANCE_DAY = "受理当日"
SUSPENDED = "挂起"

_ONE_DAY = timedelta(days=1)
_SATURDAY = 5

# 全国年节及纪念日放假办法 (2024-11-10). The lunar days are known only from the yearly notice.
_SOLAR_HOLIDAYS = {
    (1, 1): "元旦",
    (5, 1): "劳动节",
    (5, 2): "劳动节",
    (10, 1): "国庆节",
    (10, 2): "国庆节",
    (10, 3): "国庆节",
}
# The notices before 2025 knew one day of 劳动节; no table of the office lacks these.
_IN_EVERY_NOTICE = ((1, 1), (5, 1), (10, 1), (10, 2), (10, 3))

_HOLIDAY_NAMES = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "National Day": "国庆节",
    "Mid-autumn Festival": "中秋节",
    "Anti-Fascist 70th Day": "抗战胜利纪念日",
}


@dataclass(frozen=True, slots=True, eq=False)
class Calendar:
    """Answer for any day whether the windows work, in words, and how certain that is.

    A day of a year not yet announced (or before 2004) is decided by weekends and the statutory
    days of the solar calendar alone: 01-01, 05-01..02, 10-01..03. Spring Festival, 清明, 端午,
    中秋 and every make-up day of such a year cannot be known, so each of its days is provisional.
    """

    years: frozenset[int]
    rest_days: Mapping[date, str]
    makeup_days: frozenset[date]
    notices: Mapping[int, str]
    # A sweep counts days for 20,000 cases; walking a list is ten times faster than asking.
    listed_working_days: tuple[date, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        first, last = date(min(self.years), 1, 1), date(max(self.years) + 1, 12, 31)
        days = (day for day in _days_after(first, last) if self.is_working_day(day))
        object.__setattr__(self, "listed_working_days", tuple(days))

    def says_the_same_as(self, other: "Calendar") -> bool:
        """Tell whether another calendar says the same of every day."""
        return (
            self.years == other.years
            and self.rest_days == other.rest_days
            and self.makeup_days == other.makeup_days
            and self.notices == other.notices
        )

    def is_working_day(self, day: date) -> bool:
        """Tell whether the day counts (行政许可法 art. 82): make-up days do, holidays do not."""
        if day in self.rest_days:
            return False
        if day in self.makeup_days:
            return True
        if day.weekday() >= _SATURDAY:
            return False
        return day.year in self.years or (day.month, day.day) not in _SOLAR_HOLIDAYS

    def reason(self, day: date) -> str:
        """Name what the day is: a working day, a make-up day, a holiday by name, a weekend."""
        if day in self.rest_days:
            return self.rest_days[day]
        if day in self.makeup_days:
            return MAKEUP_DAY
        if day.year not in self.years and (day.month, day.day) in _SOLAR_HOLIDAYS:
            return _SOLAR_HOLIDAYS[day.month, day.day]
        return WEEKEND if day.weekday() >= _SATURDAY else WORKING_DAY

    def is_provisional(self, day: date) -> bool:
        """Tell whether the day still waits for the State Council's notice."""
        return (
            day.year not in self.years and day not in self.rest_days and day not in self.makeup_days
        )


@dataclass(frozen=True, slots=True)
class DayCount:
    """Say of one day whether it counted and why."""

    on: date
    counted: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Answer 为什么是这天: the due day and every day on the way to it."""

    due_on: date
    provisional: bool
    days: tuple[DayCount, ...]


def years_known(calendar: Calendar) -> tuple[int, ...]:
    """List the years whose arrangement is known, in order."""
    return tuple(sorted(calendar.years))


def add_working_days(
    calendar: Calendar, start_on: date, days: int, stops: Sequence[Stop] = ()
) -> date:
    """Return the due day of a limit of `days` working days accepted on `start_on`.

    The day of acceptance is not counted (Civil Code art. 201). With 0 days (即办件) it is that
    day itself if it is a working day, else the next one. A stop excludes both its ends.
    Accepted 2025-01-24 with 5 days is due 2025-02-07.
    """
    if days < 0:
        raise ValueError(f"a limit cannot be {days} working days")
    after = start_on if days else start_on - _ONE_DAY
    return next(islice(_counted_days(calendar, after, stops), max(days, 1) - 1, None))


def _counted_days(calendar: Calendar, after: date, stops: Sequence[Stop]) -> Iterator[date]:
    days = _working_days_after(calendar, after)
    return (day for day in days if not _is_stopped(day, stops)) if stops else days


def _working_days_after(calendar: Calendar, after: date) -> Iterator[date]:
    """Walk the working days later than `after`, through the listed ones first."""
    listed = calendar.listed_working_days
    day = after
    if day >= listed[0]:
        for position in range(bisect_right(listed, day), len(listed)):
            yield listed[position]
        day = max(day, listed[-1])
    while True:
        day += _ONE_DAY
        if calendar.is_working_day(day):
            yield day


def _is_stopped(day: date, stops: Sequence[Stop]) -> bool:
    return any(first <= day <= last for first, last in stops)


def working_days_between(
    calendar: Calendar, after: date, until: date, stops: Sequence[Stop] = ()
) -> int:
    """Count the working days in (after, until], outside the stops; none when `until` is earlier.

    Remaining days are those in (today, due], overdue days those in (due, today].
    """
    if until <= after:
        return 0
    counted = _counted_days(calendar, after, stops)
    return sum(1 for _ in takewhile(lambda day: day <= until, counted))


def _days_after(after: date, until: date) -> Iterator[date]:
    return (after + timedelta(days=n) for n in range(1, (until - after).days + 1))


def explain_days(
    calendar: Calendar, accepted_on: date, days: int, stops: Sequence[Stop] = ()
) -> Explanation:
    """Explain the due day, day by day from the day of acceptance.

    The day of acceptance is listed as not counted. For a 即办件 it is listed only as what it is,
    and the due day is the one that counts. The due day is provisional when any day looked at is.
    """
    due_on = add_working_days(calendar, accepted_on, days, stops)
    first = () if days == 0 else (DayCount(accepted_on, False, ACCEPTANCE_DAY),)
    after = accepted_on if days else accepted_on - _ONE_DAY
    walked = tuple(_days_after(after, due_on))
    return Explanation(
        due_on=due_on,
        provisional=any(calendar.is_provisional(day) for day in walked),
        days=first + tuple(_count_day(calendar, day, stops) for day in walked),
    )


def _count_day(calendar: Calendar, day: date, stops: Sequence[Stop]) -> DayCount:
    if calendar.is_working_day(day) and _is_stopped(day, stops):
        return DayCount(day, False, SUSPENDED)
    return DayCount(day, calendar.is_working_day(day), calendar.reason(day))


def filing_day(calendar: Calendar, expires_on: date, days: int) -> date:
    """Return the latest day with `days` working days between it and expiry, expiry included.

    It may be a rest day; what is announced then is `previous_working_day` of it.
    """
    day = expires_on
    left = days
    while left > 0:
        if calendar.is_working_day(day):
            left -= 1
        day -= _ONE_DAY
    return day


def previous_working_day(calendar: Calendar, day: date) -> date:
    """Return the day itself if it is a working day, else the last one before it."""
    while not calendar.is_working_day(day):
        day -= _ONE_DAY
    return day


def load_calendar(path: Path | None) -> tuple[Calendar, tuple[str, ...]]:
    """Read the office's own table over the State Council's years; a missing file is fine.

    A year with a problem is left out whole, because half a year would count wrongly and look
    certain; a closure with a problem is left out alone. The file looks like this:

        years:
          2027:
            notice: 国办发明电〔2026〕7号
            off: {元旦: 2027-01-01..2027-01-03, 春节: [02-05..02-11]}
            makeup: [2027-01-30]
            closures:
              - {days: 2027-04-18, name: 菊花会闭馆, reference: 汴政办〔2027〕3号}

    A year may hold closures alone; they then lie over what is known otherwise.
    """
    if path is None:
        return _merge(()), ()
    reader = _TableReader(path.name)
    tables = reader.read(path)
    return _merge(tables), tuple(reader.problems)


@dataclass(frozen=True, slots=True)
class _YearTable:
    year: int
    notice: str | None
    off: Mapping[date, str]
    makeup: frozenset[date]
    closures: Mapping[date, str]


def _merge(tables: Sequence[_YearTable]) -> Calendar:
    """Lay the office's years over the Python package's, day by day where they reach further.

    A notice may also move the last days of the year before (2018-12-29 was worked for 2019).
    """
    own = {table.year: table for table in tables if table.notice is not None}
    rest_days = {
        day: _HOLIDAY_NAMES.get(name, name)
        for day, name in chinese_calendar.holidays.items()
        if day.year not in own
    }
    makeup_days = {day for day in chinese_calendar.workdays if day.year not in own}
    for table in own.values():
        makeup_days = (makeup_days | table.makeup) - table.off.keys()
        rest_days = {day: name for day, name in rest_days.items() if day not in table.makeup}
        rest_days.update(table.off)
    for table in tables:
        rest_days.update(table.closures)
    return Calendar(
        years=_years_of_the_package() | own.keys(),
        rest_days=rest_days,
        makeup_days=frozenset(makeup_days - rest_days.keys()),
        notices={year: table.notice for year, table in own.items() if table.notice is not None},
    )


def _years_of_the_package() -> frozenset[int]:
    """List years with a National Day: a notice's first days may reach into an unknown year."""
    return frozenset(
        day.year for day in chinese_calendar.holidays if (day.month, day.day) == (10, 1)
    )


class _TableReader:
    """Turn the YAML file into year tables and collect every problem with its line."""

    def __init__(self, file_name: str) -> None:
        self.file_name = file_name
        self.problems: list[str] = []

    def read(self, path: Path) -> tuple[_YearTable, ...]:
        try:
            root = yaml.compose(path.read_text(encoding="utf-8-sig"), yaml.SafeLoader)
        except FileNotFoundError:
            return ()
        except OSError as error:
            self.problems.append(f"{self.file_name}：读不了（{error.strerror}），请检查文件权限")
            return ()
        except UnicodeDecodeError:
            self.problems.append(f"{self.file_name}：不是 UTF-8 编码，请另存为 UTF-8")
            return ()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            self._report_line(mark.line + 1 if mark else 1, "YAML 写法有误，请检查缩进、冒号和引号")
            return ()
        except yaml.YAMLError:
            self._report_line(1, "含有不能用的字符，请用纯文本重新保存")
            return ()
        if root is None:
            return ()
        entries = [
            (key, node)
            for name, value in self._fields(root, ("years",))
            if name == "years"
            for key, node in self._pairs(value)
        ]
        tables = [self._year(key, node) for key, node in entries]
        return tuple(table for table in tables if table is not None)

    def _year(self, key: yaml.ScalarNode, node: yaml.Node) -> _YearTable | None:
        if not (key.value.isascii() and key.value.isdigit() and 1949 <= int(key.value) <= 2100):
            self._report(key, f"“{key.value}”不是年份，请写成 1949 到 2100 之间的四位数字")
            return None
        year = int(key.value)
        problems_before = len(self.problems)
        fields = dict(self._fields(node, ("notice", "off", "makeup", "closures")))
        off = self._off_days(year, fields.get("off"))
        makeup = self._makeup_days(year, fields.get("makeup"))
        notice = self._text(fields.get("notice"))
        if "off" in fields or "makeup" in fields or "closures" not in fields:
            self._check_year(year, key, notice, off, makeup)
        elif notice is not None:
            self._report(key, f"{year} 年有 notice 却没有 off，请补上放假日期")
        sound = len(self.problems) == problems_before
        closures = self._closures(year, fields.get("closures"))
        if sound:
            return _YearTable(year, notice, off, makeup, closures)
        self._report(key, f"{year} 年的放假表有错，改好之前不采用（本地放假照用）")
        return _YearTable(year, None, {}, frozenset(), closures)

    def _check_year(
        self,
        year: int,
        key: yaml.Node,
        notice: str | None,
        off: Mapping[date, str],
        makeup: frozenset[date],
    ) -> None:
        if notice is None:
            self._report(key, f"{year} 年缺 notice，请写国务院办公厅放假通知的文号")
        missing = [day for day in _IN_EVERY_NOTICE if date(year, *day) not in off]
        if missing:
            days = "、".join(f"{month:02}-{day:02}" for month, day in missing)
            self._report(key, f"{year} 年的 off 缺法定节日 {days}")
        for day in sorted(makeup & off.keys()):
            self._report(key, f"{day} 既写在 off 又写在 makeup，请只留一处")

    def _off_days(self, year: int, node: yaml.Node | None) -> dict[date, str]:
        if node is None:
            return {}
        return {
            day: name.value for name, value in self._pairs(node) for day in self._days(year, value)
        }

    def _makeup_days(self, year: int, node: yaml.Node | None) -> frozenset[date]:
        days = frozenset(self._days(year, node)) if node is not None else frozenset()
        for day in sorted(day for day in days if day.weekday() < _SATURDAY):
            self._report(node, f"{day} 不是周六、周日，不会是调休上班日")
        return days

    def _closures(self, year: int, node: yaml.Node | None) -> dict[date, str]:
        if node is None:
            return {}
        if not isinstance(node, yaml.SequenceNode):
            self._report(node, "closures 请写成一条一行的列表，每条以“- ”开头")
            return {}
        return {day: reason for entry in node.value for day, reason in self._closure(year, entry)}

    def _closure(self, year: int, node: yaml.Node) -> list[tuple[date, str]]:
        fields = dict(self._fields(node, ("days", "name", "reference")))
        reference = self._text(fields.get("reference"))
        if "days" not in fields or reference is None:
            self._report(node, "本地放假要写 days（日期）和 reference（依据文号）")
            return []
        name = self._text(fields.get("name")) or LOCAL_CLOSURE
        return [(day, f"{name}（{reference}）") for day in self._days(year, fields["days"])]

    def _days(self, year: int, node: yaml.Node) -> list[date]:
        """Read days and ranges; the year may be left out (`01-28..02-04`)."""
        entries = node.value if isinstance(node, yaml.SequenceNode) else [node]
        return [day for entry in entries for day in self._range(year, entry)]

    def _range(self, year: int, node: yaml.Node) -> list[date]:
        if not isinstance(node, yaml.ScalarNode):
            self._report(node, "日期请写成 2027-02-05 或 2027-02-05..2027-02-11")
            return []
        ends = [_parse_day(year, part) for part in node.value.split("..", 1)]
        first, last = ends[0], ends[-1]
        if first is None or last is None:
            self._report(node, f"“{node.value}”不是日期，请写成 2027-02-05 或 02-05..02-11")
            return []
        if not (date(year, 1, 1) - _ONE_DAY * 7 <= first <= last <= date(year + 1, 1, 7)):
            self._report(node, f"“{node.value}”不在 {year} 年内，或起止颠倒")
            return []
        return [first, *_days_after(first, last)]

    def _fields(self, node: yaml.Node, allowed: Sequence[str]) -> Iterator[tuple[str, yaml.Node]]:
        for key, value in self._pairs(node):
            if key.value in allowed:
                yield key.value, value
            else:
                self._report(key, f"不认识“{key.value}”，这里只能写 {'、'.join(allowed)}")

    def _pairs(self, node: yaml.Node) -> list[tuple[yaml.ScalarNode, yaml.Node]]:
        if _is_blank(node):
            return []
        if not isinstance(node, yaml.MappingNode):
            self._report(node, "这里应是“名称: 内容”的写法")
            return []
        pairs = [pair for pair in node.value if isinstance(pair[0], yaml.ScalarNode)]
        keys = sorted((key.value, key.start_mark.line, key) for key, _ in pairs)
        for (name, _, _), (again, _, key) in pairwise(keys):
            if name == again:
                self._report(key, f"“{name}”写了两次，请合并")
        return pairs

    def _text(self, node: yaml.Node | None) -> str | None:
        if not isinstance(node, yaml.ScalarNode) or _is_blank(node):
            return None
        return str(node.value).strip()

    def _report(self, node: yaml.Node | None, problem: str) -> None:
        self._report_line(node.start_mark.line + 1 if node else 1, problem)

    def _report_line(self, line: int, problem: str) -> None:
        self.problems.append(f"{self.file_name} 第 {line} 行：{problem}")


def _is_blank(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.value.strip() in {"", "~", "null"}


def _parse_day(year: int, written: str) -> date | None:
    parts = written.strip().split("-")
    if len(parts) == 2:
        parts = [str(year), *parts]
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
        return None
    try:
        return date(*map(int, parts))
    except ValueError:
        return None
