"""持证上岗: from the roster that is uploaded to the figures in chat, on the page and in JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.__main__ import main
from bot.channels.web.dashboard import dashboard_html
from bot.desk import Desk
from bot.dialogue import Role, Scope
from bot.importing.columns import Kind
from bot.importing.faulty import template_text
from bot.importing.uploads import apply_plan, plan_upload
from bot.records.roster import Qualification, member_by_number
from bot.reports.percentages import Bound
from bot.reports.qualification import (
    QualifiedStaff,
    Target,
    staff_by_district,
    target_of,
    total_of,
)
from bot.reports.rates import Rates
from bot.reports.statistics import Query
from bot.settings import Settings, StaffSettings
from bot.views.qualification import qualification_reply
from tests.conftest import FRIDAY_MORNING, Talker

BULLETIN = Path(__file__).parent / "data" / "bulletin" / "certificate_staff_by_district.csv"
HEADER = ("工号", "姓名", "单位", "区县", "是否持证")
VALID_IDENTITY = "11010519491231002X"  # the example number of GB 11643


def a_csv(rows: Iterable[Sequence[object]], header: Sequence[str] = HEADER) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    return text.getvalue().encode()


def take(desk: Desk, rows: Iterable[Sequence[object]], header: Sequence[str] = HEADER) -> None:
    plan = plan_upload(desk, Kind.STAFF, "名册.csv", a_csv(rows, header))
    assert plan.problems == ()
    apply_plan(desk, plan)


def held(desk: Desk, number: str) -> Qualification | None:
    member = member_by_number(desk.db, number)
    assert member is not None
    return member.qualification


def the_citys_roster() -> list[list[str]]:
    """Return one row for each head of the bulletin's table."""
    rows = []
    with BULLETIN.open(encoding="utf-8") as stream:
        for line in csv.DictReader(stream):
            for n in range(int(line["窗口总人数"])):
                number = f"{line['序号']}-{n:03d}"
                qualified = "是" if n < int(line["取证人数"]) else "否"
                unit = f"{line['县区']}{'甲乙'[n % 2]}局"
                rows.append([number, f"员工{number}", unit, line["县区"], qualified])
    return rows


def test_the_citys_table_comes_out_of_its_roster(desk: Desk, zhou: Talker) -> None:
    take(desk, the_citys_roster())

    reply = zhou.says("持证上岗")

    assert "合计：持证上岗率 42.19%（246/583），到 70% 还差 163 人" in reply.text
    for said in (
        "兰考县：持证上岗率 37.30%（47/126），到 70% 还差 42 人",
        "尉氏县：持证上岗率 30.26%（23/76），到 70% 还差 31 人",
        "通许县：持证上岗率 17.24%（10/58），到 70% 还差 31 人",
        "龙亭区：持证上岗率 26.31%（5/19），到 70% 还差 9 人",
        "示范区：持证上岗率 71.42%（55/77），已到 70%",
    ):
        assert said in reply.text
    assert "没填" not in reply.text


def test_a_supervisor_finds_the_word_and_a_districts_units(desk: Desk, zhou: Talker) -> None:
    take(desk, the_citys_roster())

    zhou.says("菜单")
    zhou.presses("持证上岗")
    units = zhou.presses("看兰考县各单位")

    assert "兰考县甲局：持证上岗率 38.09%（24/63），到 70% 还差 21 人" in units.text
    assert "合计：持证上岗率 37.30%（47/126）" in units.text
    assert "甲局：持证上岗率 38.09%" not in zhou.presses("各区县").text


def test_a_lead_sees_the_own_district_alone_and_a_clerk_nothing(
    desk: Desk, zhao: Talker, li: Talker
) -> None:
    take(desk, the_citys_roster())

    text = zhao.says("持证上岗").text

    assert "龙亭区甲局" in text
    assert "兰考" not in text
    assert "兰考" not in zhao.sends_token("qualified:lankao").text
    assert "兰考" not in li.says("持证上岗").text


def test_what_no_roster_says_is_no_zero(desk: Desk, zhou: Talker) -> None:
    take(desk, [["1", "张三", "人社局", "龙亭"]], HEADER[:4])
    assert zhou.says("持证上岗").text.startswith("持证上岗：无数据")

    take(desk, [["2", "李四", "人社局", "兰考", "是"], ["3", "王五", "人社局", "兰考", ""]])
    text = zhou.says("持证上岗").text

    assert "龙亭区：无数据（窗口人员 1 人，名册没填持证）" in text
    assert "兰考县：持证上岗率 50.00%（1/2），到 70% 还差 1 人" in text
    assert "合计：持证上岗率 50.00%（1/2）" in text
    assert "其中 1 人名册没填持证，按未持证算" in text


def test_a_later_roster_without_the_column_changes_nothing(desk: Desk) -> None:
    header = (*HEADER, "证书等级", "证书编号")
    take(desk, [["1", "张三", "人社局", "龙亭", "是", "四级", "S-17"]], header)

    take(desk, [["1", "张三", "医保局", "龙亭"]], HEADER[:4])
    assert held(desk, "1") == Qualification(True, "四级", "S-17")
    take(desk, [["1", "张三", "医保局", "龙亭", "已取证"]])
    assert held(desk, "1") == Qualification(True, "四级", "S-17")
    take(desk, [["1", "张三", "医保局", "龙亭", "否"]])
    assert held(desk, "1") == Qualification(False)


@pytest.mark.parametrize(
    ("said", "grade", "number", "expected"),
    [
        ("", "三级、四级", "", Qualification(True, "三级、四级")),
        ("", "", "S-17", Qualification(True, None, "S-17")),
        ("√", "无", "/", Qualification(True)),
        ("", "", "无", Qualification(False)),
        ("未取证", "", "", Qualification(False)),
        ("", "", "", None),
    ],
)
def test_grade_or_number_make_a_holder_once(
    desk: Desk, said: str, grade: str, number: str, expected: Qualification | None
) -> None:
    header = (*HEADER, "技能等级", "证书号")

    take(desk, [["1", "张三", "人社局", "龙亭", said, grade, number]], header)

    assert held(desk, "1") == expected


@pytest.mark.parametrize(
    ("said", "number", "problem"),
    [
        ("是", VALID_IDENTITY, "像身份证号，不收"),
        ("否", "S-17", "填了没有证"),
        ("也许", "", "请填“是”或“否”"),
    ],
)
def test_a_contradiction_or_an_identity_number_is_refused(
    desk: Desk, said: str, number: str, problem: str
) -> None:
    content = a_csv([["1", "张三", "人社局", "龙亭", said, number]], (*HEADER, "证书编号"))

    plan = plan_upload(desk, Kind.STAFF, "名册.csv", content)

    assert plan.refused == 1
    assert problem in str(plan.problems[0])
    assert VALID_IDENTITY not in str(plan.problems[0])


def test_only_those_at_windows_are_counted(desk: Desk) -> None:
    rows = [
        ["1", "张三", "人社局", "龙亭", "是", "窗口人员"],
        ["2", "李四", "人社局", "龙亭", "否", "窗口负责人"],
        ["3", "王五", "人社局", "龙亭", "否", "督查"],
        ["4", "赵六", "人社局", "市直", "是", ""],
    ]
    take(desk, rows, (*HEADER, "角色"))

    found = staff_by_district(desk.db, Scope(), ["龙亭区"])

    assert found == (QualifiedStaff("龙亭区", 2, 1), QualifiedStaff("市直", 1, 1))
    assert total_of(found, "合计") == QualifiedStaff("合计", 3, 2)


def test_the_template_asks_for_it() -> None:
    header = template_text(Kind.STAFF).splitlines()[0].split(",")

    assert header[-4:-1] == ["持证", "证书等级", "证书编号"]


# -- the target


@pytest.mark.parametrize(
    ("target", "holders", "missing"),
    [
        (Target(), 7, 0),
        (Target(), 6, 1),
        (Target(70, Bound.ABOVE), 7, 1),
        (Target(70, Bound.ABOVE), 8, 0),
        (Target(100), 9, 1),
    ],
)
def test_the_target_is_met_on_heads(target: Target, holders: int, missing: int) -> None:
    unit = QualifiedStaff("x", 10, holders)

    assert (unit.missing(target), unit.meets(target)) == (missing, missing == 0)


def test_the_target_is_a_setting(desk: Desk, settings: Settings) -> None:
    chosen = StaffSettings.model_validate({"target_rate": "85%", "op": ">"})
    target = target_of(chosen)

    text = qualification_reply(
        desk.base,
        [QualifiedStaff("x", 20, 17)],
        rates=Rates(),
        on=FRIDAY_MORNING.date(),
        target=target,
    ).text

    assert target_of(settings.staff) == Target()
    assert "x：持证上岗率 85.00%（17/20），超过 85% 还差 1 人" in text


@pytest.mark.parametrize("wrong", [{"target_rate": 0.7}, {"target_rate": "100%", "op": ">"}])
def test_a_target_nobody_can_read_or_meet_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"target_rate|100%"):
        StaffSettings.model_validate(wrong)


# -- the page and the command line


def test_the_dashboard_shows_it_within_the_scope(
    desk: Desk, zhou: Talker, zhao: Talker, somebody: Callable[..., Talker]
) -> None:
    take(desk, the_citys_roster())
    query = Query(desk.today(), desk.today())
    market = somebody("market", Role.DEPARTMENT, Scope(None, "market"))

    whole, own, none = (dashboard_html(desk, who.person, query) for who in (zhou, zhao, market))

    assert "<td>兰考县</td><td>126</td><td>47</td><td>37.30%</td><td>42 人</td>" in whole
    assert "<td>合计</td><td>583</td><td>246</td><td>42.19%</td>" in whole
    assert "龙亭区甲局" in own
    assert "兰考县</td><td>126" not in own
    assert "持证上岗" not in none


def test_the_command_prints_it_and_gives_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text("city: 开封市\n", encoding="utf-8")
    (tmp_path / "名册.csv").write_bytes(a_csv(the_citys_roster()))
    run = CliRunner().invoke

    assert run(main, ["import", "staff", "名册.csv"]).exit_code == 0
    table = run(main, ["stats", "qualification"])
    found = json.loads(run(main, ["stats", "qualification", "--json"]).stdout)
    units = json.loads(run(main, ["stats", "qualification", "--district", "兰考", "--json"]).stdout)

    assert "到 70% 还差" in table.output
    missing = {row["key"]: row["missing"] for row in found["rows"]}
    assert (missing["兰考县"], missing["尉氏县"], missing["通许县"]) == (42, 31, 31)
    assert found["target"] == {"percent": 70, "op": ">="}
    assert found["total"]["rate"] == {"numerator": 246, "denominator": 583, "text": "42.19%"}
    assert [row["key"] for row in units["rows"]] == ["兰考县乙局", "兰考县甲局"]
    assert "qualification" in run(main, ["stats", "--help"]).output
    assert run(main, ["stats", "qualification", "--district", "火星"]).exit_code == 2
