"""Working days: the vectors of domain.md 2.1 and 3, the years of section 11, the office's table."""

from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.working_days import (
    Calendar,
    DayCount,
    add_working_days,
    explain_days,
    filing_day,
    load_calendar,
    previous_working_day,
    working_days_between,
    years_known,
)

STATE_COUNCIL, _ = load_calendar(None)

VECTORS = [
    ("2024-12-31", 20, (), "2025-02-05"),
    ("2025-01-24", 5, (), "2025-02-07"),
    ("2025-01-27", 1, (), "2025-02-05"),
    ("2025-02-07", 1, (), "2025-02-08"),
    ("2025-02-09", 1, (), "2025-02-10"),
    ("2025-04-25", 3, (), "2025-04-29"),
    ("2025-04-30", 1, (), "2025-05-06"),
    ("2025-09-26", 3, (), "2025-09-30"),
    ("2025-09-30", 5, (), "2025-10-14"),
    ("2025-12-31", 3, (), "2026-01-06"),
    ("2026-02-13", 5, (), "2026-02-27"),
    ("2026-09-18", 10, (), "2026-10-09"),
    ("2025-02-10", 5, (("2025-02-12", "2025-02-14"),), "2025-02-20"),
]

OFF = {
    2024: "01-01 02-10..02-17 04-04..04-06 05-01..05-05 06-10 09-15..09-17 10-01..10-07",
    2025: "01-01 01-28..02-04 04-04..04-06 05-01..05-05 05-31..06-02 10-01..10-08",
    2026: "01-01..01-03 02-15..02-23 04-04..04-06 05-01..05-05 06-19..06-21 09-25..09-27 "
    "10-01..10-07",
}
MAKEUP = {
    2024: "02-04 02-18 04-07 04-28 05-11 09-14 09-29 10-12",
    2025: "01-26 02-08 04-27 09-28 10-11",
    2026: "01-04 02-14 02-28 05-09 09-20 10-10",
}
WORKING_DAYS_IN = {2024: 251, 2025: 248, 2026: 248}

OWN_2027 = """\
years:
  2027:
    notice: 国办发明电〔2026〕7号
    off:
      元旦: 2027-01-01..2027-01-03
      春节: [02-05..02-10, 2027-02-11]
      劳动节: 05-01..05-05
      国庆节: 10-01..10-07
    makeup: [2027-01-30, 02-20]
    closures:
      - {days: 2027-04-19, name: 大厅搬迁, reference: 汴政办〔2027〕3号}
"""


def day(written: str) -> date:
    return date.fromisoformat(written)


def stops_of(written: tuple[tuple[str, str], ...]) -> tuple[tuple[date, date], ...]:
    return tuple((day(first), day(last)) for first, last in written)


def days_of(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days)]


def expand(year: int, ranges: str) -> set[date]:
    ends = [(text.split("..")[0], text.split("..")[-1]) for text in ranges.split()]
    return {
        each
        for each in days_of(year)
        for first, last in ends
        if day(f"{year}-{first}") <= each <= day(f"{year}-{last}")
    }


def load(folder: Path, text: str) -> tuple[Calendar, tuple[str, ...]]:
    path = folder / "working_days.yaml"
    path.write_text(text, encoding="utf-8")
    return load_calendar(path)


@pytest.mark.parametrize(("accepted", "days", "stops", "due"), VECTORS)
def test_the_due_days_of_the_domain_rules(
    accepted: str, days: int, stops: tuple[tuple[str, str], ...], due: str
) -> None:
    assert add_working_days(STATE_COUNCIL, day(accepted), days, stops_of(stops)) == day(due)


@pytest.mark.parametrize(("accepted", "days", "stops", "due"), VECTORS)
def test_an_explanation_counts_as_many_days_as_the_limit_has(
    accepted: str, days: int, stops: tuple[tuple[str, str], ...], due: str
) -> None:
    explanation = explain_days(STATE_COUNCIL, day(accepted), days, stops_of(stops))

    assert explanation.due_on == day(due)
    assert sum(each.counted for each in explanation.days) == days
    assert explanation.days[-1].on == day(due)
    assert not explanation.provisional


def test_an_explanation_names_every_day_once_with_its_reason() -> None:
    explanation = explain_days(STATE_COUNCIL, day("2025-01-24"), 5)

    reasons = {each.on: (each.counted, each.reason) for each in explanation.days}
    assert len(reasons) == len(explanation.days) == 15
    assert explanation.days[0] == DayCount(day("2025-01-24"), False, "受理当日")
    assert reasons[day("2025-01-25")] == (False, "周末")
    assert reasons[day("2025-01-26")] == (True, "调休上班")
    assert reasons[day("2025-01-27")] == (True, "工作日")
    assert {reasons[day(f"2025-02-0{n}")] for n in range(1, 5)} == {(False, "春节")}
    assert reasons[day("2025-02-07")] == (True, "工作日")


def test_an_explanation_names_the_days_of_a_stop() -> None:
    stops = stops_of((("2025-02-12", "2025-02-15"),))

    explanation = explain_days(STATE_COUNCIL, day("2025-02-10"), 5, stops)

    reasons = {each.on: each.reason for each in explanation.days if not each.counted}
    assert reasons[day("2025-02-12")] == "挂起"
    assert reasons[day("2025-02-15")] == "周末"


def test_remaining_and_overdue_days_of_the_case_of_january_2025() -> None:
    due_on = day("2025-02-07")

    assert working_days_between(STATE_COUNCIL, day("2025-02-06"), due_on) == 1
    assert working_days_between(STATE_COUNCIL, due_on, due_on) == 0
    assert working_days_between(STATE_COUNCIL, due_on, day("2025-02-08")) == 1
    assert working_days_between(STATE_COUNCIL, due_on, day("2025-02-06")) == 0


def test_working_days_between_leaves_out_a_stop() -> None:
    stops = stops_of((("2025-02-12", "2025-02-14"),))

    assert working_days_between(STATE_COUNCIL, day("2025-02-10"), day("2025-02-20"), stops) == 5


@pytest.mark.parametrize(
    ("accepted", "due"),
    [("2025-02-10", "2025-02-10"), ("2025-02-09", "2025-02-10"), ("2025-01-28", "2025-02-05")],
)
def test_an_immediate_case_is_due_on_its_day_or_the_next_working_day(
    accepted: str, due: str
) -> None:
    explanation = explain_days(STATE_COUNCIL, day(accepted), 0)

    assert add_working_days(STATE_COUNCIL, day(accepted), 0) == day(due) == explanation.due_on
    assert [each.on for each in explanation.days if each.counted] == [day(due)]


def test_a_negative_limit_is_refused() -> None:
    with pytest.raises(ValueError, match="-1"):
        add_working_days(STATE_COUNCIL, day("2025-02-10"), -1)


@pytest.mark.parametrize(
    ("expires", "days", "filing", "announced"),
    [
        ("2025-06-30", 15, "2025-06-09", "2025-06-09"),
        ("2026-03-10", 15, "2026-02-11", "2026-02-11"),
        ("2026-06-30", 30, "2026-05-18", "2026-05-18"),
        ("2025-06-30", 0, "2025-06-30", "2025-06-30"),
        ("2025-06-13", 5, "2025-06-08", "2025-06-06"),
    ],
)
def test_the_filing_day_of_a_working_day_lead(
    expires: str, days: int, filing: str, announced: str
) -> None:
    found = filing_day(STATE_COUNCIL, day(expires), days)

    assert found == day(filing)
    assert previous_working_day(STATE_COUNCIL, found) == day(announced)


def test_a_filing_day_on_a_sunday_is_announced_for_the_friday_before() -> None:
    assert previous_working_day(STATE_COUNCIL, day("2026-05-31")) == day("2026-05-29")


@given(expires=st.dates(date(2005, 1, 1), date(2028, 12, 31)), days=st.integers(1, 40))
def test_a_filing_day_is_the_latest_with_the_lead_left(expires: date, days: int) -> None:
    found = filing_day(STATE_COUNCIL, expires, days)

    assert working_days_between(STATE_COUNCIL, found, expires) == days
    assert working_days_between(STATE_COUNCIL, found + timedelta(days=1), expires) == days - 1


@pytest.mark.parametrize("year", [2024, 2025, 2026])
def test_a_year_agrees_with_the_package_and_with_the_notice_day_by_day(year: int) -> None:
    off, makeup = expand(year, OFF[year]), expand(year, MAKEUP[year])
    ours = [each for each in days_of(year) if STATE_COUNCIL.is_working_day(each)]

    assert ours == [each for each in days_of(year) if chinese_calendar.is_workday(each)]
    assert ours == [
        each for each in days_of(year) if each in makeup or (each.weekday() < 5 and each not in off)
    ]
    assert len(ours) == WORKING_DAYS_IN[year]
    assert {each for each in days_of(year) if STATE_COUNCIL.reason(each) == "调休上班"} == makeup


def test_january_and_february_2025_have_nineteen_working_days_each() -> None:
    assert working_days_between(STATE_COUNCIL, day("2024-12-31"), day("2025-01-31")) == 19
    assert working_days_between(STATE_COUNCIL, day("2025-01-31"), day("2025-02-28")) == 19


@pytest.mark.parametrize(
    ("on", "reason"),
    [
        ("2025-01-01", "元旦"),
        ("2025-04-04", "清明节"),
        ("2025-06-02", "端午节"),
        ("2024-09-16", "中秋节"),
        ("2025-10-08", "国庆节"),
        ("2025-10-11", "调休上班"),
        ("2025-10-12", "周末"),
        ("2025-10-13", "工作日"),
        ("2050-10-03", "国庆节"),
        ("2050-05-02", "劳动节"),
    ],
)
def test_the_reason_of_a_day(on: str, reason: str) -> None:
    assert STATE_COUNCIL.reason(day(on)) == reason


def test_the_package_knows_2004_to_2026() -> None:
    known = years_known(STATE_COUNCIL)

    assert set(range(2004, 2027)) <= set(known)
    assert not STATE_COUNCIL.is_provisional(day("2026-12-31"))


@pytest.mark.parametrize("year", [1949, 2003, 2050, 9990])
def test_an_unknown_year_is_provisional_with_weekends_and_solar_holidays(year: int) -> None:
    rest = {each for each in days_of(year) if not STATE_COUNCIL.is_working_day(each)}
    weekends = {each for each in days_of(year) if each.weekday() >= 5}

    assert {(each.month, each.day) for each in rest - weekends} <= {
        (1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3),
    }  # fmt: skip
    assert date(year, 10, 1) in rest
    assert weekends < rest
    assert all(STATE_COUNCIL.is_provisional(each) for each in days_of(year))


def test_a_due_day_that_rests_on_an_unknown_year_is_provisional() -> None:
    last_known = date(years_known(STATE_COUNCIL)[-1], 12, 31)

    assert explain_days(STATE_COUNCIL, last_known, 3).provisional
    assert explain_days(STATE_COUNCIL, day("2050-01-03"), 3).provisional


@given(
    start=st.dates(date(1950, 1, 1), date(2120, 1, 1)),
    days=st.integers(1, 30),
    stop_after=st.integers(0, 40),
    stop_days=st.integers(1, 20),
)
def test_a_due_day_has_exactly_its_limit_of_days_before_it(
    start: date, days: int, stop_after: int, stop_days: int
) -> None:
    first = start + timedelta(days=stop_after)
    stops = ((first, first + timedelta(days=stop_days - 1)),)

    due_on = add_working_days(STATE_COUNCIL, start, days, stops)

    walked = [start + timedelta(days=n) for n in range(1, (due_on - start).days + 1)]
    counted = [
        each
        for each in walked
        if STATE_COUNCIL.is_working_day(each) and not stops[0][0] <= each <= stops[0][1]
    ]
    assert len(counted) == days == working_days_between(STATE_COUNCIL, start, due_on, stops)
    assert counted[-1] == due_on


def test_a_missing_file_is_fine(tmp_path: Path) -> None:
    calendar, problems = load_calendar(tmp_path / "working_days.yaml")

    assert problems == ()
    assert calendar.is_working_day(day("2025-01-26"))


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "years:\n"])
def test_an_empty_table_is_fine(tmp_path: Path, text: str) -> None:
    calendar, problems = load(tmp_path, text)

    assert problems == ()
    assert years_known(calendar) == years_known(STATE_COUNCIL)


def test_the_offices_table_settles_a_provisional_year(tmp_path: Path) -> None:
    calendar, problems = load(tmp_path, OWN_2027)

    assert problems == ()
    assert 2027 in years_known(calendar)
    assert calendar.notices == {2027: "国办发明电〔2026〕7号"}
    assert calendar.reason(day("2027-02-11")) == "春节"
    assert calendar.reason(day("2027-02-20")) == "调休上班"
    assert add_working_days(calendar, day("2027-02-04"), 1) == day("2027-02-12")
    assert not explain_days(calendar, day("2026-12-31"), 5).provisional


def test_a_closure_is_a_rest_day_with_its_reference(tmp_path: Path) -> None:
    calendar, _ = load(tmp_path, OWN_2027)

    assert not calendar.is_working_day(day("2027-04-19"))
    assert calendar.reason(day("2027-04-19")) == "大厅搬迁（汴政办〔2027〕3号）"


def test_the_offices_table_goes_before_the_package(tmp_path: Path) -> None:
    own = "years: {2025: {notice: 甲, off: {元旦: 01-01, 劳动节: 05-01, 国庆节: 10-01..10-03}}}"

    calendar, problems = load(tmp_path, own)

    assert problems == ()
    assert not calendar.is_working_day(day("2025-01-26"))
    assert calendar.is_working_day(day("2025-01-28"))
    assert calendar.is_working_day(day("2024-02-04"))


def test_closures_alone_lie_over_the_year_of_the_package(tmp_path: Path) -> None:
    own = "years: {2025: {closures: [{days: 02-08..02-10, reference: 汴政办〔2025〕1号}]}}"

    calendar, problems = load(tmp_path, own)

    assert problems == ()
    assert calendar.reason(day("2025-02-08")) == "本地放假（汴政办〔2025〕1号）"
    assert calendar.is_working_day(day("2025-01-26"))
    assert add_working_days(calendar, day("2025-02-07"), 1) == day("2025-02-11")


def test_a_notice_may_move_the_last_days_of_the_year_before(tmp_path: Path) -> None:
    own = OWN_2027.replace("2027-01-01..2027-01-03", "2026-12-31..2027-01-03").replace(
        "makeup: [", "makeup: [2026-12-27, "
    )

    calendar, problems = load(tmp_path, own)

    assert problems == ()
    assert calendar.reason(day("2026-12-31")) == "元旦"
    assert calendar.is_working_day(day("2026-12-27"))


def test_closures_in_an_unknown_year_leave_the_rest_provisional(tmp_path: Path) -> None:
    own = "years: {2031: {closures: [{days: 2031-04-18, reference: 甲}]}}"

    calendar, problems = load(tmp_path, own)

    assert problems == ()
    assert not calendar.is_working_day(day("2031-04-18"))
    assert calendar.is_provisional(day("2031-04-17"))


@pytest.mark.parametrize(
    ("old", "new", "line", "fragment"),
    [
        ("02-05..02-10", "02-30..03-02", 6, "不是日期"),
        ("02-05..02-10", "02-10..02-05", 6, "起止颠倒"),
        ("05-01..05-05", "2029-05-01", 7, "不在 2027 年内"),
        ("2027-01-30", "2027-01-29", 9, "不是周六、周日"),
        ("2027-01-30", "2027-02-06", 2, "既写在 off 又写在 makeup"),
        ("      国庆节: 10-01..10-07\n", "", 2, "缺法定节日 10-01"),
        ("    notice: 国办发明电〔2026〕7号\n", "", 2, "缺 notice"),
        ("    makeup:", "    makup:", 9, "不认识“makup”"),
        ("劳动节: 05-01..05-05", "元旦: 05-01..05-05", 7, "写了两次"),
        ("{days: 2027-04-19, name: 大厅搬迁,", "{name: 大厅搬迁,", 11, "本地放假要写"),
        ("  2027:", "  二七年:", 2, "不是年份"),
        ("years:", "year:", 1, "不认识“year”"),
        ("makeup: [", "makeup: [[2027-01-30], ", 9, "日期请写成"),
        ("makeup: [2027-01-30, 02-20]", "makeup: [2027-01-30", 10, "YAML 写法有误"),
    ],
)
def test_a_mistake_is_reported_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, fragment: str
) -> None:
    assert old in OWN_2027

    _, problems = load(tmp_path, OWN_2027.replace(old, new, 1))

    assert any(
        problem.startswith(f"working_days.yaml 第 {line} 行：") and fragment in problem
        for problem in problems
    ), problems


def test_a_year_with_a_mistake_is_left_out_whole_but_its_closures_hold(tmp_path: Path) -> None:
    calendar, problems = load(tmp_path, OWN_2027.replace("2027-01-30", "2027-01-29"))

    assert len(problems) == 2
    assert 2027 not in years_known(calendar)
    assert calendar.is_provisional(day("2027-02-05"))
    assert not calendar.is_working_day(day("2027-04-19"))


@pytest.mark.parametrize(
    "raw", [b"\xff\xfe\x00", b"years: \x00", b"- a\n- b\n", b"years: 7\n", b"{"]
)
def test_a_broken_file_is_a_problem_and_the_state_council_still_holds(
    tmp_path: Path, raw: bytes
) -> None:
    path = tmp_path / "working_days.yaml"
    path.write_bytes(raw)

    calendar, problems = load_calendar(path)

    assert len(problems) == 1
    assert problems[0].startswith("working_days.yaml")
    assert calendar.is_working_day(day("2025-01-26"))


def test_a_folder_in_place_of_the_file_is_a_problem(tmp_path: Path) -> None:
    _, problems = load_calendar(tmp_path)

    assert "读不了" in problems[0]
