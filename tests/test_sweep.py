"""The sweep: decided once, told once, nothing at night, and what was missed is made up for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bot.database import open_database, transaction
from bot.delivery import DeliveryLoop, Pace
from bot.desk import Desk, Library, Links, WorkingDays
from bot.dialogue import Channel, DeliveryError, Reply, Role, Scope
from bot.records import people, roster
from bot.records.people import Address
from bot.records.roster import Member, Roster
from bot.reports.oversight import supervise, trend
from bot.settings import Settings
from bot.views.alerts import render_alert
from reminders import case_work
from reminders.acts import acts_of, waiting_acts
from reminders.cases import Covers, Extent, cases_in_progress_since, mark_missing
from reminders.notices import notices_of
from reminders.recipients import CITY
from reminders.sweep import Sweep, decide_overdue, sweep_overdue
from reminders.working_days import load_calendar
from tests.case_builders import LONGTING, a_case, a_row, again, at, bring_in, day, done
from tests.conftest import Clock

FAST = Pace(per_second=10_000, chat_seconds=0, idle_seconds=0.01)


@dataclass
class Post:
    """A Telegram that keeps what it is given, or refuses it."""

    sent: list[tuple[str, str]] = field(default_factory=list)
    failure: DeliveryError | None = None

    def parts(self, reply: Reply) -> tuple[Reply, ...]:
        return reply.messages()

    async def send(self, address: str, reply: Reply) -> str:
        if self.failure is not None:
            raise self.failure
        self.sent.append((address, reply.text))
        return f"m{len(self.sent)}"

    def to(self, address: str) -> list[str]:
        return [text for to, text in self.sent if to == address]


@pytest.fixture
def desk(clock: Clock, settings: Settings) -> Desk:
    days = WorkingDays(load_calendar(None)[0])
    library: Any = None  # nothing here asks the knowledge base
    links = Links(page="http://127.0.0.1:8000")
    return Desk(open_database(None), Library(library), days, settings, clock, links)


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def clerk(desk: Desk) -> int:
    return bind(desk, "li", Role.CLERK, LONGTING, "小李")


def bind(desk: Desk, address: str, role: Role, scope: Scope, name: str) -> int:
    person = people.person_at(desk.db, Address(Channel.TELEGRAM, address), now=desk.now())
    people.set_role(desk.db, person, role, scope)
    desk.db.execute("UPDATE people SET name = ? WHERE id = ?", [name, person.id])
    return person.id


def sweep(desk: Desk, now: str | None = None) -> Sweep:
    return sweep_overdue(
        desk.db,
        desk.calendar,
        desk.settings.oversight.rules(),
        now=at(now) if now else desk.now(),
        transaction=transaction,
        staffing=Roster(desk.db),
    )


def told(swept: Sweep) -> list[tuple[str, int | None]]:
    return [(d.kind.value, d.recipient.person_id) for d in swept.decisions]


def deliver(desk: Desk, post: Post) -> None:
    loop = DeliveryLoop(desk, {Channel.TELEGRAM: post}, render_alert, pace=FAST)
    asyncio.run(loop.deliver_due())


@pytest.fixture
def run(desk: Desk, clock: Clock, post: Post) -> Callable[[str], list[str]]:
    """Return what moves the clock, sweeps, delivers and tells 小李's new messages."""

    def at_instant(now: str) -> list[str]:
        clock.at = at(now)
        before = len(post.to("li"))
        sweep(desk)
        deliver(desk, post)
        return post.to("li")[before:]

    return at_instant


def test_a_case_is_told_once_to_its_handler_and_the_supervisor(desk: Desk, clerk: int) -> None:
    supervisor = bind(desk, "sun", Role.SUPERVISOR, Scope("龙亭区"), "孙督查")
    a_case(desk.db)

    first, second = sweep(desk, "2025-02-06T08:30"), sweep(desk, "2025-02-06T08:31")

    assert told(first) == [("remind", clerk), ("remind", supervisor)]
    assert (first.messages, told(second), second.messages) == (2, [], 0)


def test_a_green_case_is_told_to_nobody(desk: Desk, clerk: int) -> None:
    a_case(desk.db)

    assert sweep(desk, "2025-02-05T08:30").decisions == ()


def test_the_dry_run_says_the_same_and_writes_nothing(desk: Desk, clerk: int) -> None:
    a_case(desk.db)
    rules, now = desk.settings.oversight.rules(), at("2025-02-06T08:30")

    dry = decide_overdue(desk.db, desk.calendar, rules, now=now, staffing=Roster(desk.db))

    assert desk.db["outbox"].count == desk.db["case_notices"].count == 0
    assert desk.db["job_runs"].count == 0
    assert told(dry) == told(sweep(desk, "2025-02-06T08:30"))


@pytest.mark.parametrize(
    "now",
    ["2025-02-06T08:29", "2025-02-06T18:00", "2025-02-09T08:30", "2025-02-02T14:30"],
)
def test_nothing_is_told_at_night_or_on_rest_days(desk: Desk, clerk: int, now: str) -> None:
    a_case(desk.db, accepted_on=day("2025-01-13"))

    swept = sweep(desk, now)

    assert (swept.slot_at, swept.decisions) == (None, ())


def test_a_makeup_saturday_is_a_day_like_any_other(desk: Desk, clerk: int) -> None:
    a_case(desk.db)

    assert [kind for kind, _ in told(sweep(desk, "2025-02-08T08:30"))][:1] == ["chase"]


def test_each_run_repeats_what_stands_but_each_rung_comes_once(
    run: Callable[[str], list[str]], desk: Desk, clerk: int
) -> None:
    case = a_case(desk.db)

    for now in ("2025-02-06T08:30", "2025-02-06T14:30", "2025-02-07T08:30", "2025-02-08T08:30"):
        assert len(run(now)) == 1

    kinds = [n.kind.value for n in notices_of(desk.db, case) if n.recipient == f"p{clerk}"]
    assert kinds == ["remind", "repeat", "due_today", "chase"]


def test_one_person_gets_one_message_worst_first(
    run: Callable[[str], list[str]], desk: Desk, clerk: int
) -> None:
    for number, days in (("0003", 5), ("0001", 3), ("0002", 4)):
        a_case(desk.db, number=f"41{number}", limit_days=days)

    (text,) = run("2025-02-06T08:30")

    assert [text.index(tail) for tail in ("0001", "0002", "0003")] == sorted(
        text.index(tail) for tail in ("0001", "0002", "0003")
    )
    assert text.index("🔴 超期 1 件") < text.index("今日到期 1 件") < text.index("即将超期 1 件")


def test_a_message_over_telegram_names_no_applicant_and_no_full_number(
    run: Callable[[str], list[str]], desk: Desk, clerk: int
) -> None:
    case = a_case(desk.db)

    (text,) = run("2025-02-06T08:30")

    assert case.number not in text
    assert "张" not in text
    assert case.number[-4:] in text
    assert "http://127.0.0.1:8000/" in text


def test_a_case_finished_before_sending_drops_out(
    desk: Desk, clock: Clock, post: Post, clerk: int
) -> None:
    a_case(desk.db)
    clock.at = at("2025-02-06T08:30")
    sweep(desk)
    bring_in(desk.db, done(a_row(), "2025-02-06"), as_of="2025-02-06T08:31")

    deliver(desk, post)

    assert post.sent == []


def test_an_import_in_working_hours_tells_what_is_new_at_once(
    run: Callable[[str], list[str]], desk: Desk, clerk: int
) -> None:
    a_case(desk.db)
    run("2025-02-06T08:30")
    bring_in(desk.db, a_row(), a_row(number="419999", limit_days=4), as_of="2025-02-06T10:00")

    (text,) = run("2025-02-06T10:01")

    assert "9999" in text
    assert "1234" not in text
    assert run("2025-02-06T10:02") == []


# -- words given


def test_a_named_day_is_quiet_for_who_named_it_and_the_ladder_goes_on_for_others(
    run: Callable[[str], list[str]], desk: Desk, clerk: int, post: Post
) -> None:
    bind(desk, "sun", Role.SUPERVISOR, Scope("龙亭区"), "孙督查")
    case = a_case(desk.db)
    run("2025-02-06T08:30")
    case_work.acknowledge(
        desk.db, case, clerk, done_by_on=day("2025-02-08"), now=at("2025-02-06T09:00")
    )

    quiet = [run(f"{on}:30") for on in ("2025-02-06T14", "2025-02-07T08", "2025-02-08T08")]
    kinds = [n.kind.value for n in notices_of(desk.db, case) if n.recipient != f"p{clerk}"]

    assert quiet == [[], [], []]
    assert list(dict.fromkeys(kinds)) == ["remind", "due_today", "chase"]
    (text,) = run("2025-02-10T08:30")  # the day has passed
    assert "超期 2 个工作日" in text
    told = [n.kind.value for n in notices_of(desk.db, case) if n.recipient == f"p{clerk}"]
    assert told == ["remind", "chase"]


def test_done_said_again_after_an_import_is_quiet_again(
    run: Callable[[str], list[str]], desk: Desk, clerk: int
) -> None:
    case = a_case(desk.db)
    case_work.acknowledge(desk.db, case, clerk, done_by_on=None, now=at("2025-02-06T08:10"))
    assert run("2025-02-06T08:30") == []
    bring_in(desk.db, a_row(), as_of="2025-02-06T09:00")
    assert len(run("2025-02-06T09:01")) == 1

    case_work.acknowledge(desk.db, case, clerk, done_by_on=None, now=at("2025-02-06T10:00"))

    assert [run("2025-02-06T14:30"), run("2025-02-07T08:30"), run("2025-02-08T08:30")] == [[]] * 3
    assert len(case_work.acknowledgements_of(desk.db, case)) == 2


def test_done_is_quiet_until_an_import_shows_otherwise(
    run: Callable[[str], list[str]], desk: Desk, clerk: int
) -> None:
    case = a_case(desk.db)
    run("2025-02-06T08:30")
    case_work.acknowledge(desk.db, case, clerk, done_by_on=None, now=at("2025-02-06T09:00"))
    assert run("2025-02-06T14:30") == []

    bring_in(desk.db, a_row(), as_of="2025-02-06T15:00")

    (text,) = run("2025-02-06T15:01")
    assert "最新数据显示没办结" in text


def test_until_a_case_is_taken_over_both_are_reminded(
    run: Callable[[str], list[str]], desk: Desk, clerk: int, post: Post
) -> None:
    other = bind(desk, "qian", Role.CLERK, LONGTING, "小钱")
    case = a_case(desk.db)
    case_work.offer_case(desk.db, case, other, by_person_id=clerk, now=desk.now())

    run("2025-02-06T08:30")
    assert (len(post.to("li")), len(post.to("qian"))) == (1, 1)
    case_work.take_over_case(desk.db, again(desk.db, case), other, now=desk.now())
    run("2025-02-06T14:30")

    assert (len(post.to("li")), len(post.to("qian"))) == (1, 2)


def test_a_case_that_may_be_done_rests_two_working_days(
    run: Callable[[str], list[str]], desk: Desk, clerk: int
) -> None:
    case = a_case(desk.db)
    mark_missing(desk.db, (case,), Covers(Extent.OPEN), now=at("2025-02-05T17:00"))

    heard = [len(run(f"2025-02-{d}T08:30")) for d in ("06", "07", "08")]

    assert heard == [0, 0, 1]


def test_somebody_on_leave_hears_nothing_and_their_deputy_does(
    run: Callable[[str], list[str]], desk: Desk, clerk: int, post: Post
) -> None:
    deputy = bind(desk, "qian", Role.CLERK, LONGTING, "小钱")
    for number, name, person_id in (("K1", "小李", clerk), ("K2", "小钱", deputy)):
        roster.put_member(desk.db, Member(number, name, Role.CLERK, LONGTING))
        roster.link_person(desk.db, number, person_id)
    roster.set_leave(desk.db, "K1", day("2025-02-06"), day("2025-02-06"), "K2")
    a_case(desk.db, handler_number="K1")

    assert run("2025-02-06T08:30") == []
    assert len(post.to("qian")) == 1
    assert len(run("2025-02-07T08:30")) == 1


# -- acts of the office


def test_three_days_over_is_drafted_and_told_to_nobody_but_the_supervisor(
    run: Callable[[str], list[str]], desk: Desk, clerk: int, post: Post
) -> None:
    bind(desk, "zhou", Role.SUPERVISOR, CITY, "周督查")
    case = a_case(desk.db)

    run("2025-02-11T08:30")

    (act,) = waiting_acts(desk.db, CITY)
    assert (act.case_id, act.kind.value, act.red_card) == (case.id, "intervene", True)
    assert "待签发 1 件" in post.to("zhou")[0]
    assert "督办" not in post.to("li")[0]
    run("2025-02-11T14:30")
    assert len(acts_of(desk.db, case.id)) == 1


def test_no_red_card_rests_on_a_provisional_day(desk: Desk, clerk: int) -> None:
    case = a_case(desk.db, accepted_on=day("2031-02-03"), statutory_days=5)

    sweep(desk, "2031-03-13T08:30")

    assert [act.red_card for act in acts_of(desk.db, case.id)] == [False]


def test_the_draft_of_a_finished_case_lapses(desk: Desk, clerk: int) -> None:
    case = a_case(desk.db)
    sweep(desk, "2025-02-11T08:30")
    bring_in(desk.db, done(a_row(), "2025-02-11"), as_of="2025-02-11T10:00")

    sweep(desk, "2025-02-11T10:01")

    assert [act.decision for act in acts_of(desk.db, case.id)] == ["lapsed"]
    assert waiting_acts(desk.db, CITY) == ()


def test_a_bulletin_is_drafted_five_working_days_after_the_chase(desk: Desk, clerk: int) -> None:
    case = a_case(desk.db)

    for d in ("08", "10", "11", "12", "13", "14", "17"):
        sweep(desk, f"2025-02-{d}T08:30")
        kinds = [act.kind.value for act in acts_of(desk.db, case.id)]
        assert ("bulletin" in kinds) == (d >= "14"), d


def test_a_late_finish_asks_for_its_cause_until_it_is_given(
    run: Callable[[str], list[str]], desk: Desk, clerk: int
) -> None:
    case = a_case(desk.db)
    bring_in(desk.db, done(a_row(), "2025-02-10"), as_of="2025-02-10T17:00")

    assert "说明超期原因" in run("2025-02-11T08:30")[0]
    assert run("2025-02-11T14:30") == []
    case_work.give_cause(desk.db, again(desk.db, case), case_work.Cause.SLOW, clerk, now=desk.now())
    assert run("2025-02-12T08:30") == []


def test_who_answers_for_others_reads_totals_worst_first_and_not_only_what_is_new(
    desk: Desk, clock: Clock, post: Post, clerk: int
) -> None:
    bind(desk, "sun", Role.SUPERVISOR, Scope("龙亭区"), "孙督查")
    late = [a_row(number=f"4100{n:04}", limit_days=3) for n in range(1, 19)]
    worst = a_row(number="41009999", accepted_on=day("2025-01-20"), limit_days=2)
    bring_in(desk.db, *late, worst, as_of="2025-02-06T08:00")
    clock.at = at("2025-02-06T08:30")
    sweep(desk)
    deliver(desk, post)
    bring_in(desk.db, a_row(number="41007777", limit_days=4), as_of="2025-02-06T09:00")
    clock.at = at("2025-02-07T08:30")

    sweep(desk)
    deliver(desk, post)

    text = post.to("sun")[-1]
    assert "🔴 超期 20 件" in text
    assert text.index("尾号 9999") < text.index("尾号 0001") < text.index("尾号 7777")
    assert "另有 4 件" in text  # fifteen of the worst, and the new one


def test_the_citys_supervisor_reads_units_and_red_ones_by_name(
    desk: Desk, clock: Clock, post: Post, clerk: int
) -> None:
    bind(desk, "zhou", Role.SUPERVISOR, CITY, "周督查")
    rows = [
        a_row(number="1111", unit="人社局", scope=Scope("兰考县"), limit_days=3),
        a_row(number="2222", unit="人社局", limit_days=3),
        a_row(number="3333", limit_days=5),
    ]
    bring_in(desk.db, *rows, as_of="2025-02-06T08:00")
    clock.at = at("2025-02-06T08:30")

    sweep(desk)
    deliver(desk, post)

    (text,) = post.to("zhou")
    assert "按单位（3 个有超期或快到期的）" in text
    assert "兰考县·人社局：🔴 超期 1，🟡 快到期 0" in text
    assert "🔴 超期 2 件" in text


# -- runs that were missed, messages that were held up


def report(desk: Desk) -> list[str]:
    rows = desk.db.execute("SELECT facts FROM outbox WHERE kind = 'run_caught_up'").fetchall()
    return [row[0] for row in rows]


def test_a_missed_run_is_made_up_for_once_and_reported(
    run: Callable[[str], list[str]], desk: Desk, clerk: int
) -> None:
    a_case(desk.db)
    run("2025-02-05T14:30")

    (text,) = run("2025-02-06T08:47")

    assert text.startswith("【补发】08:30")
    assert len(report(desk)) == 1
    assert run("2025-02-06T08:48") == []
    assert len(report(desk)) == 1


def test_two_missed_runs_become_one(
    run: Callable[[str], list[str]], desk: Desk, clerk: int
) -> None:
    a_case(desk.db)
    run("2025-02-05T14:30")

    assert len(run("2025-02-06T15:00")) == 1
    assert run("2025-02-06T15:01") == []
    assert len(report(desk)) == 1


def test_a_day_without_any_run_is_made_up_for_by_the_next_and_reported_once(
    run: Callable[[str], list[str]], desk: Desk, clerk: int, post: Post
) -> None:
    bind(desk, "admin", Role.ADMINISTRATOR, CITY, "系统管理员")
    a_case(desk.db)
    run("2025-02-06T14:30")

    (text,) = run("2025-02-08T08:30")
    (later,) = run("2025-02-08T14:30")

    assert text.startswith("【补发】2月7日 08:30")
    assert "补发" not in later
    assert post.to("admin") == ["办件提醒 02-07 08:30、14:30 未运行，02-08 08:30 补发 2 条。"]


def test_a_rest_day_without_a_run_is_nothing_missed(
    run: Callable[[str], list[str]], desk: Desk, clerk: int
) -> None:
    a_case(desk.db)
    run("2025-02-08T14:30")

    assert sweep(desk, "2025-02-10T08:30").missed == ()


def test_a_run_on_time_is_no_made_up_one(
    run: Callable[[str], list[str]], desk: Desk, clerk: int
) -> None:
    a_case(desk.db)
    run("2025-02-05T14:30")

    (text,) = run("2025-02-06T08:30")

    assert "补发" not in text
    assert report(desk) == []


def test_the_very_first_run_misses_nothing(desk: Desk, clerk: int) -> None:
    a_case(desk.db)

    assert sweep(desk, "2025-02-06T10:00").missed == ()


def test_a_sweep_cut_off_is_finished_by_the_next(desk: Desk, clerk: int) -> None:
    bind(desk, "sun", Role.SUPERVISOR, Scope("龙亭区"), "孙督查")
    a_case(desk.db)
    sweep(desk, "2025-02-06T08:30")
    whole = desk.db["case_notices"].count
    desk.db.execute("DELETE FROM case_notices WHERE id = 1")  # as if killed between batches
    desk.db.execute("UPDATE job_runs SET ended_at = NULL")

    sweep(desk, "2025-02-06T08:32")

    assert desk.db["case_notices"].count == whole
    assert desk.db.execute("SELECT count(*) FROM outbox").fetchone()[0] == 2


def test_a_restart_repeats_nothing(desk: Desk, clerk: int, tmp_path: Path) -> None:
    path = tmp_path / "restart.db"
    first = open_database(path)
    a_case(first)
    rules = desk.settings.oversight.rules()
    for db in (first, open_database(path)):
        swept = sweep_overdue(
            db, desk.calendar, rules, now=at("2025-02-06T08:30"), transaction=transaction
        )

    assert swept.decisions == ()


def test_what_waits_unsent_takes_in_what_is_new(
    run: Callable[[str], list[str]], desk: Desk, clerk: int, post: Post, clock: Clock
) -> None:
    a_case(desk.db)
    clock.at = at("2025-02-06T08:30")
    sweep(desk)
    a_case(desk.db, as_of="2025-02-06T10:00", number="419999", limit_days=4)

    (text,) = run("2025-02-06T14:30")

    assert "9999" in text
    assert "1234" in text


def test_what_an_outage_held_up_becomes_one_message(
    run: Callable[[str], list[str]], desk: Desk, clerk: int, post: Post
) -> None:
    a_case(desk.db)
    post.failure = DeliveryError("network", retry_after=60)
    run("2025-02-06T08:30")
    run("2025-02-06T14:30")
    post.failure = None

    assert len(run("2025-02-06T14:40")) == 1


def test_what_waits_for_a_lead_becomes_one_message(
    run: Callable[[str], list[str]], desk: Desk, post: Post
) -> None:
    a_case(desk.db)
    run("2025-02-06T08:30")
    run("2025-02-06T14:30")
    bind(desk, "zhao", Role.LEAD, Scope("龙亭区"), "赵主任")

    run("2025-02-06T15:40")
    deliver(desk, post)

    assert len(post.to("zhao")) == 1


def test_a_message_held_up_into_the_night_is_told_in_the_morning(
    run: Callable[[str], list[str]], desk: Desk, clerk: int, post: Post
) -> None:
    supervisor = bind(desk, "sun", Role.SUPERVISOR, Scope("龙亭区"), "孙督查")
    a_case(desk.db)
    post.failure = DeliveryError("network", retry_after=14_400)
    run("2025-02-06T14:30")
    post.failure = None

    run("2025-02-06T20:00")
    assert post.sent == []
    run("2025-02-07T08:30")

    assert len(post.to("sun")) == 1
    assert supervisor
    notices = desk.db.execute(
        "SELECT count(*) FROM case_notices WHERE kind IN ('remind', 'due_today')"
    ).fetchone()[0]
    assert notices == 4


def test_stale_data_are_a_banner(run: Callable[[str], list[str]], desk: Desk, clerk: int) -> None:
    a_case(desk.db)

    (text,) = run("2025-02-06T08:30")

    assert text.startswith("🔴 数据截至 1月24日 17:00")


def test_fresh_data_are_said_plainly(
    run: Callable[[str], list[str]], desk: Desk, clerk: int
) -> None:
    a_case(desk.db, as_of="2025-02-05T17:00")

    (text,) = run("2025-02-06T08:30")

    assert text.startswith("数据截至 2月5日 17:00")


def test_a_year_not_announced_is_the_administrators_matter_from_november(desk: Desk) -> None:
    def warned(now: str) -> int:
        sweep(desk, now)
        return int(
            desk.db.execute(
                "SELECT count(*) FROM outbox WHERE kind = 'calendar_missing'"
            ).fetchone()[0]
        )

    counts = [warned(f"2026-{d}T08:30") for d in ("10-30", "11-02", "11-03", "11-09")]

    assert counts == [0, 1, 1, 2]


def test_lights_are_counted_by_unit_for_a_day(desk: Desk) -> None:
    bring_in(
        desk.db,
        a_row(number="1", unit="龙亭甲"),
        done(a_row(number="2", unit="龙亭甲"), "2025-02-10"),
        a_row(number="3", unit="乙", limit_days=20),
        as_of="2025-02-11T08:00",
    )
    rules = desk.settings.oversight.rules()

    def late(on: str) -> dict[str, tuple[int, int]]:
        figures = supervise(desk.db, CITY, desk.calendar, rules, on=day(on))
        return {row.unit: (row.late, row.long_overdue) for row in figures.rows}

    assert late("2025-02-08") == {"龙亭甲": (2, 0), "龙亭区·乙": (0, 0)}
    assert late("2025-02-10") == {"龙亭甲": (1, 0), "龙亭区·乙": (0, 0)}
    assert late("2025-02-11") == {"龙亭甲": (1, 1), "龙亭区·乙": (0, 0)}
    days = [day(f"2025-02-{d}") for d in ("07", "08", "10", "11")]
    known = cases_in_progress_since(desk.db, CITY, days[0])
    shown = [(t.late, t.became_late) for t in trend(known, desk.calendar, days)]
    assert shown == [(0, 0), (2, 2), (1, 0), (1, 0)]
