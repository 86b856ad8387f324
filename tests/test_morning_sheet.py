"""The morning meeting's page, the trend as a picture, and causes by month."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.__main__ import main
from bot.database import FILE_NAME, open_database, transaction
from bot.desk import Desk
from bot.dialogue import CITY, Role, Scope
from bot.records import people
from bot.records.audit import Deed, deeds
from bot.reports.charts import Column, ColumnWords, columns_png, columns_svg
from bot.reports.unit_sheet import MONTHS, month_before, unit_sheets
from bot.views.unit_sheet import printed
from reminders import case_work
from reminders.case_work import Cause
from reminders.cases import Case, case_by_number
from tests.case_builders import NUMBER, a_case, a_row, again, at, bring_in, day, done
from tests.conftest import Clock, Talker
from tests.web.fakes import Browser, FakeCore, a_desk, an_app

UNIT = "龙亭区政务服务大厅"
NASTY = "<script>alert(1)</script>"


@pytest.fixture
def page_desk(tmp_path: Path, clock: Clock) -> Desk:
    clock.at = at("2025-02-10T09:00")
    return a_desk(tmp_path, clock)


@pytest.fixture
def browser(page_desk: Desk) -> Browser:
    return Browser(an_app(page_desk, FakeCore()))


def become(browser: Browser, desk: Desk, role: Role, scope: Scope = CITY) -> None:
    """Give the browser's person a role."""
    browser.ask({"text": "你好", "key": "hello-hello-1"})
    (person_id,) = desk.db.execute("SELECT max(id) FROM people").fetchone()
    people.set_role(desk.db, people.person_by_id(desk.db, person_id), role, scope)


def fill(desk: Desk) -> None:
    """Import a late case, one of another unit, and one finished late in January."""
    a_case(desk.db, as_of="2025-02-10T08:00")
    other = a_row(number="9", unit="兰考大厅", scope=Scope("兰考县"), limit_days=20)
    finished = done(a_row(number="8", accepted_on=day("2025-01-06"), limit_days=3), "2025-01-20")
    bring_in(desk.db, other, finished, as_of="2025-02-10T08:10")


def test_a_supervisor_prints_a_unit(browser: Browser, page_desk: Desk) -> None:
    fill(page_desk)
    become(browser, page_desk, Role.SUPERVISOR)

    choices = browser.get("/dashboard/print").text
    page = browser.get("/dashboard/print", params={"unit": UNIT})

    assert UNIT in choices
    assert "兰考大厅" in choices
    assert page.status_code == 200
    for words in (NUMBER, "小李", "超期 2 个工作日", "<svg", "近日超期", "2025年1月", "签字"):
        assert words in page.text
    assert "兰考" not in page.text
    assert not re.search(r"<style|\sstyle=", page.text)
    (written,) = [d for d in deeds(page_desk.db) if d.deed is Deed.SAW_LIST]
    assert written.subject == "print:2025-02-10"


@pytest.mark.parametrize("role", [Role.CITIZEN, Role.CLERK, Role.EDITOR])
def test_others_get_no_hint(browser: Browser, page_desk: Desk, role: Role) -> None:
    fill(page_desk)
    become(browser, page_desk, role)

    page = browser.get("/dashboard/print", params={"unit": UNIT})

    assert page.status_code == 403
    assert NUMBER not in page.text


def test_nobody_prints_a_unit_outside_their_scope(browser: Browser, page_desk: Desk) -> None:
    fill(page_desk)
    become(browser, page_desk, Role.SUPERVISOR, Scope("兰考县"))

    assert browser.get("/dashboard/print", params={"unit": UNIT}).status_code == 404
    assert UNIT not in browser.get("/dashboard/print").text


def test_what_a_file_says_is_never_mark_up(browser: Browser, page_desk: Desk) -> None:
    bring_in(page_desk.db, a_row(item=NASTY, unit=NASTY), as_of="2025-02-10T08:00")
    become(browser, page_desk, Role.SUPERVISOR)

    choices = browser.get("/dashboard/print").text
    page = browser.get("/dashboard/print", params={"unit": NASTY}).text

    assert "<script>alert" not in choices + page
    assert "&lt;script&gt;" in page


def test_the_figures_of_a_unit_are_its_own(page_desk: Desk) -> None:
    fill(page_desk)
    rules = page_desk.settings.oversight.rules()

    sheets = unit_sheets(page_desk.db, CITY, page_desk.calendar, rules, on=day("2025-02-10"))

    assert [s.unit for s in sheets] == [UNIT, "兰考大厅"]
    first = sheets[0]
    assert (first.counts.late, len(first.pressing)) == (1, 1)
    assert [(d.on, d.late) for d in first.trend][-2:] == [
        (day("2025-02-08"), 1),
        (day("2025-02-10"), 1),
    ]
    assert {m.month: m.total for m in first.causes}[day("2025-01-01")] == 1
    assert len(first.causes) == MONTHS
    assert first.rate is not None
    assert (first.rate.numerator, first.rate.denominator) == (0, 1)
    assert printed(sheets[1]).cases is None


@pytest.mark.parametrize(
    ("on", "months", "expected"),
    [
        ("2025-02-10", 0, "2025-02-01"),
        ("2025-02-10", 2, "2024-12-01"),
        ("2025-12-31", -1, "2026-01-01"),
        ("2025-01-31", 12, "2024-01-01"),
    ],
)
def test_months_are_counted_over_new_year(on: str, months: int, expected: str) -> None:
    assert month_before(day(on), months) == day(expected)


def test_the_trend_is_a_picture_and_a_table_in_chat(zhou: Talker, clock: Clock) -> None:
    a_case(zhou.desk.db, as_of="2025-02-10T08:00")
    clock.at = at("2025-02-10T09:00")

    first = zhou.says("超期")

    assert "http://127.0.0.1:8000/dashboard/print" in first.text
    shown = zhou.heard[-1]
    assert shown.picture is not None
    assert shown.picture.png.startswith(b"\x89PNG")
    assert "2月10日 1 件" in shown.picture.description
    assert shown.table is not None
    assert shown.table.rows[-1] == ("2月10日（周一）", "1", "0")


def test_causes_by_month_in_chat(zhou: Talker, clock: Clock) -> None:
    db = zhou.desk.db
    clock.at = at("2025-02-10T09:00")
    assert "没有超期办结" in zhou.sends_token("casecauses").text
    finished = [
        done(a_row(number=n, accepted_on=day("2025-01-06"), limit_days=3), on)
        for n, on in (("8", "2025-01-20"), ("9", "2025-02-06"), ("10", "2025-02-07"))
    ]
    bring_in(db, *finished, as_of="2025-02-08T08:00")
    with transaction(db):
        case = again(db, a_case_of(zhou.desk, "9"))
        case_work.give_cause(db, case, Cause.STAFFING, zhou.person.id, now=clock())

    zhou.says("超期")
    reply = zhou.presses("超期原因")

    assert reply.table is not None
    assert reply.table.header == ("月份", "超期办结", "人手不足", "未说明")
    assert reply.table.rows[-2:] == (("2025年1月", "1", "0", "1"), ("2025年2月", "2", "1", "1"))


def a_case_of(desk: Desk, number: str) -> Case:
    found = case_by_number(desk.db, number)
    assert found is not None
    return found


# -- the picture


WORDS = ColumnWords("龙亭区　近日超期件数", "此前已超期", "当日新增")


@pytest.mark.parametrize(
    "columns",
    [
        (),
        (Column("2/6", 0, 0),),
        (Column("2/6", 0, 1), Column("2/7", 10_000, 0)),
        tuple(Column(f"{n}", n, 1) for n in range(40)),
    ],
)
def test_a_picture_is_drawn_of_any_days(columns: tuple[Column, ...]) -> None:
    png, svg = columns_png(WORDS, columns), columns_svg(WORDS, columns)

    width, height = struct.unpack(">II", png[16:24])
    assert (width, height) == (900, 350)
    assert len(png) < 40_000
    assert svg.count("<svg") == svg.count("</svg>") == 1
    assert "此前已超期" in svg


def test_labels_in_a_drawing_are_escaped() -> None:
    assert "<script>" not in columns_svg(WORDS, (Column(NASTY, 1, 0),))


# -- the command line


@pytest.fixture
def call(tmp_path: Path) -> Callable[..., Result]:
    (tmp_path / "config.yaml").write_text("data_dir: data\n", encoding="utf-8")
    db = open_database(tmp_path / "data" / FILE_NAME)
    a_case(db, as_of="2025-02-10T08:00")
    late = done(a_row(number="8", accepted_on=day("2025-01-06"), limit_days=3), "2025-01-20")
    bring_in(db, late, as_of="2025-02-10T08:10")
    db.close()

    def run(*words: str) -> Result:
        options = ["--config", str(tmp_path / "config.yaml"), "--clock", "2025-02-10T09:00"]
        return CliRunner().invoke(main, [*words, *options])

    return run


def test_the_command_writes_a_file_that_needs_nothing_else(
    call: Callable[..., Result], tmp_path: Path
) -> None:
    file = tmp_path / "晨会单.html"

    result = call("overdue", "--print", str(file))

    assert result.exit_code == 0, result.output
    html = file.read_text(encoding="utf-8")
    assert html.count("<section") == 1
    assert NUMBER in html
    assert not re.search(r"(src|href)=", html)


def test_an_unknown_unit_prints_nothing(call: Callable[..., Result], tmp_path: Path) -> None:
    file = tmp_path / "x.html"

    assert call("overdue", "--print", str(file), "--unit", "月球大厅").exit_code == 1
    assert not file.exists()


def test_the_command_shows_causes_by_month(call: Callable[..., Result]) -> None:
    rows = json.loads(call("overdue", "--causes", "--json").stdout)["rows"]

    assert rows[-2:] == [
        {"month": "2025-01", "causes": {"未说明": 1}},
        {"month": "2025-02", "causes": {}},
    ]
