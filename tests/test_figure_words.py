"""Figures in words: what overseers say bare, whose filter is refused, and how a list counts."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.__main__ import main
from bot.clock import LOCAL
from bot.database import transaction
from bot.desk import Desk
from bot.dialogue import Channel, Place, Reply, Role, Scope
from bot.figure_words import read_words
from bot.places import place_of_window
from bot.records import conversations, interactions, people, ratings
from bot.records.conversations import Awaited
from bot.records.people import Address
from bot.reports.daily import facts_of_day
from bot.reports.rates import Rates
from bot.reports.statistics import By, Narrow, Query, count_ratings
from bot.views.daily import summary_reply
from reminders.rectifications import Opening, open_rectification
from tests.conftest import Clock, Talker

TODAY = "2025-01-24"


def rated(
    desk: Desk,
    level: int | None,
    *,
    window: str | None = "longting-01",
    entry: str = "newborn",
    at: datetime | None = None,
    voided: bool = False,
) -> int:
    """Put a service, its rating and, of a bad one, the rectification that follows."""
    at = at or desk.now() - timedelta(minutes=30)
    place = (place_of_window(desk.base, window) if window else None) or Place()
    (number,) = desk.db.execute("SELECT count(*) FROM people").fetchone()
    with transaction(desk.db):
        person = people.person_at(desk.db, Address(Channel.TERMINAL, f"c{number}"), now=at)
        one = interactions.begin_interaction(
            desk.db,
            person,
            entry,
            channel=Channel.TERMINAL,
            place=place,
            knowledge_version="v",
            now=at,
        )
        interactions.continue_interaction(
            desk.db, one, {}, knowledge_version="v", now=at, answered=True
        )
        if level is None:
            return 0
        rating = ratings.rate(desk.db, person, one.id, level, now=at)
        if level < 3:
            owner = desk.base.entries[entry].owner
            opening = Opening(rating.id, at, entry, Scope(place.district, owner, place.window))
            rules = desk.settings.rectification_rules()
            open_rectification(desk.db, opening, rules=rules, holds=lambda _: True, now=at)
        if voided:
            desk.db.execute(
                "UPDATE ratings SET voided_at = ? WHERE id = ?", [at.isoformat(), rating.id]
            )
    return rating.id


def everything(reply: Reply) -> str:
    labels = " ".join(b.label for row in reply.buttons for b in row)
    return f"{reply.text} {reply.table} {labels}"


@pytest.mark.parametrize(
    ("words", "first_line"),
    [
        ("今日", "2025年1月24日（周五），全市"),
        ("昨日", "2025年1月23日（周四），全市"),
        ("本周", "1月20日（周一）至1月24日（周五），共 5 天，全市"),
        ("上周评价", "1月13日（周一）至1月19日（周日），共 7 天，全市"),
        ("上周", "1月13日（周一）至1月19日（周日），共 7 天，全市"),
        ("本月", "1月1日（周三）至1月24日（周五），共 24 天，全市"),
        ("上月评价", "12月1日（周日）至12月31日（周二），共 31 天，全市"),
        ("龙亭区", "2025年1月24日（周五），龙亭区"),
        ("龙亭区评价", "2025年1月24日（周五），龙亭区"),
        ("市民之家", "2025年1月24日（周五），市民之家"),
        ("2025-01-06", "2025年1月6日（周一），全市"),
        ("1月6日评价", "2025年1月6日（周一），全市"),
        ("12月30日评价", "2024年12月30日（周一），全市"),
        ("2025年1月6日评价", "2025年1月6日（周一），全市"),
        ("2025-01-01至2025-01-12 评价", "1月1日（周三）至1月12日（周日），共 12 天，全市"),
        ("1月1日到12日评价", "1月1日（周三）至1月12日（周日），共 12 天，全市"),
        ("龙亭区 上月评价", "共 31 天，龙亭区"),
        ("上户口 本月评价", "共 24 天，上户口"),
        ("龙亭区综合受理窗口评价", "龙亭区政务服务大厅·综合受理窗口"),
        ("2月6日评价", "无数据：那天还没到"),
        ("2025-02-06 评价", "无数据：那天还没到"),
        ("2025-02-30 评价", "没有这一天"),
        ("1月9日至1月2日评价", "写反了"),
        ("差评", "没有差评（0）"),
        ("差评清单", "没有差评（0）"),
        ("昨日差评", "1月23日（周四），全市：没有差评"),
        ("排名", "没有评价（0），不排名"),
        ("未评价事项", "没有一次都没评的事项"),
        ("异常", "没有标出的评价异常"),
        ("看板", "看板"),
    ],
)
def test_an_overseer_says_it_in_so_many_words(zhou: Talker, words: str, first_line: str) -> None:
    assert first_line in zhou.says(words).text
    assert zhou.desk.db.execute("SELECT count(*) FROM gaps").fetchone() == (0,)


def test_part_of_an_items_name_is_enough(zhou: Talker) -> None:
    reply = zhou.says("公积金提取 本月评价")

    assert zhou.desk.base.entries["housing_fund_withdraw"].short_name in everything(reply)


def test_a_name_that_several_windows_bear_is_asked_back(zhou: Talker, zhao: Talker) -> None:
    everywhere, own = zhou.says("综合受理窗口评价"), zhao.says("综合受理窗口评价")
    chosen = zhou.presses("鼓楼区政务服务大厅·综合受理窗口")

    assert "看哪一个的" in everywhere.text
    assert "鼓楼区政务服务大厅·综合受理窗口" in chosen.text
    assert "龙亭区政务服务大厅·综合受理窗口" in own.text


@pytest.mark.parametrize("words", ["龙亭区", "2025-01-06", "本周", "1月6日", "排名", "异常"])
def test_nobody_else_is_kept_from_asking(wang: Talker, li: Talker, words: str) -> None:
    for person in (wang, li):
        reply = person.says(words)

        assert "好评 0" not in reply.text
        assert "工作人员用的" not in reply.text


@pytest.mark.parametrize("words", ["上月评价", "差评清单", "未评价事项", "2月6日评价"])
def test_words_that_nobody_says_by_chance_are_refused_politely(li: Talker, words: str) -> None:
    assert "您是窗口人员" in li.says(words).text


@pytest.mark.parametrize("words", ["娃上户口要啥", "怎么评价", "经营异常咋移出", "12.5"])
def test_an_overseer_may_still_ask(zhou: Talker, words: str) -> None:
    assert "好评 0" not in zhou.says(words).text


@pytest.mark.parametrize("words", ["火星区评价", "火星区的好评排名"])
def test_staff_words_are_no_gap_in_the_knowledge(zhou: Talker, words: str) -> None:
    zhou.says(words)

    assert zhou.desk.db.execute("SELECT count(*) FROM gaps").fetchone() == (0,)


def test_where_days_are_awaited_a_bare_day_is_the_answer(
    somebody: Callable[..., Talker],
) -> None:
    lead = somebody("lead", Role.LEAD, Scope("龙亭区"))
    with transaction(lead.desk.db):
        conversations.await_text(
            lead.desk.db, lead.person.id, Awaited.LEAVE, "x", now=lead.desk.now()
        )

    assert "好评 0" not in lead.says("2月10日").text


# -- scope


@pytest.mark.parametrize(
    "words", ["鼓楼区 本月评价", "鼓楼区", "市民之家评价", "gulou-01 评价", "鼓楼区 差评"]
)
def test_another_district_is_refused_and_not_answered_with_zeros(zhao: Talker, words: str) -> None:
    reply = zhao.says(words)

    assert "不归您管" in reply.text
    assert "0" not in reply.text


@pytest.mark.parametrize(
    "verb", ["stats", "bad", "unrated", "rank", "rates", "odd", "chart", "sheet"]
)
@pytest.mark.parametrize("part", ["d:gulou", "w:gulou-01", "h:citizens_home"])
def test_a_button_for_another_part_is_refused(zhao: Talker, verb: str, part: str) -> None:
    assert "不归您管" in zhao.sends_token(f"{verb}:{TODAY}:{TODAY}:{part}").text


def test_a_department_is_refused_the_items_of_others(somebody: Callable[..., Talker]) -> None:
    market = somebody("market", Role.DEPARTMENT, Scope(None, "market"))

    assert "不归您管" in market.says("上户口评价").text


# -- filters stay, and are named


def test_figures_of_a_part_are_named_after_it(zhou: Talker) -> None:
    rated(zhou.desk, 5)
    zhou.says("龙亭区 本月评价")

    assert "龙亭区" in zhou.presses("各率").text
    zhou.says("龙亭区 本月评价")
    assert "龙亭区" in zhou.presses("图").text
    zhou.says("龙亭区 本月评价")
    sheet = zhou.presses("表格")
    assert sheet.document is not None
    assert "龙亭区" in sheet.document.name
    zhou.says("龙亭区 本月评价")
    assert "，龙亭区" in zhou.presses("昨日").text


def test_every_rate_of_the_rules_is_shown(zhou: Talker) -> None:
    rated(zhou.desk, 5)
    rated(zhou.desk, None, entry="housing_fund_withdraw")

    table = zhou.sends_token(f"rates:{TODAY}:{TODAY}").table

    assert table is not None
    assert ("评价覆盖部门率", "50.00%", "1", "2") in table.rows


# -- the list of bad ratings


def test_the_list_counts_by_itself_turns_pages_and_says_why(zhou: Talker) -> None:
    for _ in range(17):
        rated(zhou.desk, 1)
    first_id = rated(zhou.desk, 2, at=zhou.desk.now() - timedelta(minutes=20))
    rated(zhou.desk, 1, voided=True)
    zhou.desk.db.execute(
        "UPDATE ratings SET reason = 'service', tags = '[\"214\"]' WHERE id = ?", [first_id]
    )

    first = zhou.says("今日差评")
    zhou.presses("下一页")
    last = zhou.presses("下一页")

    assert "差评 18 件，另有复核作废 1 件" in first.text
    assert "第 1 至 8 件，共列 19 件" in first.text
    assert "窗口服务·服务态度生硬" in first.text
    assert "第 17 至 19 件" in last.text
    assert "下一页" not in everything(last)


# -- comparisons and empty days


def test_a_day_still_going_on_is_compared_with_the_same_hours(zhou: Talker, clock: Clock) -> None:
    week_ago = clock.at - timedelta(days=7)
    rated(zhou.desk, 5, at=week_ago - timedelta(hours=1))
    rated(zhou.desk, 5, at=week_ago + timedelta(hours=3))
    rated(zhou.desk, 5)

    text = zhou.says("今日评价").text

    assert "上周同日（1月17日（周五），同样截至 10:00）：好评 1，差评 0；评价持平" in text


def test_an_empty_day_is_one_line(zhou: Talker) -> None:
    text = zhou.says("昨日评价").text

    assert "\n" not in text
    assert "好评 0，差评 0，未评 0" in text


def test_the_daily_summary_gives_counts_only_under_twenty(zhou: Talker) -> None:
    desk = zhou.desk
    rated(desk, 5)
    facts = facts_of_day(
        desk.db,
        zhou.person,
        desk.calendar,
        desk.settings.oversight.rules(),
        desk.settings.rectification_rules(),
        on=desk.today(),
        now=desk.now(),
    )

    reply = summary_reply(
        desk.base,
        facts,
        zhou.person,
        desk.today(),
        desk.now(),
        late_slot=None,
        rates=Rates(),
        least=20,
        full_day_at="08:30",
    )

    assert "%" not in reply.text


# -- 市民之家


def test_the_citizens_home_is_a_unit_of_its_own(desk: Desk) -> None:
    rated(desk, 5, window="citizens-home-01")
    rated(desk, 5, window=None)

    rows = count_ratings(desk.db, Scope(), desk.today(), desk.today(), By.DISTRICT).rows
    narrow = read_words(desk.base, Scope(), "市民之家评价", desk.today()).query.narrow

    assert {c.key: c.good for c in rows} == {"citizens_home": 1, "未归属": 1}
    assert narrow == Narrow(hall="citizens_home")
    one = count_ratings(desk.db, Scope(), desk.today(), desk.today(), By.DAY, narrow=narrow)
    assert one.total.good == 1


def test_a_query_knows_its_days() -> None:
    day = datetime(2025, 1, 24, tzinfo=LOCAL).date()

    assert Query(day, day).narrow == Narrow()


# -- what the summary's lines open


def test_the_summarys_lines_open_lists(zhou: Talker, somebody: Callable[..., Talker]) -> None:
    desk = zhou.desk
    desk.db.execute(
        """INSERT INTO outbox (kind, person_id, facts, dedupe_key, put_at, failed_at, failure)
           VALUES ('case_digest', ?, '{}', 'k', ?, ?, 'unreachable')""",
        [zhou.person.id, desk.now().isoformat(), desk.now().isoformat()],
    )
    desk.db.execute(
        "INSERT INTO gaps (person_id, question, at, nearest) VALUES (?, '怎么养鸵鸟', ?, '[]')",
        [zhou.person.id, desk.now().isoformat()],
    )
    elsewhere = somebody("lankao", Role.SUPERVISOR, Scope("兰考县"))

    assert "没送到的提醒 1 条" in zhou.sends_token(f"unsent:{TODAY}").text
    assert "怎么养鸵鸟" in zhou.sends_token(f"unanswered:{TODAY}").text
    assert "没有今天到期" in zhou.sends_token("duetoday").text
    assert "（0）" in elsewhere.sends_token(f"unsent:{TODAY}").text
    assert "不归您管" in elsewhere.sends_token(f"unanswered:{TODAY}").text


# -- the command line


def run(tmp_path: Path, *arguments: str) -> tuple[int, str]:
    config = tmp_path / "config.yaml"
    config.write_text("data_dir: data\n", encoding="utf-8")
    result = CliRunner().invoke(
        main,
        ["stats", *arguments, "--config", str(config), "--clock", "2025-01-24T10:00"],
    )
    return result.exit_code, result.stdout


def figures(tmp_path: Path, *arguments: str) -> dict[str, object]:
    code, out = run(tmp_path, "ratings", *arguments, "--json")
    assert code == 0
    found = json.loads(out)
    assert isinstance(found, dict)
    return found


def keys(found: dict[str, object]) -> dict[str, object]:
    rows = found["rows"]
    assert isinstance(rows, list)
    return {row["key"]: row["good"] for row in rows}


def test_every_day_has_a_row_and_days_to_come_have_no_data(tmp_path: Path) -> None:
    found = keys(figures(tmp_path, "--from", "2025-01-23", "--to", "2025-01-25", "--by", "day"))

    assert found == {"2025-01-23": 0, "2025-01-24": 0, "2025-01-25": None}


def test_units_without_data_are_listed_as_such(tmp_path: Path) -> None:
    districts = keys(figures(tmp_path, "--by", "district"))
    windows = keys(figures(tmp_path, "--by", "window", "--district", "市民之家"))

    assert len(districts) == 11
    assert districts["市民之家"] is None
    assert set(windows.values()) == {None}
    assert "citizens-home-01" in windows


def test_a_period_from_a_day_to_come_has_no_data(tmp_path: Path) -> None:
    code, out = run(tmp_path, "ratings", "--from", "2025-03-01")

    assert code == 0
    assert "无数据" in out


def test_no_ratings_at_all_print_a_dash_and_both_parts(tmp_path: Path) -> None:
    total = figures(tmp_path)["total"]

    assert isinstance(total, dict)
    assert total["good_rate"] == {"numerator": 0, "denominator": 0, "text": "—"}


def test_the_citys_bulletin_is_checked_on_the_command_line(tmp_path: Path) -> None:
    folder = str(Path(__file__).parent / "data" / "bulletin")

    code, out = run(tmp_path, "bulletin", folder)
    as_json_code, as_json = run(tmp_path, "bulletin", folder, "--json")

    assert (code, as_json_code) == (1, 1)
    assert "40174" in out
    assert "71.42%" in out
    assert "不可能同时对" in out
    verdicts = [check["verdict"] for check in json.loads(as_json)["checks"]]
    assert verdicts.count("printed_differently") >= 1


def test_a_folder_that_is_no_bulletin_is_said_to_lack_tables(tmp_path: Path) -> None:
    code, _ = run(tmp_path, "bulletin", str(tmp_path))

    assert code == 2
