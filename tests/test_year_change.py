"""A year's holidays arrive: checked, listed with what they move, confirmed, put in force."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner, Result
from openpyxl import Workbook
from sqlite_utils import Database

from bot.__main__ import main
from bot.calendar_watch import CalendarWatch
from bot.database import FILE_NAME, open_database, transaction
from bot.desk import Desk
from bot.importing.year_table import merge_years, read_years
from bot.records import people
from bot.records.people import Address, Channel
from reminders.case_events import events_of
from reminders.cases import case_by_number
from reminders.overdue import Rules, due_day, next_hour
from reminders.recipients import Role
from reminders.working_days import load_calendar
from tests.case_builders import LONGTING, a_case, a_row, at, bring_in, day
from tests.scenarios.program import run_command, running_program

# An arrangement as the notice for 2027 might have it; made up for the tests.
YEAR = """\
years:
  2027:
    notice: 国办发明电〔2026〕7号
    off:
      元旦: 2027-01-01..2027-01-03
      春节: [2027-02-05..2027-02-11]
      劳动节: 05-01..05-05
      国庆节: 10-01..10-07
    makeup: [2027-01-30, 2027-02-20]
"""
NOW = "2026-12-30T09:00"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with settings and one case that 2027's arrangement moves."""
    (tmp_path / "config.yaml").write_text("data_dir: data\n", encoding="utf-8")
    db = open_database(tmp_path / "data" / FILE_NAME)
    li = people.person_at(db, Address(Channel.WEB, "li"), now=at(NOW))
    people.set_role(db, li, Role.CLERK, LONGTING)
    db.execute("UPDATE people SET name = '小李' WHERE id = ?", [li.id])
    # 2027-01-30 is a Saturday that becomes a working day: due a day earlier than thought.
    a_case(db, number="early", accepted_on=day("2027-01-28"), limit_days=3, as_of=NOW)
    bring_in(db, a_row(number="late", accepted_on=day("2027-02-01"), limit_days=5), as_of=NOW)
    bring_in(db, a_row(number="old", accepted_on=day("2026-12-28")), as_of=NOW)
    db.close()
    (tmp_path / "2027.yaml").write_text(YEAR, encoding="utf-8")
    return tmp_path


@pytest.fixture
def call(folder: Path) -> Callable[..., Result]:
    def run(*words: str, given: str | None = None) -> Result:
        options = ["--config", str(folder / "config.yaml"), "--clock", NOW]
        return CliRunner().invoke(main, [*words, *options], input=given)

    return run


def opened(folder: Path) -> Database:
    return open_database(folder / "data" / FILE_NAME)


def table_of(folder: Path) -> Path:
    return folder / "data" / "working_days.yaml"


def test_the_dry_run_lists_every_deadline_that_moves_and_writes_nothing(
    folder: Path, call: Callable[..., Result]
) -> None:
    result = call("calendar", "import", str(folder / "2027.yaml"), "--dry-run", "--json")

    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["years"] == [2027]
    assert {m["number"]: (m["from"], m["to"]) for m in told["moved"]} == {
        "early": ("2027-02-02", "2027-02-01"),
        "late": ("2027-02-08", "2027-02-15"),
    }
    assert not table_of(folder).exists()


def test_a_no_changes_nothing(folder: Path, call: Callable[..., Result]) -> None:
    result = call("calendar", "import", str(folder / "2027.yaml"), given="n\n")

    assert result.exit_code == 1
    assert "early" in result.stdout
    assert not table_of(folder).exists()


def test_a_yes_puts_it_in_force_logs_it_and_tells_the_handler(
    folder: Path, call: Callable[..., Result]
) -> None:
    result = call("calendar", "import", str(folder / "2027.yaml"), given="y\n")

    assert result.exit_code == 0, result.output
    calendar, problems = load_calendar(table_of(folder))
    assert (problems, 2027 in calendar.years) == ((), True)
    db = opened(folder)
    case = case_by_number(db, "early")
    assert case is not None
    assert due_day(case, calendar, day("2026-12-30")) == day("2027-02-01")
    event = events_of(db, case.id)[-1]
    assert (event.kind, event.facts["from"], event.facts["to"]) == (
        "due_moved",
        "2027-02-02",
        "2027-02-01",
    )
    (kind, facts), *more = db.execute("SELECT kind, facts FROM outbox").fetchall()
    assert (kind, more) == ("case_days_moved", [])  # who has more time now need not be told
    assert json.loads(facts)["cases"] == f"{case.id}:2027-02-02:2027-02-01"


def test_the_same_file_again_moves_nothing(folder: Path, call: Callable[..., Result]) -> None:
    call("calendar", "import", str(folder / "2027.yaml"), "--yes")

    again = call("calendar", "import", str(folder / "2027.yaml"), "--yes", "--json")

    assert json.loads(again.stdout)["moved"] == []
    assert opened(folder).execute("SELECT count(*) FROM outbox").fetchone()[0] == 1


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("notice: 国办发明电〔2026〕7号", "notice:", "文号"),
        ("2027-01-30, 2027-02-20", "2027-02-01", "不是周六"),
        ("      国庆节: 10-01..10-07\n", "", "10-01"),
        ("2027-01-01..2027-01-03", "元旦那三天", "不是日期"),
        ("years:", "yaers:", "yaers"),
    ],
)
def test_a_faulty_table_is_refused_whole_with_its_line(
    folder: Path, call: Callable[..., Result], old: str, new: str, said: str
) -> None:
    assert old in YEAR
    (folder / "2027.yaml").write_text(YEAR.replace(old, new), encoding="utf-8")

    result = call("calendar", "import", str(folder / "2027.yaml"), "--yes")

    assert result.exit_code == 1
    assert said in result.stderr
    assert "第 " in result.stderr
    assert not table_of(folder).exists()


ROWS = [
    ["国务院办公厅关于2027年部分节假日安排的通知（国办发明电〔2026〕7号）"],
    ["日期", "类型", "名称"],
    *[[f"2027年1月{n}日", "放假", "元旦"] for n in (1, 2, 3)],
    *[[f"2027/5/{n}", "放假", "劳动节"] for n in range(1, 6)],
    *[[f"2027-10-{n:02}", "休", "国庆节"] for n in range(1, 8)],
    [],
    ["2026-12-27", "调休上班", "元旦"],
    ["2027-01-30", "补班", ""],
]


def a_sheet(path: Path, rows: list[list[str]]) -> Path:
    book = Workbook()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    book.save(path)
    return path


def test_a_sheet_says_the_same_as_yaml(tmp_path: Path) -> None:
    read = read_years(a_sheet(tmp_path / "x.xlsx", ROWS), None)

    assert read.problems == ()
    assert list(read.years) == [2027]
    year = read.years[2027]
    assert year["notice"] == "国办发明电〔2026〕7号"
    assert year["makeup"] == ["2026-12-27", "2027-01-30"]
    assert year["off"]["元旦"] == ["2027-01-01", "2027-01-02", "2027-01-03"]


def test_a_csv_with_the_notice_given_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    text = "\n".join(",".join(row) for row in ROWS[1:] if row)
    path.write_bytes(text.encode("gb18030"))

    without, given = read_years(path, None), read_years(path, "国办发明电〔2026〕7号")

    assert "文号" in without.problems[0]
    assert given.problems == ()


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (["2027-02-30", "放假", "春节"], "第 21 行“日期”"),
        (["2027-02-05", "也许", "春节"], "第 21 行“类型”"),
        (["2027-02-01", "调休上班", ""], "不是周六"),
    ],
)
def test_a_faulty_row_is_named(tmp_path: Path, row: list[str], said: str) -> None:
    read = read_years(a_sheet(tmp_path / "x.xlsx", [*ROWS, row]), None)

    assert any(said in problem for problem in read.problems), read.problems


def test_a_sheet_without_the_columns_is_one_problem(tmp_path: Path) -> None:
    read = read_years(a_sheet(tmp_path / "x.xlsx", [["甲", "乙"], ["1", "2"]]), None)

    assert len(read.problems) == 1
    assert "日期" in read.problems[0]


def test_merging_keeps_comments_other_years_and_local_closures(tmp_path: Path) -> None:
    current = tmp_path / "working_days.yaml"
    current.write_text(
        "# 本局自己的表\nyears:\n  2025:\n    closures:\n"
        "      - {days: 2025-04-18, name: 菊花会, reference: 汴政办1号}  # 半天\n"
        "  2027:\n    closures:\n      - {days: 2027-04-19, reference: 汴政办3号}\n",
        encoding="utf-8",
    )
    year = tmp_path / "2027.yaml"
    year.write_text(YEAR, encoding="utf-8")

    current.write_text(merge_years(current, read_years(year, None).years), encoding="utf-8")

    text = current.read_text(encoding="utf-8")
    assert "# 本局自己的表" in text
    assert "# 半天" in text
    calendar, problems = load_calendar(current)
    assert problems == ()
    assert not calendar.is_working_day(day("2025-04-18"))
    assert not calendar.is_working_day(day("2027-04-19"))
    assert calendar.is_working_day(day("2027-01-30"))


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2025-02-06T09:00", "2025-02-06T09:00"),
        ("2025-02-06T08:29", "2025-02-06T08:30"),
        ("2025-02-06T18:00", "2025-02-07T08:30"),
        ("2025-01-27T19:00", "2025-02-05T08:30"),  # the Spring Festival lies between
    ],
)
def test_nobody_is_told_at_night_or_on_a_rest_day(now: str, expected: str) -> None:
    calendar, _ = load_calendar(None)

    assert next_hour(calendar, Rules(), at(now)) == at(expected)


def test_an_import_of_cases_ends_with_a_sweep_in_working_hours(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("data_dir: data\n", encoding="utf-8")
    file = tmp_path / "在办.csv"
    header = "办件编号,事项名称,受理日期,承诺时限,区县,经办人,办件状态"
    rows = "410202250124001234,新生儿出生一件事,2025-01-24,5,龙亭区,小李,在办"
    file.write_text(f"{header}\n{rows}\n", encoding="utf-8")
    path = tmp_path / "data" / FILE_NAME

    def imported(clock: str, *more: str) -> int:
        words = ["import", "cases", str(file), "--covers", "open", *more]
        options = ["--config", str(tmp_path / "config.yaml"), "--clock", clock]
        result = CliRunner().invoke(main, [*words, *options])
        assert result.exit_code == 0, result.output
        query = "SELECT count(*) FROM outbox WHERE kind = 'case_digest'"
        return int(open_database(path).execute(query).fetchone()[0])

    at_night = imported("2025-02-05T20:00")
    tried = imported("2025-02-07T10:00", "--dry-run")
    in_hours = imported("2025-02-07T10:00")
    again = imported("2025-02-07T10:05")

    assert (at_night, tried) == (0, 0)
    assert in_hours == 2  # the lead, since 小李 is not bound, and the district's supervisor
    assert again == in_hours


def test_the_events_and_the_table_come_together(
    folder: Path, call: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(_self: Path, _target: Path) -> Path:
        raise OSError("no space")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", full_disk)
        call("calendar", "import", str(folder / "2027.yaml"), "--yes")

    db = opened(folder)
    with transaction(db):
        count = db.execute("SELECT count(*) FROM case_events WHERE kind = 'due_moved'").fetchone()
    assert count[0] == 0
    assert not table_of(folder).exists()


# -- beside a running program


def test_a_running_program_takes_the_year_up(folder: Path, desk: Desk) -> None:
    settings = desk.settings.model_copy(update={"data_dir": folder / "data"})
    watch = CalendarWatch(replace(desk, settings=settings))
    looked = [watch.look()]

    table_of(folder).write_text(YEAR, encoding="utf-8")
    looked += [watch.look(), watch.look()]

    assert looked == [False, True, False]
    assert 2027 in desk.calendar.years
    assert desk.calendar.is_working_day(day("2027-01-30"))


def test_a_table_with_mistakes_is_left_until_it_is_mended(folder: Path, desk: Desk) -> None:
    settings = desk.settings.model_copy(update={"data_dir": folder / "data"})
    watch = CalendarWatch(replace(desk, settings=settings))
    table_of(folder).write_text("years: {2027: {off: {元旦: 2027-13-01}}}", encoding="utf-8")

    looked = [watch.look()]
    table_of(folder).write_text(YEAR, encoding="utf-8")
    looked.append(watch.look())

    assert looked == [False, True]


@pytest.mark.slow
def test_imported_in_another_process_it_shows_on_the_page(folder: Path) -> None:
    (folder / "config.yaml").write_text("data_dir: data\nweb: {port: 0}\n", encoding="utf-8")
    with running_program(folder, "--clock", NOW) as program:
        page = program.address() + "/progress/early"
        before = httpx.get(page).text
        plan = [str(folder / "2027.yaml"), "--yes", "--json", "--clock", NOW]
        said = run_command(folder, "calendar", "import", *plan)
        until = time.monotonic() + 60
        while "2027年2月1日" not in (after := httpx.get(page).text):
            assert time.monotonic() < until, after
            time.sleep(1)

    assert [m["number"] for m in json.loads(said.stdout)["moved"]] == ["early", "late"]
    assert "2027年2月2日" in before
    assert "暂定" in before
    assert "暂定" not in after
