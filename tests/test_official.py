"""省好差评 beside ours: matched rating by rating, unmatched listed, never added."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from openpyxl import load_workbook
from sqlite_utils import Database

from bot.__main__ import main
from bot.database import transaction
from bot.desk import Desk
from bot.dialogue import Person, Reply, Role, Scope
from bot.records.migrations import records_migrations
from bot.records.official_ratings import (
    OfficialRating,
    Sync,
    official_by_number,
    officials_in,
    put_official,
    sync_counts,
)
from tests.conftest import Clock, Talker

FRIDAY = date(2025, 1, 24)
EVERYBODY = Person(0, Role.ADMINISTRATOR)
BAD = OfficialRating("HN0001", FRIDAY, 2, False, "龙亭区", "龙亭大厅", "上户口")


def put(desk: Desk, *ratings: OfficialRating) -> None:
    with transaction(desk.db):
        put_official(desk.db, ratings, now=desk.now())


def rated(wang: Talker, level: str) -> None:
    """Ask about a newborn at 龙亭's first window, and rate."""
    wang.says("/start w-longting-01")
    wang.says("娃上户口要啥")
    wang.presses("都符合")
    wang.presses(level)


def state(desk: Desk, number: str = "HN0001") -> Sync:
    found = official_by_number(desk.db, number)
    assert found is not None
    return found.sync


def test_what_fits_one_service_alone_is_matched_by_rule(wang: Talker, zhou: Talker) -> None:
    rated(wang, "不满意")
    put(zhou.desk, BAD, replace(BAD, number="HN0002", item="没听说过的事项"))

    listed = zhou.says("省好差评")
    done = zhou.presses("按规则自动对")
    again = zhou.sends_token("offauto")

    assert "未同步 2，已同步 0，无对应 0" in listed.text
    assert "HN0001｜1月24日（周五）｜不满意｜龙亭区｜上户口" in listed.text
    assert "对上 1 条" in done.text
    assert "还有 1 条未同步" in done.text
    assert "对上 0 条" in again.text
    assert (state(zhou.desk), state(zhou.desk, "HN0002")) == (Sync.SYNCED, Sync.UNSYNCED)


@pytest.mark.parametrize(
    "other",
    [
        replace(BAD, number="HN0002"),
        replace(BAD, number="HN0002", unit="另一个大厅"),
    ],
)
def test_two_that_fit_the_same_are_left_to_a_person(
    wang: Talker, zhou: Talker, other: OfficialRating
) -> None:
    rated(wang, "不满意")
    put(zhou.desk, BAD, other)

    zhou.sends_token("offauto")

    assert state(zhou.desk) is Sync.UNSYNCED


@pytest.mark.parametrize(
    "official",
    [
        replace(BAD, level=1),
        replace(BAD, rated_on=date(2025, 1, 23)),
        replace(BAD, district="兰考县"),
        replace(BAD, district=None),
        replace(BAD, level=4, is_default=True),
    ],
)
def test_what_does_not_fit_is_not_matched_by_rule(
    wang: Talker, zhou: Talker, official: OfficialRating
) -> None:
    rated(wang, "满意" if official.is_default else "不满意")
    put(zhou.desk, official)

    zhou.sends_token("offauto")

    assert state(zhou.desk) is Sync.UNSYNCED


def test_a_supervisor_chooses_and_takes_back(wang: Talker, zhou: Talker, clock: Clock) -> None:
    rated(wang, "不满意")
    clock.move(minutes=11)  # until then the tap may be corrected, and nobody is told
    put(zhou.desk, replace(BAD, level=4))

    zhou.says("省好差评")
    asked = zhou.presses("看 0001")
    linked = zhou.presses("是第 1 次")
    beside = zhou.presses("看整改")
    undone = zhou.presses("改回未同步")

    assert "可能是本系统的哪一次" in asked.text
    assert "龙亭" in asked.text
    assert "等级不同：省 满意，本系统 不满意；各算各的" in linked.text
    assert "省好差评：HN0001，满意（已同步，等级不同，各算各的）" in beside.text
    assert "：未同步" in undone.text


def test_none_of_ours_is_noted(zhou: Talker) -> None:
    put(zhou.desk, BAD)

    zhou.says("省好差评")
    shown = zhou.presses("看 0001")
    left = zhou.presses("无对应")

    assert "没有同一区县、同一事项的服务" in shown.text
    assert "未同步 0，已同步 0，无对应 1" in left.text


def test_a_service_has_one_provincial_rating_at_most(wang: Talker, zhou: Talker) -> None:
    rated(wang, "不满意")
    put(zhou.desk, BAD, replace(BAD, number="HN0002"))
    zhou.says("省好差评")
    zhou.presses("看 0001")
    button, _ = zhou.button("是第 1 次")
    zhou.presses("是第 1 次")
    second = (button.token or "").replace("offlink:1:", "offlink:2:")

    assert "已经对应了另一条" in zhou.sends_token(second).text
    assert state(zhou.desk, "HN0002") is Sync.UNSYNCED


def test_our_counts_stay_ours_and_the_number_stands_beside(wang: Talker, zhou: Talker) -> None:
    rated(wang, "不满意")
    put(zhou.desk, BAD, replace(BAD, number="HN0002", level=5))
    zhou.sends_token("offauto")

    text = zhou.says("今日评价").text
    sheet = zhou.sends_token("sheet:2025-01-24:2025-01-24")

    assert "好评 0，差评 1，未评 0" in text
    assert "与本系统对应：未同步 1，已同步 1，无对应 0" in text
    assert rows_of(sheet)[1][-2:] == ("HN0001", "已同步")


def rows_of(reply: Reply) -> list[tuple[object, ...]]:
    assert reply.document is not None
    book = load_workbook(io.BytesIO(reply.document.content), read_only=True)
    return [tuple(row) for row in book["明细"].iter_rows(values_only=True)]


@pytest.mark.parametrize(
    ("role", "scope"),
    [
        (Role.SUPERVISOR, Scope("兰考县")),
        (Role.SUPERVISOR, Scope("龙亭区", None, "longting-01")),
        (Role.SUPERVISOR, Scope(None, "market")),
        (Role.LEAD, Scope("龙亭区")),
    ],
)
def test_others_neither_see_nor_match(
    wang: Talker, zhou: Talker, somebody: Callable[..., Talker], role: Role, scope: Scope
) -> None:
    rated(wang, "不满意")
    put(zhou.desk, BAD)
    curious = somebody("curious", role, scope)
    tokens = ("official:unsynced:0", "offrate:1", "offlink:1:1", "offnone:1", "offauto")

    said = [curious.says("省好差评"), *(curious.sends_token(token) for token in tokens)]

    assert not any("HN0001" in reply.text for reply in said)
    assert state(zhou.desk) is Sync.UNSYNCED


def test_the_list_is_paged(zhou: Talker) -> None:
    put(zhou.desk, *(replace(BAD, number=f"HN{n:04}") for n in range(11)))

    zhou.says("省好差评")
    second = zhou.presses("下一页")

    assert second.text.count("｜上户口") == 3


@pytest.mark.parametrize("token", ["official:x:0", "offrate:x", "offlink:1", "offrate:99"])
def test_an_invented_button_is_refused(zhou: Talker, token: str) -> None:
    put(zhou.desk, BAD)

    reply = zhou.sends_token(token)

    assert "失效" in reply.text or "没找到" in reply.text


def test_help_tells_of_it(zhou: Talker) -> None:
    assert "省好差评：省平台导出的评价" in zhou.says("帮助").text


def test_what_was_matched_before_is_kept() -> None:
    db = Database(memory=True)
    records_migrations.apply(db, stop_before="m042_official_matches")
    db.execute("INSERT INTO people (id, created_at) VALUES (1, 'x')")
    db.execute(
        """INSERT INTO interactions (id, person_id, entry_id, channel, knowledge_version, began_at,
               began_on, last_at) VALUES (5, 1, 'newborn', 'web', 'v', 'x', '2025-01-24', 'x')"""
    )
    db.execute(
        """INSERT INTO ratings (id, interaction_id, level, rated_at, rated_on)
           VALUES (9, 5, 2, 'x', '2025-01-24')"""
    )
    db.execute(
        """INSERT INTO official_ratings (number, rated_on, level, is_default, sync, rating_id,
               first_seen_at, last_seen_at)
           VALUES ('HN1', '2025-01-24', 2, 0, 'matched', 9, 'x', 'x'),
                  ('HN2', '2025-01-24', 2, 0, 'imported', NULL, 'x', 'x')"""
    )

    records_migrations.apply(db)

    (kept,) = officials_in(db, EVERYBODY, Sync.SYNCED)
    assert (kept.rating.number, kept.interaction_id) == ("HN1", 5)
    assert sync_counts(db, EVERYBODY)[Sync.UNSYNCED] == 1


# -- the command line


def run(*arguments: str) -> Result:
    done = CliRunner().invoke(main, [*arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


def test_the_commands_match_and_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text("web: {port: 0}\n", encoding="utf-8")
    (tmp_path / "省.csv").write_text(
        "评价编号,评价时间,评价等级,县区,事项\nHN1,2025-01-24,不满意,龙亭区,上户口\n",
        encoding="utf-8",
    )
    run("official", "import", "省.csv")

    auto = run("official", "match").output
    unmatched = run("official", "list").output
    run("official", "match", "HN1", "--none")
    none = run("official", "list", "--state", "none", "--json").stdout

    assert "还有 1 条未同步" in auto
    assert "HN1" in unmatched
    assert '"sync": "none"' in none
