"""Import of ugly files from end to end: what each says, takes, refuses and leaves alone."""

from __future__ import annotations

import dataclasses
import gzip
import io
import json
import random
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

from bot.__main__ import main
from bot.desk import Desk
from bot.importing.apply import Result, Statement
from bot.importing.columns import Kind, layout_of
from bot.importing.faulty import faulty_rows, template, template_text
from bot.importing.plan import Plan
from bot.importing.uploads import (
    apply_plan,
    plan_upload,
    preview_plan,
)
from bot.records.roster import Member, member_by_number
from reminders.case_events import events_of
from reminders.cases import (
    CaseKind,
    CaseRow,
    CaseStatus,
    Covers,
    Extent,
    Missing,
    case_by_number,
    imports,
)
from reminders.certificates import CertificateRow, certificates_by_number, contact_of
from reminders.recipients import Role
from tests.conftest import Clock
from tests.test_redaction import an_identity
from tests.ugly_files import (
    CASE_HEADER,
    a_case,
    a_csv,
    a_day,
    an_xls,
    an_xlsx,
    cases,
    dated,
    encrypted,
    several_sheets,
    stray_cell,
    titled_and_merged,
)

CERTIFICATE_HEADER = ("证件号", "证照名称", "持证人", "发证机关", "有效期自", "有效期至", "状态")


def plan_of(desk: Desk, content: bytes, name: str = "办件.xlsx") -> Plan[CaseRow]:
    return plan_upload(desk, Kind.CASES, name, content)


def taken(desk: Desk, content: bytes, said: Statement | None = None) -> Result:
    return apply_plan(desk, plan_of(desk, content), said or Statement())


def rows_of(plan: Plan[CaseRow]) -> list[CaseRow]:
    return [case for _, case in plan.rows()]


def only_problem(plan: Plan[CaseRow]) -> str:
    (problem,) = plan.problems
    assert not plan.may_apply
    return str(problem)


# -- ten ugly files, and more


def test_titles_merged_header_blank_row_totals_and_footer(desk: Desk) -> None:
    plan = plan_of(desk, titled_and_merged(cases(3)))

    assert (plan.read, plan.problems) == (3, ())
    first = rows_of(plan)[0]
    assert (first.number, first.limit_days, first.statutory_days) == ("410200-001", 5, 20)
    assert [row.number for row, _ in plan.rows()] == [6, 8, 9]


def test_the_sheet_that_fits_is_found(desk: Desk) -> None:
    plan = plan_of(desk, several_sheets(cases(3)))

    assert plan.read == 3
    assert plan.table is not None
    assert plan.table.sheet.name == "明细"


@pytest.mark.parametrize(
    ("encoding", "delimiter"),
    [
        ("utf-8", ","),
        ("utf-8-sig", ","),
        ("gbk", ","),
        ("gb18030", ";"),
        ("utf-8", "\t"),
        ("utf-16", "\t"),
    ],
)
def test_text_files_in_every_usual_dress(desk: Desk, encoding: str, delimiter: str) -> None:
    content = a_csv(cases(3), encoding=encoding, delimiter=delimiter)

    plan = plan_of(desk, content, "办件.csv")

    assert (plan.read, plan.problems) == (3, ())
    assert rows_of(plan)[0].handler_name == "张三"


def test_an_old_xls_is_read(desk: Desk) -> None:
    plan = plan_of(desk, an_xls(cases(3, 受理日期=45677)), "办件.xls")

    assert (plan.read, plan.problems) == (3, ())
    assert rows_of(plan)[2].accepted_on == date(2025, 1, 20)


@pytest.mark.parametrize("make", [an_xls, an_xlsx, a_csv])
def test_a_damaged_file_never_ends_in_a_crash(
    desk: Desk, make: Callable[[list[list[object]]], bytes]
) -> None:
    whole = make(cases(20))
    chance = random.Random(5)

    for _ in range(150):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        plan = plan_of(desk, bytes(damaged[: chance.randint(1, len(damaged))]))
        assert plan.read == 20 or not plan.may_apply or plan.good <= 20


def test_days_as_text_serial_slashes_chinese_and_full_width(desk: Desk) -> None:
    days = (
        "2025-01-20", 45677, 45677.5, a_day("2025-01-20"), a_day("2025-01-20T09:30"), "2025/1/20",
        "2025年1月20日", "20250120", "２０２５－０１－２０", "2025-01-20 09:30:00",
    )  # fmt: skip

    plan = plan_of(desk, dated(*days))

    assert plan.problems == ()
    assert {case.accepted_on for case in rows_of(plan)} == {date(2025, 1, 20)}


def test_full_width_digits_in_numbers_and_limits(desk: Desk) -> None:
    row = a_case("４１０２００－００１", 承诺时限="１０个工作日")

    (case,) = rows_of(plan_of(desk, an_xlsx([row])))

    assert (case.number, case.limit_days) == ("410200-001", 10)


def test_synonyms_of_headers_are_understood(desk: Desk) -> None:
    header = (
        "受理号", "办理事项", "所属区划", "承办单位", "办理人", "受理时间（年月日）", "承诺办结日",
        "当前状态", "办结时间",
    )  # fmt: skip
    rows = [a_case(承诺时限="2025-02-07", 受理日期="2025-01-24")]

    (case,) = rows_of(plan_of(desk, an_xlsx(rows, header)))

    # domain.md 2.1: accepted 2025-01-24 and due 2025-02-07 is a promise of five working days.
    assert (case.accepted_on, case.limit_days) == (date(2025, 1, 24), 5)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "空的"),
        (b"\r\n\r\n  ", "空的"),
        (an_xlsx(cases(50))[:4000], "不完整"),
        (an_xlsx(cases(50))[:-200], "不完整"),
        (a_csv(cases(5))[:-1] + "办".encode()[:2], "残缺"),
        (encrypted(), "密码"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 3000, "损坏"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"\x89PNG\r\n\x1a\n\0\0", "图片"),
        (gzip.compress(b"x" * 500), "不是表格"),
        ("<html><table><tr><td>办件编号</td>".encode(), "网页"),
        ("今天天气很好".encode(), "普通文字"),
        (an_xlsx([], ("甲", "乙", "丙")), "没找到办件的表头"),
        (an_xlsx([]), "一行也没读到"),
    ],
)
def test_a_file_that_cannot_be_read_says_why_in_one_line(
    desk: Desk, content: bytes, says: str
) -> None:
    said = only_problem(plan_of(desk, content))

    assert says in said
    assert "\n" not in said


def test_a_zip_that_is_no_workbook_is_called_by_its_name(desk: Desk) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("word/document.xml", "<a/>")

    assert "Word" in only_problem(plan_of(desk, stream.getvalue(), "办件.xlsx"))


@pytest.mark.parametrize("says_how_far", [True, False])
def test_a_stray_cell_far_away_does_not_bring_the_program_down(
    desk: Desk, says_how_far: bool
) -> None:
    content = stray_cell(cases(3), says_how_far=says_how_far)

    assert "第 1048576 行、第 16384 列" in only_problem(plan_of(desk, content))


def test_an_oversized_upload_is_refused_unread(desk: Desk) -> None:
    said = only_problem(plan_of(desk, b"0" * (20 * 1024 * 1024 + 1)))

    assert "最多收 20 MB" in said


def test_missing_columns_are_one_problem_with_what_was_near(desk: Desk) -> None:
    header = (
        "办件编好",
        "事项名称",
        "区县",
        "部门",
        "经办人",
        "受理日",
        "备注",
        "状态",
        "办结日期",
    )

    said = only_problem(plan_of(desk, an_xlsx(cases(2), header)))

    assert "缺少列：办件编号、承诺时限或承诺办结日" in said
    assert "“办件编好”像是“办件编号”" in said


def test_several_header_like_rows_do_not_become_cases(desk: Desk) -> None:
    rows: list[list[object]] = [*cases(2), [*CASE_HEADER], a_case("410200-009")]

    assert plan_of(desk, an_xlsx(rows)).read == 3


# -- bad rows


def test_five_bad_rows_in_a_hundred_are_refused_and_the_rest_taken(desk: Desk) -> None:
    rows = cases(100)
    for row in rows[:5]:
        row[5] = "2025/2/30"

    plan = plan_of(desk, an_xlsx(rows))
    result = apply_plan(desk, plan)

    assert (plan.read, plan.refused, result.added) == (100, 5, 95)
    assert case_by_number(desk.db, "410200-001") is None
    assert case_by_number(desk.db, "410200-006") is not None


def test_six_bad_rows_in_a_hundred_and_nothing_is_taken(desk: Desk) -> None:
    rows = cases(100)
    for row in rows[:6]:
        row[5] = "2025/2/30"

    plan = plan_of(desk, an_xlsx(rows))
    result = apply_plan(desk, plan)

    assert (plan.refused, plan.may_apply, result) == (6, False, Result())
    assert case_by_number(desk.db, "410200-050") is None
    assert imports(desk.db) == ()


def test_a_problem_names_row_column_value_and_what_to_do(desk: Desk) -> None:
    plan = plan_of(desk, an_xlsx([a_case(), a_case("410200-002", 受理日期="2025/2/30")]))

    (problem,) = plan.problems
    assert (problem.row, problem.column, problem.value) == (3, "受理日期", "2025/2/30")
    assert "请核对" in problem.problem


@pytest.mark.parametrize(
    ("changed", "column"),
    [
        ({"事项名称": ""}, "事项名称"),
        ({"受理日期": None}, "受理日期"),
        ({"受理日期": "2025-12-01"}, "受理日期"),
        ({"区县": "火星区"}, "区县"),
        ({"承诺时限": ""}, "承诺时限"),
        ({"承诺时限": "1个月"}, "承诺时限"),
        ({"办件状态": "已办结"}, "办结日期"),
        ({"办件状态": "已办结", "办结日期": "2025-01-01"}, "办结日期"),
        ({"办件状态": "不知道"}, "办件状态"),
    ],
)
def test_each_kind_of_bad_cell_is_named(
    desk: Desk, changed: dict[str, object], column: str
) -> None:
    plan = plan_of(desk, an_xlsx([*cases(3), a_case("410200-099", **changed)]))

    assert [problem.column for problem in plan.problems] == [column]


def test_two_rows_that_contradict_each_other_are_both_refused(desk: Desk) -> None:
    plan = plan_of(desk, an_xlsx([*cases(50), a_case("410200-007", 承诺时限="9天")]))

    assert [problem.row for problem in plan.problems] == [8, 52]
    assert "410200-007" not in {case.number for case in rows_of(plan)}


def test_a_row_repeated_word_for_word_is_taken_once(desk: Desk) -> None:
    result = taken(desk, an_xlsx([*cases(3), a_case("410200-002")]))

    assert (result.added, result.unchanged) == (3, 1)


def test_refused_rows_come_back_with_their_bad_cells_marked(desk: Desk) -> None:
    header = (*CASE_HEADER, "身份证号")
    rows = [[*row, "410203199001011234"] for row in cases(3)]
    rows[1][5] = "=2025/2/30"

    sheet = load_workbook(io.BytesIO(faulty_rows(plan_of(desk, a_csv(rows, header))))).active

    assert sheet is not None
    titles = [cell.value for cell in sheet[1]]
    assert titles == [*CASE_HEADER, "原行号", "问题"]
    bad = sheet.cell(2, titles.index("受理日期") + 1)
    assert (bad.fill.fgColor.rgb, bad.data_type) == ("00FFC7CE", "s")
    assert bad.comment is not None
    assert "2025-02-06" in bad.comment.text
    assert sheet.cell(2, 1).comment is None
    assert sheet.max_row == 2


def test_a_corrected_return_can_be_sent_again_as_it_is(desk: Desk) -> None:
    rows = cases(30)
    rows[4][5] = "2025/2/30"
    plan = plan_of(desk, an_xlsx(rows))
    apply_plan(desk, plan)
    book = load_workbook(io.BytesIO(faulty_rows(plan)))
    sheet = book.worksheets[0]
    sheet.cell(2, 6).value = "2025-01-20"
    corrected = io.BytesIO()
    book.save(corrected)

    assert taken(desk, corrected.getvalue()).added == 1


def test_columns_with_personal_data_are_not_read(desk: Desk) -> None:
    header = (*CASE_HEADER, "申请人", "申请人身份证号", "联系电话", "家庭住址", "备注")
    row = [*a_case(), "王小明", "410203199001011234", "13812345678", "某街 1 号", "无"]

    plan = plan_of(desk, an_xlsx([row], header))

    assert plan.table is not None
    assert plan.table.dropped == ("申请人身份证号", "联系电话", "家庭住址")
    assert plan.table.ignored == ("备注",)
    assert rows_of(plan)[0].applicant == "王*"


def test_nothing_personal_reaches_the_database(desk: Desk) -> None:
    header = (*CASE_HEADER, "申请人", "身份证号码", "手机")
    identity = an_identity("41020319900101123")
    row = [*a_case(事项名称=f"补办 {identity}"), "王小明", identity, "13812345678"]

    taken(desk, an_xlsx([row], header))

    everything = "\n".join(desk.db.conn.iterdump())
    assert "王*" in everything
    for personal in (identity, "13812345678", "王小明"):
        assert personal not in everything


def test_a_problem_shows_no_personal_number(desk: Desk) -> None:
    identity = an_identity("41020319900101123")

    plan = plan_of(desk, an_xlsx([a_case(identity)]))

    assert identity not in str(plan.problems[0])


# -- applying


def test_a_case_keeps_where_it_came_from(desk: Desk) -> None:
    plan = plan_of(desk, several_sheets(cases(2)))
    apply_plan(desk, plan)

    case = case_by_number(desk.db, "410200-002")
    assert case is not None
    (known,) = imports(desk.db)
    assert (case.import_id, case.sheet, case.row) == (known.id, "明细", 3)
    assert known.file_hash == plan.file_hash


def test_a_dry_run_says_what_would_happen_and_writes_nothing(desk: Desk) -> None:
    taken(desk, an_xlsx(cases(4)))
    changed = cases(6)
    changed[0][7:9] = ["已办结", "2025-01-23"]
    changed[1][6] = "8天"
    before = list(desk.db.conn.iterdump())

    plan = plan_of(desk, an_xlsx(changed))
    foreseen = preview_plan(desk, plan)

    assert foreseen == Result(added=2, updated=1, closed=1, unchanged=2)
    assert list(desk.db.conn.iterdump()) == before
    assert apply_plan(desk, plan) == foreseen


def test_the_same_file_twice_changes_nothing(desk: Desk, clock: Clock) -> None:
    content = an_xlsx(cases(5))
    taken(desk, content)
    before = list(desk.db.conn.iterdump())
    clock.move(hours=1)

    again = taken(desk, content)

    assert again == Result(unchanged=5, taken_before=True)
    assert list(desk.db.conn.iterdump()) == before


def test_an_older_file_sent_again_turns_nothing_back(desk: Desk, clock: Clock) -> None:
    old, new = an_xlsx(cases(3)), an_xlsx(cases(4, 承诺时限="8天"))
    taken(desk, old)
    clock.move(hours=1)
    taken(desk, new)
    clock.move(hours=1)

    taken(desk, old)

    case = case_by_number(desk.db, "410200-001")
    fourth = case_by_number(desk.db, "410200-004")
    assert case is not None
    assert fourth is not None
    assert (case.limit_days, fourth.missing) == (8, None)


def test_a_failure_half_way_leaves_nothing_behind(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_of(desk, an_xlsx(cases(3)))
    desk.db.execute(
        "CREATE TRIGGER broken BEFORE INSERT ON cases WHEN NEW.number = '410200-003' "
        "BEGIN SELECT RAISE(ABORT, 'disk'); END"
    )

    with pytest.raises(Exception, match="disk"):
        apply_plan(desk, plan)

    assert case_by_number(desk.db, "410200-001") is None
    assert imports(desk.db) == ()


def test_what_drops_out_of_a_full_export_waits_for_verification(desk: Desk, clock: Clock) -> None:
    taken(desk, an_xlsx(cases(5)))
    clock.move(hours=1)
    rows = cases(4)
    rows[0][7:9] = ["已办结", "2025-01-23"]

    result = taken(desk, an_xlsx(rows))

    case = case_by_number(desk.db, "410200-005")
    assert (result.closed, result.missing) == (1, 1)
    assert case is not None
    assert (case.missing, case.completed_on) == (Missing.UNVERIFIED, None)


def test_what_drops_out_of_an_open_export_is_perhaps_done(desk: Desk, clock: Clock) -> None:
    taken(desk, an_xlsx(cases(5)))
    clock.move(hours=1)
    content = an_xlsx(cases(4))
    foreseen = preview_plan(desk, plan_of(desk, content))

    taken(desk, content)

    case = case_by_number(desk.db, "410200-005")
    assert foreseen.missing == 1
    assert case is not None
    assert case.missing is Missing.PERHAPS_DONE


@pytest.mark.parametrize(
    "outside",
    [{"区县": "兰考县"}, {"区县": "市直"}, {"部门": "公安局"}, {"受理日期": "2025-01-10"}],
)
def test_nothing_outside_the_range_changes(
    desk: Desk, clock: Clock, outside: dict[str, object]
) -> None:
    taken(desk, an_xlsx([*cases(3), a_case("410200-100", **outside)]))
    before = case_by_number(desk.db, "410200-100")
    clock.move(hours=1)

    result = taken(desk, an_xlsx(cases(3, 承诺时限="8天")))

    assert (result.updated, result.missing) == (3, 0)
    assert case_by_number(desk.db, "410200-100") == before


def test_what_the_sender_states_wins_over_the_proposal(desk: Desk, clock: Clock) -> None:
    taken(desk, an_xlsx([*cases(3), a_case("410200-100", 区县="兰考县")]))
    clock.move(hours=1)

    whole_city = Statement(covers=Covers(Extent.ALL), by_person_id=7)
    result = taken(desk, an_xlsx(cases(3)), whole_city)

    assert result.missing == 1
    assert imports(desk.db)[0].by_person_id == 7


def test_a_case_whose_row_was_refused_is_not_missing(desk: Desk, clock: Clock) -> None:
    taken(desk, an_xlsx(cases(30)))
    clock.move(hours=1)
    rows = cases(30)
    rows[3][5] = "2025/2/30"

    result = taken(desk, an_xlsx(rows))

    assert (result.unchanged, result.missing) == (29, 0)


def test_the_range_is_proposed_from_the_file(desk: Desk) -> None:
    rows = [
        a_case("1", 受理日期="2025-01-02"),
        a_case("2", 区县="兰考", 部门="某某办"),
        a_case("3", 区县="市直", 办件状态="已办结", 办结日期="2025-01-22"),
    ]

    plan = plan_of(desk, an_xlsx(rows))

    assert plan.coverage == Covers(
        Extent.ALL,
        ("兰考县", "龙亭区"),
        ("human_resources", "某某办"),
        date(2025, 1, 2),
        date(2025, 1, 20),
    )


def test_data_are_as_fresh_as_the_lines_above_the_header_say(desk: Desk, clock: Clock) -> None:
    clock.at = clock.at.replace(month=2, day=6)
    taken(desk, titled_and_merged(cases(2)))

    (known,) = imports(desk.db)
    assert known.data_as_of == datetime.fromisoformat("2025-02-06T08:00:00+08:00")


def test_an_immediate_case_needs_no_limit(desk: Desk) -> None:
    header = (*CASE_HEADER, "办件类型")

    (case,) = rows_of(plan_of(desk, an_xlsx([[*a_case(承诺时限=""), "即办件"]], header)))

    assert (case.kind, case.limit_days) == (CaseKind.IMMEDIATE, 0)


def test_a_day_of_completion_without_a_state_means_completed(desk: Desk) -> None:
    row = a_case(办件状态="", 办结日期="2025-01-22")

    taken(desk, an_xlsx([row]))

    case = case_by_number(desk.db, "410200-001")
    assert case is not None
    assert case.completed_on == date(2025, 1, 22)
    assert [event.kind for event in events_of(desk.db, case.id)] == ["accepted", "completed"]


def test_suspended_and_awaiting_papers_are_taken_over(desk: Desk) -> None:
    rows = [a_case("1", 办件状态="挂起"), a_case("2", 办件状态="待补正")]

    states = [case.status for case in rows_of(plan_of(desk, an_xlsx(rows)))]

    assert states == [CaseStatus.SUSPENDED, CaseStatus.AWAITING_PAPERS]


# -- staff and certificates


def test_a_roster_is_taken_over_twice_without_change(desk: Desk) -> None:
    header = ("工号", "姓名", "单位", "区县", "窗口", "角色", "组", "代班人")
    rows = [
        ["A001", "张三", "人社局", "龙亭", "longting-01", "窗口负责人", "企航组", "李四"],
        ["A002", "李四", "人社局", "龙亭", "", "", "", "A001"],
    ]
    plan: Plan[Member] = plan_upload(desk, Kind.STAFF, "名册.csv", a_csv(rows, header))

    first, again = apply_plan(desk, plan), apply_plan(desk, plan)

    member = member_by_number(desk.db, "A001")
    assert (first.added, again.unchanged) == (2, 2)
    assert member is not None
    assert (member.role, member.team, member.deputy_number) == (Role.LEAD, "企航组", "A002")
    assert (member.scope.district, member.scope.window) == ("龙亭区", "longting-01")


def certificates(
    desk: Desk, *rows: list[object], header: tuple[str, ...] = CERTIFICATE_HEADER
) -> Plan[CertificateRow]:
    return plan_upload(desk, Kind.CERTIFICATES, "证照.xlsx", an_xlsx(rows, header))


def a_certificate(number: object = "JY001", **changed: object) -> list[object]:
    cells: dict[str, object] = {
        "证件号": number,
        "证照名称": "食品经营许可证",
        "持证人": "某某饭店",
        "发证机关": "市场监管局",
        "有效期自": "2020-07-01",
        "有效期至": "2025年6月30日",
        "状态": "有效",
    }
    cells.update(changed)
    return [cells[name] for name in CERTIFICATE_HEADER]


def test_what_was_read_once_is_refused_in_every_row(desk: Desk) -> None:
    rows = [a_certificate(f"JY{n}", 有效期至="2025/2/30") for n in range(3)]
    good = [a_certificate(f"JX{n}") for n in range(97)]

    plan = certificates(desk, *rows, *good)

    assert plan.refused == 3
    assert [problem.problem for problem in plan.problems] == [
        "没有 2025 年 2 月 30 日这一天；请核对"
    ] * 3


def test_cells_that_are_equal_but_of_different_types_are_read_apart(desk: Desk) -> None:
    kinds = (1, True, "1", 1.0)

    plan = certificates(desk, *(a_certificate(f"J{n}", 证照名称=k) for n, k in enumerate(kinds)))

    assert [row.kind for _, row in plan.rows()] == ["1", "是", "1", "1"]


def test_a_number_of_two_kinds_is_compared_with_its_own_kind(desk: Desk) -> None:
    both = [a_certificate("SAME"), a_certificate("SAME", 证照名称="药品经营许可证")]
    apply_plan(desk, certificates(desk, *both))

    changed = certificates(
        desk, both[0], a_certificate("SAME", 证照名称="药品经营许可证", 状态="注销")
    )
    seen, result = preview_plan(desk, changed), apply_plan(desk, changed)

    assert (seen.closed, seen.unchanged) == (1, 1)
    assert (result.added, result.closed, result.unchanged) == (0, 1, 1)


def test_an_import_in_batches_gives_its_memory_back(desk: Desk) -> None:
    before = desk.db.execute("PRAGMA cache_size").fetchone()

    apply_plan(desk, certificates(desk, a_certificate()))

    assert desk.db.execute("PRAGMA cache_size").fetchone() == before


def test_a_register_is_taken_over_twice_without_change(desk: Desk) -> None:
    plan = certificates(desk, a_certificate(), a_certificate("JY002", 有效期至="长期"))

    first, again = apply_plan(desk, plan), apply_plan(desk, plan)

    (known,) = certificates_by_number(desk.db, "JY001")
    (permanent,) = certificates_by_number(desk.db, "JY002")
    assert (first.added, again.unchanged, again.taken_before) == (2, 2, True)
    assert (known.expires_on, permanent.expires_on) == (date(2025, 6, 30), None)


@pytest.mark.parametrize(
    "changed",
    [
        {"有效期至": "2019-01-01"},
        {"有效期至": "2025/2/30"},
        {"有效期至": "2999-01-01"},
        {"有效期至": ""},
        {"状态": "丢了"},
    ],
)
def test_bad_certificates_are_refused(desk: Desk, changed: dict[str, object]) -> None:
    good = [a_certificate(f"JY{n}") for n in range(30)]

    plan = certificates(desk, *good, a_certificate("JY999", **changed))

    assert (plan.refused, plan.good) == (1, 30)


def test_two_kinds_may_use_the_same_number(desk: Desk) -> None:
    plan = certificates(desk, a_certificate(), a_certificate(证照名称="道路运输证"))

    assert (plan.refused, apply_plan(desk, plan).added) == (0, 2)


def test_a_number_with_an_identity_in_it_is_kept_as_a_hash_with_its_tail(desk: Desk) -> None:
    number = an_identity("41020319900101123") + "42"

    plan = certificates(desk, a_certificate(number, 证照名称="残疾人证", 持证人="王小明"))
    first, second = (next(iter(plan.rows()))[1].number for _ in range(2))

    assert first == second
    assert first.endswith(f"-{number[-4:]}")
    assert number[:18] not in first


def test_a_contact_is_kept_only_with_the_day_of_consent(desk: Desk) -> None:
    header = (*CERTIFICATE_HEADER, "联系电话", "同意日期")
    rows = [
        [*a_certificate("JY001"), "13812345678", "2025-01-02"],
        [*a_certificate("JY002"), "13912345678", ""],
    ]

    apply_plan(desk, certificates(desk, *rows, header=header))

    kept = [
        contact_of(desk.db, certificates_by_number(desk.db, number)[0].id)
        for number in ("JY001", "JY002")
    ]
    assert kept == ["13812345678", None]
    assert "13912345678" not in "\n".join(desk.db.conn.iterdump())


def test_an_office_nobody_knows_leaves_the_certificate_to_the_kinds_own(desk: Desk) -> None:
    rows = [
        a_certificate("JY001", 发证机关="郑州市某局"),
        a_certificate("JY002", 发证机关=""),
        a_certificate("JY003", 发证机关="郑州市某局", 证照名称="养蜂证"),
        a_certificate("JY004", 发证机关="", 证照名称="养蜂证"),
        a_certificate("JY005"),
    ]

    plan = certificates(desk, *rows)
    apply_plan(desk, plan)

    kept = {
        number: certificates_by_number(desk.db, number)[0].department
        for number in ("JY001", "JY002", "JY003", "JY004", "JY005")
    }
    assert kept == {
        "JY001": "market",
        "JY002": "market",
        "JY003": "郑州市某局",
        "JY004": None,
        "JY005": "market",
    }
    assert [(one.column, one.name, one.rows) for one in plan.unrecognised] == [
        ("issuer", "郑州市某局", 2),
        ("issuer", "", 1),
        ("kind", "养蜂证", 2),
    ]


WITH_CONTACT = (*CERTIFICATE_HEADER, "联系电话", "同意日期")


def agreed(desk: Desk) -> None:
    rows = [[*a_certificate(), "13812345678", "2025-01-02"]]
    apply_plan(desk, certificates(desk, *rows, header=WITH_CONTACT))


@pytest.mark.parametrize(
    ("state", "phone", "consent"),
    [
        ("有效", "", ""),
        ("有效", "13812345678", ""),
        ("有效", "", "2025-01-02"),
        ("注销", "13812345678", "2025-01-02"),
    ],
)
def test_a_contact_goes_with_its_consent_and_its_use(
    desk: Desk, state: str, phone: str, consent: str
) -> None:
    agreed(desk)

    row = [*a_certificate(状态=state), phone, consent]
    apply_plan(desk, certificates(desk, row, header=WITH_CONTACT))

    assert contact_of(desk.db, certificates_by_number(desk.db, "JY001")[0].id) is None


@pytest.mark.parametrize(("state", "kept"), [("有效", "13812345678"), ("吊销", None)])
def test_a_register_without_contacts_takes_none_back(
    desk: Desk, state: str, kept: str | None
) -> None:
    agreed(desk)

    apply_plan(desk, certificates(desk, a_certificate(状态=state, 持证人="某某小饭店")))

    assert contact_of(desk.db, certificates_by_number(desk.db, "JY001")[0].id) == kept


def test_a_long_file_is_read_again_instead_of_kept(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [*cases(40), a_case("410200-007")]
    kept = plan_of(desk, an_xlsx(rows))

    monkeypatch.setattr("bot.importing.plan.MOST_ROWS_KEPT", 10)
    read_again = plan_of(desk, an_xlsx(rows))

    assert read_again.kept is None
    assert rows_of(read_again) == rows_of(kept)


# -- templates and the command line


@pytest.mark.parametrize("kind", list(Kind))
def test_a_templates_headers_are_the_canonical_names_and_its_example_is_no_row(
    desk: Desk, kind: Kind
) -> None:
    plan = plan_upload(desk, kind, "模板.xlsx", template(kind))
    book = load_workbook(io.BytesIO(template(kind)))

    assert [cell.value for cell in book.worksheets[0][1]] == [
        column.name for column in layout_of(kind).columns
    ]
    assert "示例行" in plan.problems[0].problem


@pytest.mark.parametrize("kind", list(Kind))
def test_a_templates_example_is_valid_under_another_number(desk: Desk, kind: Kind) -> None:
    example = layout_of(kind).column("number").example
    content = template_text(kind).replace(example, "X-1", 1).encode()

    plan = plan_upload(desk, kind, "模板.csv", content)

    assert (plan.read, plan.problems) == (1, ())


@pytest.mark.parametrize("kind", list(Kind))
def test_no_name_stands_for_two_columns(kind: Kind) -> None:
    canonical = [column.name for column in layout_of(kind).columns]
    also = [name for column in layout_of(kind).columns for name in column.also]

    assert len({*canonical, *also}) == len(canonical) + len(also)


def run(folder: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, str, str]:
    monkeypatch.chdir(folder)
    result = CliRunner().invoke(main, [*arguments, "--clock", "2025-02-06T08:30"])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def test_the_command_prints_exactly_the_agreed_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.yaml").write_text("city: 开封市\n", encoding="utf-8")
    rows = cases(20)
    rows[2][5] = "2025/2/30"
    (tmp_path / "a.csv").write_bytes(a_csv(rows, encoding="gbk"))

    code, out, _ = run(tmp_path, monkeypatch, "import", "cases", "a.csv", "--json")

    said = json.loads(out)
    assert code == 1
    assert {key: value for key, value in said.items() if key != "problems"} == {
        "file": "a.csv",
        "read": 20,
        "added": 19,
        "updated": 0,
        "closed": 0,
        "unchanged": 0,
        "refused": 1,
        "missing": 0,
    }
    assert [sorted(problem) for problem in said["problems"]] == [
        ["column", "problem", "row", "value"]
    ]
    assert (tmp_path / "a-有误.xlsx").exists()


def test_a_dry_run_on_the_command_line_leaves_all_to_add(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.yaml").write_text("city: 开封市\n", encoding="utf-8")
    (tmp_path / "a.xlsx").write_bytes(an_xlsx(cases(3)))

    for _ in range(2):
        code, out, _ = run(
            tmp_path, monkeypatch, "import", "cases", "a.xlsx", "--dry-run", "--json"
        )
        assert (code, json.loads(out)["added"]) == (0, 3)


def test_the_command_names_what_it_did_not_know(tmp_path: Path) -> None:
    path = tmp_path / "证照.xlsx"
    rows = [a_certificate(发证机关="郑州市某局"), a_certificate("JY002", 证照名称="食品许可证")]
    path.write_bytes(an_xlsx(rows, CERTIFICATE_HEADER))

    shown = CliRunner().invoke(main, ["import", "certificates", str(path)])

    assert shown.exit_code == 0, shown.output
    assert "规则未登记的证照种类" in shown.stdout
    assert "食品许可证：1 行，像是：食品经营许可证" in shown.stdout
    assert "郑州市某局：1 行" in shown.stdout


def test_an_unreadable_file_is_one_line_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.yaml").write_text("city: 开封市\n", encoding="utf-8")
    (tmp_path / "a.xlsx").write_bytes(an_xlsx(cases(9))[:2000])

    code, out, err = run(tmp_path, monkeypatch, "import", "cases", "a.xlsx")

    assert (code, out, err.count("\n")) == (1, "", 1)


def test_wrong_use_of_the_command_ends_with_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(tmp_path, monkeypatch, "import", "cases", "gone.xlsx")[0] == 2
    assert run(tmp_path, monkeypatch, "import", "dogs", "gone.xlsx")[0] == 2


def test_a_template_is_written_and_never_over_a_filled_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(tmp_path, monkeypatch, "template", "staff", "名册.csv")[0] == 0
    assert run(tmp_path, monkeypatch, "template", "staff", "名册.csv")[0] == 2


def test_a_plan_is_frozen(desk: Desk) -> None:
    plan = plan_of(desk, an_xlsx(cases(1)))

    with pytest.raises(dataclasses.FrozenInstanceError):
        plan.read = 2  # type: ignore[misc] # that is the point
