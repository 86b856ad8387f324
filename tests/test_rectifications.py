"""差评整改: whose it is, when it is told, what follows by when, and what stands round it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlite_utils import Database

from bot import daily
from bot.clock import LOCAL
from bot.database import open_database, transaction
from bot.desk import Desk
from bot.dialogue import CITY, Channel, Person, Recipient, Role, Scope
from bot.handlers import statistics
from bot.importing.columns import Kind
from bot.importing.faulty import faulty_rows
from bot.importing.official import plan_official
from bot.importing.sheets import open_book
from bot.importing.uploads import apply_plan, plan_file
from bot.records import integrity, people
from bot.records.audit import Deed, deeds, record_deed
from bot.records.integrity import Oddity, flags_of
from bot.records.official_ratings import official_counts, put_official
from bot.records.retention import drop_old, erase_person
from bot.reports.feedback import duty_rates
from bot.reports.rates import Indicator
from bot.reports.statistics import By, Query, count_ratings
from bot.views.alerts import render_alert
from reminders import outbox
from reminders.case_work import NotAllowed
from reminders.rectification_rules import (
    ENDED,
    TRANSITIONS,
    Act,
    Cause,
    Party,
    Rectification,
    RectificationRules,
    State,
    Step,
    candidates,
    deadlines,
    open_deadlines,
    parties_of,
)
from reminders.rectifications import (
    Opening,
    choose_cause,
    correct_tap,
    extend,
    open_rectification,
    rectification_of_rating,
    take_act,
)
from reminders.working_days import load_calendar
from tests.conftest import Clock, Talker
from tests.test_ratings import asked

FRIDAY = datetime(2025, 1, 24, 16, 0, tzinfo=LOCAL)
RULES = RectificationRules()
CALENDAR, _ = load_calendar(None)
HANDLER = frozenset({Party.HANDLER})
FOLLOWER = frozenset({Party.FOLLOWER, Party.OFFICE})
WINDOW = Scope("龙亭区", "public_security", "longting-01")


@pytest.fixture
def db() -> Database:
    return open_database(None)


def opened(db: Database, *, scope: Scope = WINDOW, anonymous: bool = False) -> Rectification:
    opening = Opening(1, FRIDAY, "newborn", scope, anonymous)
    return open_rectification(db, opening, rules=RULES, holds=lambda _: True, now=FRIDAY)


def acts(
    db: Database,
    one: Rectification,
    act: Act,
    parties: frozenset[Party] = HANDLER,
    *,
    at: datetime = FRIDAY,
    by: int = 7,
    words: str | None = "说明",
) -> Rectification:
    return take_act(
        db, one, act, parties, by_person_id=by, words=words, calendar=CALENDAR, rules=RULES, now=at
    )


def to_follow_up(db: Database, one: Rectification, at: datetime = FRIDAY) -> Rectification:
    return acts(db, acts(db, one, Act.UPHOLD, at=at), Act.RECTIFY, at=at)


# -- whose it is


@pytest.mark.parametrize(
    ("cause", "scope", "first"),
    [
        (Cause.ANSWER, WINDOW, Recipient(role=Role.EDITOR, scope=Scope(None, "public_security"))),
        (
            Cause.PROCESS,
            WINDOW,
            Recipient(role=Role.DEPARTMENT, scope=Scope("龙亭区", "public_security")),
        ),
        (
            Cause.SERVICE,
            WINDOW,
            Recipient(role=Role.LEAD, scope=Scope("龙亭区", None, "longting-01")),
        ),
        (Cause.SERVICE, Scope(None, "market"), Recipient(role=Role.SUPERVISOR)),
        (Cause.PROCESS, Scope(None, "market"), Recipient(role=Role.SUPERVISOR)),
        (None, CITY, Recipient(role=Role.SUPERVISOR)),
    ],
)
def test_a_cause_names_whose_it_is(cause: Cause | None, scope: Scope, first: Recipient) -> None:
    assert candidates(cause, scope)[0] == first


@pytest.mark.parametrize("cause", [None, *Cause])
@pytest.mark.parametrize("scope", [WINDOW, CITY, Scope("兰考县"), Scope(None, "market")])
def test_it_is_never_unassigned(db: Database, cause: Cause | None, scope: Scope) -> None:
    opening = Opening(1, FRIDAY, "newborn", scope)
    open_rectification(db, opening, rules=RULES, holds=lambda _: False, now=FRIDAY)
    if cause is not None:
        choose_cause(db, 1, cause, holds=lambda _: False, now=FRIDAY)

    one = rectification_of_rating(db, 1)

    assert one is not None
    assert one.recipient == Recipient(role=Role.SUPERVISOR, scope=CITY)


# -- the table


def test_no_line_lets_the_handler_end_it() -> None:
    ending = [line for line in TRANSITIONS if line.to in (State.CLOSED, State.VOIDED)]

    assert ending
    assert not any(Party.HANDLER in line.by for line in ending)


def test_every_open_state_has_a_way_on_and_is_reached() -> None:
    for state in set(State) - ENDED:
        assert any(line.state is state and line.to is not state for line in TRANSITIONS), state
    for state in set(State) - {State.NEW}:
        assert any(line.to is state for line in TRANSITIONS), state


def test_who_acted_as_the_handler_neither_follows_up_nor_reviews() -> None:
    one = replace(opened(open_database(None)), recipient=Recipient(role=Role.SUPERVISOR))

    acted = parties_of(one, Role.SUPERVISOR, CITY, acted=True)

    assert acted == {Party.HANDLER}


def test_a_second_dissatisfaction_goes_up_past_the_district(db: Database) -> None:
    one = acts(db, to_follow_up(db, opened(db)), Act.DISSATISFIED, FOLLOWER, by=8)
    assert (one.state, one.round) == (State.RECTIFYING, 2)

    one = acts(db, acts(db, one, Act.RECTIFY), Act.DISSATISFIED, FOLLOWER, by=8)

    assert one.state is State.ESCALATED
    assert Party.OFFICE not in parties_of(one, Role.SUPERVISOR, Scope("龙亭区"), acted=False)
    assert Party.OFFICE in parties_of(one, Role.SUPERVISOR, CITY, acted=False)


def test_unreachable_needs_three_different_working_days(db: Database) -> None:
    one = to_follow_up(db, opened(db))
    make_up_sunday = datetime(2025, 1, 26, 10, 0, tzinfo=LOCAL)

    one = acts(db, one, Act.UNREACHABLE, FOLLOWER, by=8)
    with pytest.raises(NotAllowed, match="rectification_tried_today"):
        acts(db, one, Act.UNREACHABLE, FOLLOWER, by=9)
    with pytest.raises(NotAllowed, match="rectification_rest_day"):
        acts(db, one, Act.UNREACHABLE, FOLLOWER, at=FRIDAY + timedelta(days=1), by=9)
    one = acts(db, one, Act.UNREACHABLE, FOLLOWER, at=make_up_sunday, by=9)
    assert one.state is State.FOLLOW_UP
    one = acts(db, one, Act.UNREACHABLE, FOLLOWER, at=make_up_sunday + timedelta(days=1), by=8)

    assert one.state is State.CLOSED


def test_an_appeal_is_made_once_and_in_time(db: Database) -> None:
    one = acts(db, opened(db), Act.APPEAL)
    one = acts(db, one, Act.MAINTAIN, FOLLOWER, by=8)
    with pytest.raises(NotAllowed, match="rectification_appeal"):
        acts(db, one, Act.APPEAL, by=9)
    other = open_rectification(
        db, Opening(2, FRIDAY, "newborn", WINDOW), rules=RULES, holds=lambda _: True, now=FRIDAY
    )
    late = datetime(2025, 2, 8, 9, 0, tzinfo=LOCAL)

    with pytest.raises(NotAllowed, match="rectification_appeal"):
        acts(db, other, Act.APPEAL, at=late)


def test_an_act_without_its_words_is_refused(db: Database) -> None:
    with pytest.raises(NotAllowed, match="rectification_words"):
        acts(db, opened(db), Act.CONTACT, words="  ")


def test_the_same_press_twice_has_one_effect(db: Database) -> None:
    one = acts(db, opened(db), Act.UPHOLD)
    acts(db, one, Act.UPHOLD)

    assert db.execute("SELECT count(*) FROM rectification_events").fetchone()[0] == 1


# -- deadlines


def due(one: Rectification) -> dict[Step, date]:
    return {d.step: d.due_on for d in deadlines(one, CALENDAR, RULES)}


def test_contact_and_rectification_count_from_the_rating_follow_up_from_rectifying(
    db: Database,
) -> None:
    one = to_follow_up(db, opened(db), at=datetime(2025, 2, 6, 10, 0, tzinfo=LOCAL))

    assert due(one) == {
        Step.CONTACT: date(2025, 1, 26),
        Step.RECTIFY: date(2025, 2, 7),
        Step.FOLLOW_UP: date(2025, 2, 10),
    }


def test_a_complex_matter_has_fifteen_days_with_a_reason(db: Database) -> None:
    one = opened(db)
    with pytest.raises(NotAllowed):
        extend(db, one, " ", by_person_id=7, now=FRIDAY)

    longer = extend(db, one, "要和三个部门商量", by_person_id=7, now=FRIDAY)

    assert due(longer)[Step.RECTIFY] == date(2025, 2, 20)


def test_what_is_due_follows_the_state(db: Database) -> None:
    one = opened(db)
    contacted = acts(db, one, Act.CONTACT)

    assert [d.step for d in open_deadlines(one, CALENDAR, RULES)] == [Step.CONTACT, Step.RECTIFY]
    assert [d.step for d in open_deadlines(contacted, CALENDAR, RULES)] == [Step.RECTIFY]


# -- the rating and its rectification are one


def rectifications(person: Talker) -> list[tuple[str, str | None]]:
    rows = person.desk.db.execute("SELECT state, cause FROM rectifications").fetchall()
    return [(state, cause) for state, cause in rows]


def waiting_rows(desk: Desk) -> list[outbox.Waiting]:
    with transaction(desk.db):
        return list(outbox.claim(desk.db, now=desk.now(), lease_seconds=0, limit=100))


def test_a_bad_rating_opens_one_a_good_one_none(
    wang: Talker, somebody: Callable[..., Talker]
) -> None:
    asked(wang).presses("满意")
    assert rectifications(wang) == []

    asked(somebody("other")).presses("不满意")

    assert rectifications(wang) == [("new", None)]


def test_the_unit_is_told_after_ten_minutes_without_a_cause(wang: Talker, clock: Clock) -> None:
    asked(wang).presses("不满意")
    assert waiting_rows(wang.desk) == []

    clock.move(minutes=10)

    assert [row.kind for row in waiting_rows(wang.desk)] == ["rectification"]


def test_a_corrected_mis_tap_is_counted_apart_and_nobody_is_told(
    wang: Talker, zhou: Talker, clock: Clock
) -> None:
    asked(wang).presses("非常不满意")
    wang.presses("点错了，改")
    wang.presses("非常满意")
    clock.move(minutes=11)

    (row,) = waiting_rows(wang.desk)
    assert render_alert(wang.desk, row, zhou.person, Channel.WEB) is None
    assert rectifications(wang) == [("mis_tap", None)]
    assert "误点后更正 1 件，另计" in zhou.says("今日评价").text


def test_a_tap_corrected_to_bad_again_is_taken_up_again(wang: Talker, clock: Clock) -> None:
    asked(wang).presses("非常不满意")
    for level in ("非常满意", "不满意"):
        wang.presses("点错了，改")
        wang.presses(level)

    assert rectifications(wang) == [("new", None)]


def test_nobody_sees_it_while_a_mis_tap_may_be_corrected(
    wang: Talker, zhou: Talker, clock: Clock
) -> None:
    asked(wang).presses("不满意")

    early = zhou.says("整改").text
    clock.move(minutes=10)

    assert "没有要处理的整改" in early
    assert "在办整改 1 件" in zhou.says("整改").text


def test_the_cause_tells_at_once_and_the_ten_minutes_tell_nothing_more(
    wang: Talker, zhou: Talker, clock: Clock
) -> None:
    asked(wang).presses("不满意")
    wang.presses("小助手的回答")
    wang.presses("看不懂")
    (now,) = waiting_rows(wang.desk)
    clock.move(minutes=11)
    later = [r for r in waiting_rows(wang.desk) if r.id != now.id]

    assert now.facts["because"] == "cause"
    assert [render_alert(wang.desk, r, zhou.person, Channel.WEB) for r in later] == [None]


def test_an_incomplete_answer_opens_a_task_with_the_version_shown(
    wang: Talker, somebody: Callable[..., Talker]
) -> None:
    editor = somebody("editor", Role.EDITOR)
    asked(wang).presses("不满意")
    wang.presses("小助手的回答")
    wang.presses("没说全")

    listed = editor.says("待补条目")
    shown = editor.presses("看当时的答复")
    editor.sends_token("taskdone:1")

    assert "1 条" in listed.text
    assert "知识版本" in shown.text
    assert "没有待补" in editor.says("待补条目").text


def test_a_correction_after_the_unit_acted_changes_nothing_of_it(db: Database) -> None:
    acts(db, opened(db), Act.UPHOLD)
    correct_tap(db, 1, now=FRIDAY)

    one = rectification_of_rating(db, 1)

    assert one is not None
    assert one.state is State.RECTIFYING


def test_erasing_leaves_a_rectification_without_anybody_to_contact(wang: Talker) -> None:
    asked(wang).presses("不满意")

    with transaction(wang.desk.db):
        erase_person(wang.desk.db, wang.person, now=wang.desk.now())

    one = rectification_of_rating(wang.desk.db, 1)
    assert one is not None
    assert one.anonymous


def test_anonymous_ones_stay_out_of_the_follow_up_rate(db: Database) -> None:
    to_follow_up(db, opened(db, anonymous=True))
    person = Person(1, Role.SUPERVISOR)
    first, last = date(2025, 1, 1), date(2025, 2, 28)

    rates = duty_rates(db, person, CALENDAR, RULES, first, last, today=date(2025, 3, 3))

    assert rates[Indicator.ON_TIME_RECTIFICATION].text() == "100.00%"
    assert rates[Indicator.ON_TIME_FOLLOW_UP].denominator == 0


def test_the_phone_goes_ninety_days_after_closing(db: Database) -> None:
    db.execute("PRAGMA foreign_keys=OFF")
    db.execute("INSERT INTO rater_contacts VALUES (1, '13812345678', ?)", [FRIDAY.isoformat()])
    acts(db, to_follow_up(db, opened(db)), Act.SATISFIED, FOLLOWER, by=8)

    def left(days: int) -> int:
        drop_old(db, now=FRIDAY + timedelta(days=days), chat_days=180, contact_days=90)
        return int(db.execute("SELECT count(*) FROM rater_contacts").fetchone()[0])

    assert (left(89), left(91)) == (1, 0)


# -- what stands round a rating


def test_staff_may_not_rate_and_it_is_written_down(wang: Talker, li: Talker) -> None:
    asked(wang)

    reply = li.sends_token("rate:1:5")

    assert "工作人员不能评价" in reply.text
    day = wang.desk.today()
    flags = flags_of(wang.desk.db, CITY, day, day)
    assert [f.oddity for f in flags] == [Oddity.OWN_WINDOW]
    assert count_ratings(wang.desk.db, CITY, day, day, By.DAY).total.rated == 0


def test_a_rating_within_five_seconds_is_flagged_and_counts(wang: Talker, clock: Clock) -> None:
    asked(wang).presses("满意")
    day = wang.desk.today()

    assert [f.oddity for f in flags_of(wang.desk.db, CITY, day, day)] == [Oddity.TOO_FAST]
    assert count_ratings(wang.desk.db, CITY, day, day, By.DAY).total.good == 1


def test_the_sixth_rating_of_a_day_is_flagged(wang: Talker, clock: Clock) -> None:
    for _ in range(6):
        asked(wang)
        clock.move(seconds=10)
        wang.presses("满意")
        clock.move(minutes=31)
    day = wang.desk.today()

    (flag,) = flags_of(wang.desk.db, CITY, day, day)
    assert (flag.oddity, flag.number) == (Oddity.MANY_A_DAY, 6)


def test_bursts_and_identical_words_are_found_over_the_day(
    somebody: Callable[..., Talker], clock: Clock, desk: Desk
) -> None:
    for n in range(11):
        person = somebody(f"c{n}")
        person.says("/start w-longting-01")
        asked(person)
        clock.move(seconds=6)
        person.presses("不满意")
        if n < 3:
            person.presses("小助手的回答")
            person.presses("看不懂")
            person.presses("写几句")
            person.says("态度非常好办得快")
    with transaction(desk.db):
        integrity.look_through_day(desk.db, desk.today(), integrity.Limits(), now=desk.now())

    flags = flags_of(desk.db, Scope("龙亭区"), desk.today(), desk.today())
    assert {(f.oddity, f.number) for f in flags} == {(Oddity.BURST, 11), (Oddity.SAME_WORDS, 3)}
    assert flags_of(desk.db, Scope("兰考县"), desk.today(), desk.today()) == ()


def test_one_invitation_after_three_days_and_never_again_after_refusing(
    wang: Talker, clock: Clock, desk: Desk
) -> None:
    asked(wang)
    clock.move(days=2)
    early = daily.send_invitations(desk)
    clock.move(days=1)
    sent, again = daily.send_invitations(desk), daily.send_invitations(desk)
    (row,) = waiting_rows(desk)
    reply = render_alert(desk, row, wang.person, Channel.WEB)

    assert (early, sent, again) == (0, 1, 0)
    assert reply is not None
    assert [b.label for r in reply.buttons for b in r][-1].startswith("退订")
    wang.sends_token("unsub")
    assert render_alert(desk, row, wang.person, Channel.WEB) is None
    asked(wang)
    clock.move(days=3)
    assert daily.send_invitations(desk) == 0


def summary(desk: Desk, person: Talker) -> str:
    daily.send_summaries(desk)
    rows = [r for r in waiting_rows(desk) if r.recipient.person_id == person.person.id]
    (row,) = [r for r in rows if r.kind == daily.SUMMARY]
    reply = render_alert(desk, row, person.person, Channel.WEB)
    assert reply is not None
    return reply.text


def test_a_day_with_nothing_is_one_line(zhou: Talker, clock: Clock) -> None:
    clock.at = FRIDAY.replace(hour=17, minute=30)

    text = summary(zhou.desk, zhou)

    assert "\n" not in text
    assert "没有要处理的" in text


def test_the_summary_puts_first_what_must_be_done_today(
    wang: Talker, zhou: Talker, somebody: Callable[..., Talker], clock: Clock
) -> None:
    elsewhere = somebody("lankao", Role.SUPERVISOR, Scope("兰考县"))
    wang.says("/start w-longting-01")
    asked(wang).presses("不满意")
    clock.at = datetime(2025, 1, 26, 17, 30, tzinfo=LOCAL)

    text = summary(zhou.desk, zhou)

    assert text.splitlines()[0].endswith("整改到期 1 件")
    assert "截至 17:30；全天数次日 08:30" in text
    assert "只给数、不算率" in text
    assert len(text.splitlines()) <= 12
    assert "\n" not in summary(zhou.desk, elsewhere)


def test_nothing_is_sent_on_a_rest_day(zhou: Talker, clock: Clock) -> None:
    clock.at = datetime(2025, 1, 25, 17, 30, tzinfo=LOCAL)

    assert daily.send_summaries(zhou.desk) == 0


def test_after_a_festival_the_full_days_begin_with_the_last_working_day(
    zhou: Talker, clock: Clock
) -> None:
    clock.at = datetime(2025, 2, 5, 8, 30, tzinfo=LOCAL)
    daily.send_full_days(zhou.desk)
    (row,) = waiting_rows(zhou.desk)

    reply = render_alert(zhou.desk, row, zhou.person, Channel.WEB)

    assert reply is not None
    assert reply.text.startswith("1月27日（周一）至2月4日（周二）全天")


def test_the_audit_log_cannot_be_changed(db: Database) -> None:
    record_deed(db, Person(1, Role.SUPERVISOR), Deed.SAW, "Z1", now=datetime.now(LOCAL))

    for statement in ("UPDATE audit SET subject = 'x'", "DELETE FROM audit"):
        with pytest.raises(Exception, match="append-only"):
            db.execute(statement)
    assert len(deeds(db)) == 1


OFFICIAL = """评价编号,评价时间,评价等级,是否默认,县区,事项
HN1,2025-01-24,非常满意,否,龙亭区,出生登记
HN2,2025-01-24,满意,是,龙亭,出生登记
HN3,2025-01-24,不满意,否,兰考县,出生登记
HN4,2025-01-24,神秘,否,兰考县,出生登记
"""


def test_official_ratings_stand_beside_ours_and_are_never_added(
    wang: Talker, zhou: Talker, tmp_path: Path
) -> None:
    path = tmp_path / "省评价.csv"
    path.write_text(OFFICIAL, encoding="utf-8")
    plan = plan_official(wang.desk.base, open_book(path, path.name))
    with transaction(wang.desk.db):
        first = put_official(wang.desk.db, plan.ratings, now=wang.desk.now())
        again = put_official(wang.desk.db, plan.ratings, now=wang.desk.now())
    asked(wang).presses("满意")

    text = zhou.says("今日评价").text

    assert [p.row for p in plan.problems] == [5]
    assert (first.added, again.unchanged) == (3, 3)
    assert "好评 1，差评 0，未评 0" in text
    assert "省里导出，另列，不与上面相加" in text
    assert "合计：评价 3（含默认 1），差评 1" in text
    assert "主动评价率（省好差评） 66.66%（2/3）" in text


def test_official_ratings_of_another_district_are_not_shown(db: Database) -> None:
    lankao = Person(1, Role.SUPERVISOR, Scope("龙亭区"))
    db.execute(
        """INSERT INTO official_ratings (number, rated_on, level, is_default, district,
               first_seen_at, last_seen_at)
           VALUES ('HN1', '2025-01-24', 2, 0, '兰考县', '', '')"""
    )

    assert official_counts(db, lankao, FRIDAY.date(), FRIDAY.date()) == ()


# -- in chat


@pytest.mark.parametrize(
    ("words", "good"),
    [("龙亭区评价", 1), ("兰考县评价", 0), ("longting-01评价", 1), ("龙亭区 本周评价", 1)],
)
def test_a_supervisor_names_what_to_see(wang: Talker, zhou: Talker, words: str, good: int) -> None:
    wang.says("/start w-longting-01")
    asked(wang).presses("满意")

    assert f"好评 {good}，" in zhou.says(words).text


def test_a_citizens_words_are_not_taken_for_a_count(wang: Talker) -> None:
    assert "好评" not in wang.says("龙亭区评价").text


def test_figures_lead_to_rows_a_picture_and_a_sheet(
    wang: Talker, zhou: Talker, clock: Clock
) -> None:
    wang.says("/start w-longting-01")
    asked(wang).presses("不满意")
    clock.move(minutes=10)
    zhou.says("今日评价")

    rows = zhou.presses("差评清单")
    number = rows.buttons[0][0].token
    chart = zhou.sends_token("chart:2025-01-24:2025-01-24")
    rates = zhou.sends_token("rates:2025-01-24:2025-01-24")
    sheet = zhou.sends_token("sheet:2025-01-24:2025-01-24")

    assert number is not None
    assert "待核实" in zhou.sends_token(number).text
    assert chart.picture is not None
    assert chart.picture.png.startswith(b"\x89PNG")
    assert rates.table is not None
    assert ("好评率", "0.00%", "0", "1") in rates.table.rows
    assert sheet.document is not None
    book = load_workbook(BytesIO(sheet.document.content))
    assert [row[1] for row in book["明细"].iter_rows(min_row=2, values_only=True)] == ["不满意"]


def test_a_sheet_does_not_pass_through_telegram(zhou: Talker) -> None:
    reply = zhou._send(token="sheet:2025-01-24:2025-01-24", discreet=True)

    assert reply.document is None
    assert "请在网页下载" in reply.text


def test_ranking_needs_twenty_ratings(
    zhou: Talker, somebody: Callable[..., Talker], clock: Clock
) -> None:
    for n in range(20):
        person = somebody(f"c{n}")
        person.says("/start w-longting-01")
        asked(person).presses("满意")
        if n == 18:
            few = zhou.sends_token("rank:2025-01-24:2025-01-24")
    enough = zhou.sends_token("rank:2025-01-24:2025-01-24")

    assert few.table is not None
    assert enough.table is not None
    assert (few.table.rows[0][0], enough.table.rows[0][0]) == ("不排", "1")


def test_unrated_entries_are_listed(wang: Talker, zhou: Talker) -> None:
    asked(wang)

    reply = zhou.sends_token("unrated:2025-01-24:2025-01-24")

    assert reply.table is not None
    assert reply.table.rows[0][1] == "1"


def test_the_export_holds_no_words_and_no_person(wang: Talker, zhou: Talker) -> None:
    asked(wang).presses("不满意")
    wang.presses("小助手的回答")
    wang.presses("看不懂")
    wang.presses("写几句")
    wang.says("这句话不该出现")
    day = wang.desk.today()

    content = statistics.export(wang.desk, zhou.person, Query(day, day), limit=10)

    book = load_workbook(BytesIO(content))
    cells = [str(c) for page in book for row in page.iter_rows(values_only=True) for c in row]
    assert not any("不该出现" in cell for cell in cells)


def test_the_lead_of_another_window_has_no_such_rectification(
    wang: Talker, somebody: Callable[..., Talker]
) -> None:
    wang.says("/start w-longting-01")
    asked(wang).presses("不满意")
    (number,) = wang.desk.db.execute("SELECT number FROM rectifications").fetchone()
    other = somebody("other", Role.LEAD, Scope("龙亭区", None, "longting-02"))

    assert "没找到" in other.sends_token(f"rect:{number}").text
    assert people.people_with_role(wang.desk.db, Role.LEAD, Scope("龙亭区", None, "x")) == ()


STAFF = """工号,姓名,单位,区县,手机号
K1,欧阳某,龙亭区政务服务大厅,龙亭区,{phone}
"""


def with_staff_phone(desk: Desk, folder: Path, phone: str) -> None:
    """Import a roster of one, with a phone."""
    path = folder / "名册.csv"
    path.write_text(STAFF.format(phone=phone), encoding="utf-8")
    apply_plan(desk, plan_file(desk, Kind.STAFF, path))


def leaves_phone(wang: Talker, phone: str) -> None:
    """Rate badly at 龙亭, and leave a phone."""
    wang.says("/start w-longting-01")
    asked(wang).presses("不满意")
    wang.presses("窗口服务")
    wang.presses("服务态度生硬")
    wang.presses("留个电话")
    wang.says(phone)


@pytest.mark.parametrize(
    ("on_roster", "left", "flagged"),
    [
        ("13812345678", "138 1234 5678", True),
        ("+86 138-1234-5678", "13812345678", True),
        ("13812345679", "13812345678", False),
        ("", "13812345678", False),
        ("记不清", "13812345678", False),
    ],
)
def test_a_phone_of_the_staff_is_flagged_and_the_rating_counts(
    wang: Talker,
    zhou: Talker,
    clock: Clock,
    tmp_path: Path,
    on_roster: str,
    left: str,
    flagged: bool,
) -> None:
    with_staff_phone(wang.desk, tmp_path, on_roster)
    clock.move(minutes=1)
    leaves_phone(wang, left)
    day = wang.desk.today()

    odd = [f.oddity for f in flags_of(wang.desk.db, Scope("龙亭区"), day, day)]
    assert (Oddity.STAFF_PHONE in odd) is flagged
    assert count_ratings(wang.desk.db, CITY, day, day, By.DAY).total.bad == 1
    assert ("留的电话在人员名册里" in zhou.sends_token(f"odd:{day}:{day}").text) is flagged


def test_of_a_staff_phone_only_a_fingerprint_is_kept(desk: Desk, tmp_path: Path) -> None:
    with_staff_phone(desk, tmp_path, "13812345678")
    first = desk.db.execute("SELECT * FROM staff").fetchall()
    with_staff_phone(desk, tmp_path, "")

    assert "13812345678" not in str(first)
    assert "5678" not in str([value for value in first[0] if value != first[0][-1]])
    assert desk.db.execute("SELECT * FROM staff").fetchall() == first


def test_a_staff_phone_is_not_returned_with_a_faulty_row(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "名册.csv"
    rows = "".join(f"K{n},欧阳某{n},大厅,龙亭区,13812345678\n" for n in range(30))
    path.write_text(
        f"工号,姓名,单位,区县,手机号\n{rows}K99,上官某,大厅,没有的区,13812345678\n",
        encoding="utf-8",
    )

    plan = plan_file(desk, Kind.STAFF, path)
    book = load_workbook(BytesIO(faulty_rows(plan)))
    cells = [str(c) for sheet in book for row in sheet.iter_rows(values_only=True) for c in row]

    assert "上官某" in cells
    assert not any("1381234" in cell or "手机" in cell for cell in cells)


def test_bursts_and_the_rest_delete_nothing(
    somebody: Callable[..., Talker], clock: Clock, desk: Desk
) -> None:
    for n in range(11):
        person = somebody(f"c{n}")
        person.says("/start w-longting-01")
        asked(person).presses("满意")
    before = desk.db.execute("SELECT * FROM ratings").fetchall()

    with transaction(desk.db):
        integrity.look_through_day(desk.db, desk.today(), integrity.Limits(), now=desk.now())

    assert desk.db.execute("SELECT * FROM ratings").fetchall() == before
    total = count_ratings(desk.db, CITY, desk.today(), desk.today(), By.DAY).total
    assert total.good == 11


def test_what_looks_odd_is_listed_within_the_scope(
    wang: Talker, zhou: Talker, li: Talker, somebody: Callable[..., Talker]
) -> None:
    wang.says("/start w-longting-01")
    asked(wang).presses("满意")
    li.sends_token("rate:1:5")
    elsewhere = somebody("lankao", Role.SUPERVISOR, Scope("兰考县"))

    zhou.says("今日评价")
    here = zhou.presses("评价异常")
    there = elsewhere.sends_token("odd:2025-01-24:2025-01-24")

    assert "评价异常 2 条。只标出、不删除" in here.text
    assert "工作人员想评价，已拒绝" in here.text
    assert "答复后几秒内就评价" in here.text
    assert "没有标出" in there.text
    refused = [d for d in deeds(wang.desk.db) if d.deed is Deed.REFUSED]
    assert [d.subject for d in refused] == ["rate:1"]
