"""Suspensions, extensions and causes that an export states: taken, refused, taken again."""

from __future__ import annotations

import dataclasses
import io
from datetime import date

import pytest
from openpyxl import load_workbook

from bot.database import transaction
from bot.desk import Desk
from bot.importing.apply import Result, Statement
from bot.importing.columns import Kind
from bot.importing.faulty import faulty_rows
from bot.importing.plan import Plan
from bot.importing.uploads import apply_plan, plan_upload, preview_plan
from bot.oversight import run_overdue
from bot.views.cases import standing_words
from reminders import case_work
from reminders.case_clock import extension_of
from reminders.case_events import events_of
from reminders.case_work import Procedure
from reminders.cases import Case, CaseRow, case_by_number
from reminders.notices import NoticeKind
from reminders.overdue import Rules, Stage, due_day, standing_of
from tests.conftest import Clock
from tests.ugly_files import CASE_HEADER, a_case, an_xlsx, cases

NUMBER = "410200-001"
STOP = {
    "暂停开始": "2025-02-12",
    "恢复日期": "2025-02-15",
    "暂停原因": "检验",
    "暂停文书": "检验告知书〔2025〕3号",
}
OPEN_STOP = {**STOP, "恢复日期": "", "办件状态": "挂起"}
LONGER = {
    "延期天数": "5个工作日",
    "批准人": "李局长",
    "延期原因": "要现场核实",
    "延期告知书": "延告〔2025〕1号",
    "延期批准日期": "2025-02-11",
}


@pytest.fixture
def desk(desk: Desk, clock: Clock) -> Desk:
    """Return the desk on a day after everything the rows speak of."""
    clock.at = clock.at.replace(month=2, day=19)
    return desk


def a_file(*rows: dict[str, str]) -> bytes:
    """Return an export of cases accepted 2025-02-10 with five days, with more columns."""
    more = list(dict.fromkeys(name for row in rows for name in row if name not in CASE_HEADER))
    written = []
    for place, row in enumerate(rows, start=1):
        plain = {name: value for name, value in row.items() if name in CASE_HEADER}
        accepted = {"受理日期": "2025-02-10", **plain}
        written.append(
            [*a_case(f"410200-{place:03d}", **accepted), *(row.get(name, "") for name in more)]
        )
    return an_xlsx(written, (*CASE_HEADER, *more))


def plan_of(desk: Desk, content: bytes) -> Plan[CaseRow]:
    return plan_upload(desk, Kind.CASES, "办件.xlsx", content)


def taken(desk: Desk, *rows: dict[str, str]) -> Result:
    return apply_plan(desk, plan_of(desk, a_file(*rows)), Statement())


def the_case(desk: Desk) -> Case:
    found = case_by_number(desk.db, NUMBER)
    assert found is not None
    return found


def kinds(desk: Desk) -> list[str]:
    return [event.kind for event in events_of(desk.db, the_case(desk).id)]


def the_problem(desk: Desk, **row: str) -> tuple[int | None, str | None, str]:
    (problem,) = plan_of(desk, a_file(row)).problems
    return problem.row, problem.column, problem.problem


# -- suspensions


def test_a_finished_stop_moves_the_due_day(desk: Desk) -> None:
    taken(desk, STOP)

    case = the_case(desk)
    # Accepted 2025-02-10 with five days and a stop of 02-12 to 02-14: domain rules, vector 13.
    assert due_day(case, desk.calendar, desk.today()) == date(2025, 2, 20)
    (stop,) = case.suspensions
    assert (stop.reason, stop.document) == (Procedure.INSPECTION, "检验告知书〔2025〕3号")
    assert stop.import_id == case.import_id


def test_a_stop_without_an_end_stands_until_it_is_resumed(desk: Desk, clock: Clock) -> None:
    taken(desk, OPEN_STOP)
    stopped = standing_of(the_case(desk), desk.calendar, Rules(), desk.today())
    clock.move(hours=1)

    result = taken(desk, STOP)

    assert stopped.stage is Stage.SUSPENDED
    assert result.updated == 1
    (stop,) = the_case(desk).suspensions
    assert stop.ends_on == date(2025, 2, 14)


def test_without_a_state_an_unfinished_stop_still_stands(desk: Desk) -> None:
    taken(desk, {**STOP, "恢复日期": "", "办件状态": ""})

    assert the_case(desk).open_suspension() is not None


@pytest.mark.parametrize(
    "row", [STOP, OPEN_STOP, LONGER, {"超期原因": "人手不足"}, {"环节": "审核"}]
)
def test_the_same_again_changes_nothing(desk: Desk, clock: Clock, row: dict[str, str]) -> None:
    taken(desk, row)
    before = (the_case(desk), kinds(desk))
    clock.move(hours=1)
    # A second row makes another file, so that each row is compared and not the file's hash.
    again = plan_of(desk, a_file(row, {}))

    planned = preview_plan(desk, again)
    apply_plan(desk, again, Statement())

    assert (planned.added, planned.updated, planned.unchanged) == (1, 0, 1)
    case = dataclasses.replace(the_case(desk), import_id=before[0].import_id)
    assert (case, kinds(desk)) == before


@pytest.mark.parametrize(
    "row", [STOP, OPEN_STOP, LONGER, {"超期原因": "人手不足"}, {"环节": "审核"}]
)
def test_the_dry_run_counts_what_is_new(desk: Desk, clock: Clock, row: dict[str, str]) -> None:
    taken(desk, {})
    clock.move(hours=1)

    result = preview_plan(desk, plan_of(desk, a_file(row)))

    assert (result.updated, result.unchanged) == (1, 0)
    assert the_case(desk).suspensions == ()


def test_the_platforms_dates_replace_a_stop_it_only_named_before(desk: Desk, clock: Clock) -> None:
    taken(desk, {"办件状态": "挂起"})
    clock.move(hours=1)

    taken(desk, OPEN_STOP)

    (stop,) = the_case(desk).suspensions
    assert (stop.begins_on, stop.reason) == (date(2025, 2, 12), Procedure.INSPECTION)


def test_an_imported_stop_ends_when_the_platform_shows_the_case_running(
    desk: Desk, clock: Clock
) -> None:
    taken(desk, OPEN_STOP)
    clock.move(days=1)

    taken(desk, {})

    (stop,) = the_case(desk).suspensions
    assert stop.ends_on == date(2025, 2, 19)


def test_a_stop_noted_by_a_person_is_not_ended_by_an_export_without_it(
    desk: Desk, clock: Clock
) -> None:
    taken(desk, {})
    with transaction(desk.db):
        case_work.suspend_case(
            desk.db,
            the_case(desk),
            Procedure.TESTING,
            "检测告知书",
            begins_on=desk.today(),
            by_person_id=1,
            site_visit_counts=False,
            now=desk.now(),
        )
    clock.move(days=1)

    result = taken(desk, {}, {})

    assert result.unchanged == 1
    assert the_case(desk).open_suspension() is not None


def test_resumed_on_the_day_it_began_no_full_day_was_stopped(desk: Desk, clock: Clock) -> None:
    taken(desk, OPEN_STOP)
    clock.move(hours=1)

    taken(desk, {**STOP, "恢复日期": STOP["暂停开始"]})

    assert the_case(desk).suspensions == ()


@pytest.mark.parametrize(
    ("changed", "column", "says"),
    [
        ({"暂停原因": ""}, "暂停原因", "不能空着"),
        ({"暂停文书": ""}, "暂停文书", "不能空着"),
        ({"暂停开始": ""}, "暂停开始", "不能空着"),
        ({"暂停原因": "领导出差"}, "暂停原因", "不认识"),
        ({"暂停原因": "现场勘验"}, "暂停原因", "现场勘验不停表"),
        ({"暂停开始": "2025-02-30"}, "暂停开始", "没有"),
        ({"暂停开始": "2025-02-07"}, "暂停开始", "早于受理日期"),
        ({"暂停开始": "2025-02-18"}, "恢复日期", "早于暂停开始"),
        ({"恢复日期": "2025-03-01"}, "恢复日期", "之后"),
        ({"恢复日期": ""}, "恢复日期", "要有恢复日期"),
        ({"办件状态": "挂起"}, "恢复日期", "已恢复"),
    ],
)
def test_a_bad_stop_is_named_with_row_and_column(
    desk: Desk, changed: dict[str, str], column: str, says: str
) -> None:
    row, named, problem = the_problem(desk, **{**STOP, **changed})

    assert (row, named) == (2, column)
    assert says in problem


def test_where_the_local_rule_allows_it_a_site_visit_stops_the_clock(desk: Desk) -> None:
    oversight = desk.settings.oversight.model_copy(update={"suspend_site_visit": True})
    settings = desk.settings.model_copy(update={"oversight": oversight})

    allowing = dataclasses.replace(desk, settings=settings)
    taken(allowing, {**STOP, "暂停原因": "现场勘验"})

    assert the_case(desk).suspensions[0].reason == Procedure.SITE_VISIT


# -- extensions


def test_an_extension_lengthens_the_limit_and_keeps_who_approved_it(desk: Desk) -> None:
    taken(desk, LONGER)

    case = the_case(desk)
    assert due_day(case, desk.calendar, desk.today()) == date(2025, 2, 24)
    extension = extension_of(desk.db, case.id)
    assert extension is not None
    assert (extension.approver, extension.reason, extension.proof, extension.approved_on) == (
        "李局长",
        "要现场核实",
        "延告〔2025〕1号",
        date(2025, 2, 11),
    )


def test_a_stop_before_moves_the_day_until_which_an_extension_may_be_approved(
    desk: Desk,
) -> None:
    taken(desk, {**STOP, **LONGER, "延期批准日期": "2025-02-19"})

    assert the_case(desk).extended_days == 5


def test_an_extension_without_a_day_counts_as_approved_when_it_first_comes(
    desk: Desk, clock: Clock
) -> None:
    row = {**LONGER, "延期批准日期": ""}
    clock.at = clock.at.replace(day=14)
    taken(desk, row)
    clock.at = clock.at.replace(day=28)

    plan = plan_of(desk, a_file({**row, "办件状态": "已办结", "办结日期": "2025-02-21"}))

    assert plan.problems == ()


@pytest.mark.parametrize(
    ("changed", "column", "says"),
    [
        ({"延期天数": "11"}, "延期天数", "最多 10 个工作日"),
        ({"延期天数": "16", "联合办理": "是"}, "延期天数", "最多 15 个"),
        ({"延期天数": "0"}, "延期天数", "最多 10 个工作日"),
        ({"延期天数": "一个月"}, "延期天数", "工作日"),
        ({"批准人": ""}, "批准人", "不能空着"),
        ({"延期原因": ""}, "延期原因", "不能空着"),
        ({"延期告知书": ""}, "延期告知书", "不能空着"),
        ({"延期批准日期": "2025-02-18"}, "延期批准日期", "2025-02-17 已到期"),
        ({"延期批准日期": ""}, "延期天数", "2025-02-17 已到期"),
    ],
)
def test_a_bad_extension_is_named_with_row_and_column(
    desk: Desk, changed: dict[str, str], column: str, says: str
) -> None:
    row, named, problem = the_problem(desk, **{**LONGER, **changed})

    assert (row, named) == (2, column)
    assert says in problem


def test_offices_that_decide_together_may_extend_by_fifteen(desk: Desk) -> None:
    taken(desk, {**LONGER, "延期天数": "15", "联合办理": "是"})

    assert the_case(desk).extended_days == 15


# -- causes


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("经办拖延", "slow"),
        ("监管人员未提醒", "untold"),
        ("等待上级", "other_unit"),
        ("其它", "other"),
        ("档案室搬家", "other"),
        ("无", None),
    ],
)
def test_a_cause_is_read_by_its_words(desk: Desk, said: str, cause: str | None) -> None:
    taken(desk, {"超期原因": said})

    assert the_case(desk).cause == cause


def test_the_platforms_own_words_for_a_cause_are_kept(desk: Desk) -> None:
    taken(desk, {"逾期原因": "档案室搬家"})

    event = events_of(desk.db, the_case(desk).id)[-1]
    assert (event.kind, event.facts["words"]) == ("cause_given", "档案室搬家")


def test_what_a_person_said_here_no_export_changes(desk: Desk, clock: Clock) -> None:
    taken(desk, {"超期原因": "经办拖延"})
    with transaction(desk.db):
        case_work.give_cause(desk.db, the_case(desk), case_work.Cause.SYSTEM, 1, now=desk.now())
    clock.move(hours=1)

    result = taken(desk, {"超期原因": "经办拖延"}, {})

    assert (result.updated, the_case(desk).cause) == (0, "system")


# -- steps


STEP = {"承诺时限": "20个工作日", "当前环节": "审核", "环节期限": "2025-02-17"}


def test_a_step_over_its_own_limit_is_a_warning_though_the_whole_is_in_time(desk: Desk) -> None:
    taken(desk, STEP, {**STEP, "环节期限": "2025-02-19"})

    late, in_time = (
        standing_of(case, desk.calendar, Rules(), desk.today())
        for case in (the_case(desk), case_by_number(desk.db, "410200-002"))
        if case is not None
    )
    assert (late.stage, late.late_step, late.is_late) == (Stage.DUE_SOON, "审核", False)
    assert (in_time.stage, in_time.late_step) == (Stage.ON_TRACK, None)
    assert standing_words(late).startswith("🟡 预警：环节“审核”超时，全程剩 13 个工作日")


def test_a_late_step_is_told_once_and_the_whole_again_when_it_is_due_soon(
    desk: Desk, clock: Clock
) -> None:
    taken(desk, STEP)
    told = []
    for day, hour in ((19, 9), (20, 9), (20, 15)):
        clock.at = clock.at.replace(day=day, hour=hour)
        swept = run_overdue(desk, desk.db)
        told.append([d.kind for d in swept.decisions if d.kind is not NoticeKind.REPEAT])
    clock.at = clock.at.replace(month=3, day=6, hour=9)
    told.append([d.kind for d in run_overdue(desk, desk.db).decisions][:1])

    assert [bool(kinds) for kinds in told] == [True, False, False, True]
    assert {kind for kinds in told for kind in kinds} == {NoticeKind.REMIND}


def test_the_next_step_ends_the_warning(desk: Desk, clock: Clock) -> None:
    taken(desk, STEP)
    clock.move(hours=1)

    result = taken(desk, {**STEP, "当前环节": "制证", "环节期限": "2025-02-28"})

    assert result.updated == 1
    standing = standing_of(the_case(desk), desk.calendar, Rules(), desk.today())
    assert standing.stage is Stage.ON_TRACK


def test_a_steps_limit_without_the_step_is_refused(desk: Desk) -> None:
    assert the_problem(desk, **{**STEP, "当前环节": ""})[1:] == (
        "当前环节",
        "填了环节期限，要有环节；请补上",
    )


def test_bad_cells_come_back_marked(desk: Desk) -> None:
    good = [dict[str, str]() for _ in range(20)]
    plan = plan_of(desk, a_file({**STOP, "暂停原因": "领导出差"}, *good))

    sheet = load_workbook(io.BytesIO(faulty_rows(plan))).active

    assert sheet is not None
    marked = [c for line in sheet.iter_rows() for c in line if c.comment is not None]
    assert [(c.value, "不认识" in c.comment.text) for c in marked] == [("领导出差", True)]


def test_an_older_export_without_these_columns_is_read_as_before(desk: Desk) -> None:
    result = apply_plan(desk, plan_of(desk, an_xlsx(cases(3))), Statement())

    assert result.added == 3
