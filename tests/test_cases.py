"""Cases: what a row does, what drops out, and what people may do to one."""

from __future__ import annotations

from typing import Any

import pytest
from sqlite_utils import Database

from bot.database import open_database
from bot.records import people, roster
from bot.records.people import Address
from bot.records.roster import Member, Roster, RosterChange
from reminders import case_work
from reminders.case_events import events_of
from reminders.case_work import Cause, NotAllowed, Procedure
from reminders.cases import (
    Case,
    CaseStatus,
    Change,
    Covers,
    Extent,
    Missing,
    compare_case,
    data_as_of,
    imports,
    mark_missing,
    missing_cases,
    open_cases,
    record_import,
)
from reminders.overdue import Level, Rules, Stage, standing_of
from reminders.recipients import CITY, Recipient, Role, Scope
from reminders.working_days import load_calendar
from tests.case_builders import LONGTING, a_case, a_row, again, at, bring_in, day, done

CALENDAR, _ = load_calendar(None)
NOW = at("2025-02-06T10:00")


@pytest.fixture
def db() -> Database:
    return open_database(None)


# -- import


def test_a_row_is_added_once_and_the_same_again_changes_nothing(db: Database) -> None:
    first = bring_in(db, a_row(), as_of="2025-02-05T17:00")
    second = bring_in(db, a_row(), as_of="2025-02-06T08:00")

    assert (first, second) == ((Change.ADDED,), (Change.UNCHANGED,))
    assert len(open_cases(db, CITY)) == 1


def test_an_unchanged_row_is_traced_to_the_newest_file(db: Database) -> None:
    bring_in(db, a_row(row=3), as_of="2025-02-05T17:00")
    bring_in(db, a_row(row=9), as_of="2025-02-06T08:00")

    case = open_cases(db, CITY)[0]

    assert (case.import_id, case.sheet, case.row) == (2, "在办", 9)


def test_a_changed_row_is_updated_with_old_and_new(db: Database) -> None:
    case = a_case(db)

    assert bring_in(db, a_row(limit_days=8), as_of="2025-02-06T08:00") == (Change.UPDATED,)

    event = events_of(db, case.id)[-1]
    assert (event.kind, event.facts["limit_days"]) == ("import_updated", ["5", "8"])


def test_a_finished_row_closes_and_an_open_one_opens_again(db: Database) -> None:
    case = a_case(db)

    closed = bring_in(db, done(a_row(), "2025-02-06"), as_of="2025-02-06T17:00")
    assert again(db, case).completed_on == day("2025-02-06")
    opened = bring_in(db, a_row(), as_of="2025-02-07T17:00")

    assert (closed, opened) == ((Change.CLOSED,), (Change.UPDATED,))
    assert again(db, case).is_open


def test_an_old_file_does_not_turn_a_case_back(db: Database) -> None:
    case = a_case(db)
    bring_in(db, done(a_row(), "2025-02-06"), as_of="2025-02-06T17:00")

    assert bring_in(db, a_row(), as_of="2025-02-05T17:00") == (Change.UNCHANGED,)
    assert not again(db, case).is_open


def test_the_dry_run_says_what_the_import_does(db: Database) -> None:
    a_case(db)
    rows = [a_row(), a_row(limit_days=6), done(a_row(), "2025-02-06"), a_row(number="9")]

    said = [compare_case(db, row, data_as_of=NOW) for row in rows]

    assert said == [Change.UNCHANGED, Change.UPDATED, Change.CLOSED, Change.ADDED]
    assert len(open_cases(db, CITY)) == 1


def test_the_same_file_is_the_same_import(db: Database) -> None:
    def record(covers: Covers) -> int:
        return record_import(
            db,
            file_hash="h",
            file_name="在办.xlsx",
            covers=covers,
            data_as_of=NOW,
            by_person_id=None,
            now=NOW,
        ).id

    assert record(Covers(Extent.OPEN)) == record(Covers(Extent.OPEN))
    assert record(Covers(Extent.OPEN)) != record(Covers(Extent.OPEN, ("兰考县",)))


def test_a_platform_suspension_stops_and_starts_the_clock(db: Database) -> None:
    case = a_case(db)
    bring_in(db, a_row(status=CaseStatus.SUSPENDED), as_of="2025-02-05T17:00")
    assert standing_of(again(db, case), CALENDAR, Rules(), day("2025-03-05")).stage is (
        Stage.SUSPENDED
    )
    bring_in(db, a_row(), as_of="2025-02-10T08:00")

    stopped = again(db, case).suspensions

    assert [(s.begins_on, s.ends_on) for s in stopped] == [(day("2025-02-05"), day("2025-02-09"))]


def test_papers_on_the_platform_start_the_clock_when_they_arrive(db: Database) -> None:
    case = a_case(db)
    bring_in(db, a_row(status=CaseStatus.AWAITING_PAPERS), as_of="2025-01-26T17:00")
    bring_in(db, a_row(), as_of="2025-02-10T17:00")

    assert again(db, case).starts_on == day("2025-02-10")
    assert again(db, case).papers_asked_on is None


def test_a_handler_changed_on_the_platform_ends_a_hand_over(db: Database) -> None:
    case = a_case(db)
    case_work.offer_case(db, case, 7, by_person_id=6, now=NOW)
    case_work.take_over_case(db, again(db, case), 7, now=NOW)

    bring_in(db, a_row(limit_days=6), as_of="2025-02-06T08:00")
    assert again(db, case).handler_id == 7
    bring_in(db, a_row(limit_days=6, handler_name="小钱"), as_of="2025-02-06T09:00")

    assert again(db, case).handler_id is None


# -- what drops out


def three_cases(db: Database) -> None:
    bring_in(
        db,
        a_row(number="1"),
        a_row(number="2", scope=Scope("兰考县")),
        a_row(number="3", accepted_on=day("2024-12-02")),
        as_of="2025-02-05T17:00",
    )


@pytest.mark.parametrize(
    ("covers", "missing"),
    [
        (Covers(Extent.OPEN), {"1", "2", "3"}),
        (Covers(Extent.OPEN, ("兰考县",)), {"2"}),
        (Covers(Extent.OPEN, accepted_from=day("2025-01-24")), {"1", "2"}),
        (Covers(Extent.OPEN, accepted_to=day("2025-01-23")), {"3"}),
        (Covers(Extent.OPEN, departments=("health",)), set()),
    ],
)
def test_only_what_the_file_covers_can_be_missing(
    db: Database, covers: Covers, missing: set[str]
) -> None:
    three_cases(db)

    assert {c.number for c in missing_cases(db, covers, [])} == missing
    assert missing_cases(db, covers, missing) == ()


@pytest.mark.parametrize(
    ("extent", "marked"),
    [(Extent.OPEN, Missing.PERHAPS_DONE), (Extent.ALL, Missing.UNVERIFIED)],
)
def test_a_missing_case_is_marked_once_and_never_closed(
    db: Database, extent: Extent, marked: Missing
) -> None:
    case = a_case(db)

    counts = [mark_missing(db, open_cases(db, CITY), Covers(extent), now=NOW) for _ in range(2)]

    assert counts == [1, 0]
    assert (again(db, case).missing, again(db, case).is_open) == (marked, True)


def test_a_case_seen_again_is_missing_no_more(db: Database) -> None:
    case = a_case(db)
    mark_missing(db, (case,), Covers(Extent.OPEN), now=NOW)

    bring_in(db, a_row(), as_of="2025-02-06T17:00")

    assert again(db, case).missing is None


def test_a_lead_confirms_missing_ones_as_done(db: Database) -> None:
    kept, gone = a_case(db), a_case(db, number="2")
    mark_missing(db, (gone,), Covers(Extent.OPEN), now=NOW)

    closed = case_work.confirm_done(db, open_cases(db, CITY), by_person_id=1, now=NOW)

    assert [c.number for c in closed] == ["2"]
    assert again(db, kept).is_open


def test_data_of_a_city_are_as_fresh_as_its_stalest_district(db: Database) -> None:
    for hour, district in ((8, "龙亭区"), (10, "兰考县")):
        record_import(
            db,
            file_hash=district,
            file_name="x",
            covers=Covers(Extent.OPEN, (district,)),
            data_as_of=NOW.replace(hour=hour),
            by_person_id=None,
            now=NOW,
        )

    fresh = [data_as_of(imports(db), d) for d in ("兰考县", "杞县", None)]

    assert fresh == [NOW, None, NOW.replace(hour=8)]


# -- what people do


def refused(reason: str) -> object:
    return pytest.raises(NotAllowed, match=reason)


def test_papers_may_be_asked_for_once_within_five_working_days(db: Database) -> None:
    case = a_case(db)  # Sunday 01-26 and Monday 01-27 counted, then 02-05, 02-06, 02-07

    def ask(on: str, notice_days: int = 5) -> None:
        case_work.supplement_case(
            db,
            again(db, case),
            CALENDAR,
            notice_days=notice_days,
            due_on=day("2025-02-07"),
            by_person_id=1,
            now=at(f"{on}T09:00"),
        )

    with pytest.raises(NotAllowed, match="papers_overdue"):
        ask("2025-02-08")
    with pytest.raises(NotAllowed, match="papers_too_late"):
        ask("2025-02-07", notice_days=4)
    ask("2025-02-07")
    case_work.papers_arrived(
        db,
        again(db, case),
        arrived_on=day("2025-02-10"),
        by_person_id=1,
        now=at("2025-02-10T09:00"),
    )
    with pytest.raises(NotAllowed, match="papers_asked_before"):
        ask("2025-02-07")
    assert again(db, case).starts_on == day("2025-02-10")


@pytest.mark.parametrize(
    ("seen_running", "starts_on", "late"),
    [("2025-02-07T17:00", "2025-02-10", False), ("2025-02-08T17:00", "2025-02-10", True)],
)
def test_papers_on_the_platform_mend_no_broken_promise(
    db: Database, seen_running: str, starts_on: str, late: bool
) -> None:
    case = a_case(db, as_of=seen_running)
    bring_in(db, a_row(status=CaseStatus.AWAITING_PAPERS), as_of="2025-02-08T18:00")
    awaiting = standing_of(again(db, case), CALENDAR, Rules(), day("2025-02-09"))
    bring_in(db, a_row(), as_of=f"{starts_on}T08:00")

    found = again(db, case)
    standing = standing_of(found, CALENDAR, Rules(), day("2025-02-10"))
    bring_in(db, a_row(status=CaseStatus.AWAITING_PAPERS), as_of="2025-02-11T08:00")

    assert found.starts_on == day(starts_on)
    assert (awaiting.is_late, standing.is_late) == (late, late)
    assert again(db, case).papers_asked_on is None  # asked for once only


def test_papers_asked_for_in_chat_only_run_again_when_the_export_shows_it_open(
    db: Database,
) -> None:
    case = a_case(db)
    case_work.supplement_case(
        db,
        case,
        CALENDAR,
        notice_days=5,
        due_on=day("2025-02-07"),
        by_person_id=1,
        now=at("2025-01-26T09:00"),
    )

    bring_in(db, a_row(), as_of="2025-01-27T08:00")

    found = again(db, case)
    assert (found.papers_asked_on, found.starts_on) == (None, day("2025-01-24"))


def test_a_suspension_needs_its_document_and_a_site_visit_its_setting(db: Database) -> None:
    case = a_case(db)

    def suspend(procedure: Procedure, document: str) -> None:
        case_work.suspend_case(
            db,
            case,
            procedure,
            document,
            begins_on=day("2025-02-06"),
            by_person_id=1,
            site_visit_counts=False,
            now=NOW,
        )

    with pytest.raises(NotAllowed, match="document_missing"):
        suspend(Procedure.INSPECTION, " ")
    with pytest.raises(NotAllowed, match="site_visit"):
        suspend(Procedure.SITE_VISIT, "汴检〔2025〕1号")
    suspend(Procedure.INSPECTION, "汴检〔2025〕1号")
    case_work.resume_case(
        db, again(db, case), ends_on=day("2025-02-07"), by_person_id=1, now=at("2025-02-08T09:00")
    )

    standing = standing_of(again(db, case), CALENDAR, Rules(), day("2025-02-08"))
    assert standing.due_on == day("2025-02-10")


@pytest.mark.parametrize(
    ("on", "days", "joint", "reason"),
    [
        ("2025-02-07", 10, False, None),
        ("2025-02-08", 10, False, "extension_too_late"),
        ("2025-02-07", 11, False, "extension_days"),
        ("2025-02-07", 15, True, None),
        ("2025-02-07", 0, True, "extension_days"),
    ],
)
def test_an_extension_comes_before_expiry_and_within_the_law(
    db: Database, on: str, days: int, joint: bool, reason: str | None
) -> None:
    case = a_case(db)

    def extend(approver: str = "王局长") -> int:
        return case_work.extend_case(
            db,
            case,
            days,
            due_on=day("2025-02-07"),
            approver=approver,
            reason="情况复杂",
            proof="告知书1号",
            joint=joint,
            by_person_id=1,
            now=at(f"{on}T16:00"),
        ).extended_days

    if reason:
        with pytest.raises(NotAllowed, match=reason):
            extend()
    else:
        assert extend() == days
        with pytest.raises(NotAllowed, match="extended_before"):
            case_work.extend_case(
                db,
                again(db, case),
                1,
                due_on=day("2025-02-07"),
                approver="王局长",
                reason="再延",
                proof="告知书2号",
                by_person_id=1,
                now=NOW,
            )


def test_an_extension_without_approver_is_refused(db: Database) -> None:
    with pytest.raises(NotAllowed, match="extension_papers"):
        case_work.extend_case(
            db,
            a_case(db),
            5,
            due_on=day("2025-02-07"),
            approver=" ",
            reason="情况复杂",
            proof="告知书",
            by_person_id=1,
            now=NOW,
        )


def test_a_word_given_twice_counts_once(db: Database) -> None:
    case = a_case(db)

    for done_by_on in (NOW.date(), NOW.date(), None, None):
        case_work.acknowledge(db, case, 1, done_by_on=done_by_on, now=NOW)

    assert len(case_work.acknowledgements_of(db, case)) == 2
    assert [e.kind for e in events_of(db, case.id)][-2:] == ["acknowledged", "said_done"]


def test_nobody_promises_a_day_that_has_passed_or_on_a_finished_case(db: Database) -> None:
    case = a_case(db)

    with pytest.raises(NotAllowed, match="day_passed"):
        case_work.acknowledge(db, case, 1, done_by_on=day("2025-02-05"), now=NOW)
    bring_in(db, done(a_row(), "2025-02-06"), as_of="2025-02-06T17:00")
    with pytest.raises(NotAllowed, match="not_open"):
        case_work.acknowledge(db, again(db, case), 1, done_by_on=NOW.date(), now=NOW)


def test_a_case_is_taken_over_only_by_the_one_it_was_offered_to(db: Database) -> None:
    case = case_work.offer_case(db, a_case(db), 7, by_person_id=6, now=NOW)

    with pytest.raises(NotAllowed, match="not_offered"):
        case_work.take_over_case(db, case, 8, now=NOW)
    for _ in range(2):
        case = case_work.take_over_case(db, case, 7, now=NOW)

    assert (case.handler_id, case.offered_to_id) == (7, None)


def test_a_rotation_moves_open_cases_with_a_note(db: Database) -> None:
    bring_in(db, a_row(), done(a_row(number="2"), "2025-02-06"), as_of="2025-02-06T17:00")

    moved = case_work.move_cases(
        db, open_cases(db, CITY), 9, "企航组交民护组", by_person_id=1, now=NOW
    )

    case = open_cases(db, CITY)[0]
    assert (moved, case.handler_id) == (1, 9)
    assert events_of(db, case.id)[-1].facts["note"] == "企航组交民护组"


def test_a_cause_is_kept(db: Database) -> None:
    case = case_work.give_cause(db, a_case(db), Cause.SLOW, 1, now=NOW)

    assert case.cause == "slow"


# -- the roster


def bound(db: Database, name: str, role: Role, scope: Scope) -> int:
    person = people.person_at(db, Address("web", name), now=NOW)  # type: ignore[arg-type]
    people.set_role(db, person, role, scope)
    db.execute("UPDATE people SET name = ? WHERE id = ?", [name, person.id])
    return person.id


def member(db: Database, number: str, name: str, **more: object) -> Member:
    added = Member(number, name, Role.CLERK, LONGTING, "龙亭区政务服务大厅", **more)  # type: ignore[arg-type]
    roster.put_member(db, added)
    return added


def handler(db: Database, on: str = "2025-02-06", **row: Any) -> tuple[Recipient, ...]:
    case = a_case(db, number=f"n{len(open_cases(db, CITY))}", **row)
    return Roster(db).recipients(Level.HANDLER, case, day(on))


def test_a_handler_is_found_by_number_before_name(db: Database) -> None:
    li, qian = bound(db, "小李", Role.CLERK, LONGTING), bound(db, "小钱", Role.CLERK, LONGTING)
    for number, name, person_id in (("K1", "小李", li), ("K2", "小钱", qian)):
        member(db, number, name)
        roster.link_person(db, number, person_id)

    assert handler(db, handler_number="K2", handler_name="小李") == (Recipient(qian),)
    assert handler(db, handler_number=None, handler_name="小李") == (Recipient(li),)


def test_a_name_that_is_not_unique_goes_to_the_lead(db: Database) -> None:
    lead = bound(db, "赵主任", Role.LEAD, Scope("龙亭区"))
    member(db, "K1", "小李")
    member(db, "K2", "小李")

    assert handler(db, handler_name="小李") == (Recipient(lead),)


def test_without_a_lead_a_case_goes_to_the_districts_supervisor(db: Database) -> None:
    bound(db, "周督查", Role.SUPERVISOR, CITY)
    own = bound(db, "孙督查", Role.SUPERVISOR, Scope("龙亭区"))

    assert handler(db, handler_name="不在册") == (Recipient(own),)


def test_with_nobody_bound_a_case_waits_for_whoever_becomes_the_lead(db: Database) -> None:
    assert handler(db) == (Recipient(role=Role.LEAD, scope=LONGTING),)


def test_somebody_on_leave_is_replaced_by_their_deputy(db: Database) -> None:
    li, qian = bound(db, "小李", Role.CLERK, LONGTING), bound(db, "小钱", Role.CLERK, LONGTING)
    lead = bound(db, "赵主任", Role.LEAD, Scope("龙亭区"))
    for number, name, person_id in (("K1", "小李", li), ("K2", "小钱", qian)):
        member(db, number, name)
        roster.link_person(db, number, person_id)
    roster.set_leave(db, "K1", day("2025-02-06"), day("2025-02-07"), "K2")

    on_days = [handler(db, f"2025-02-{d}", handler_number="K1") for d in ("05", "06", "07", "08")]
    roster.set_leave(db, "K2", day("2025-02-06"), day("2025-02-07"), None)

    assert on_days == [(Recipient(p),) for p in (li, qian, qian, li)]
    assert handler(db, handler_number="K1") == (Recipient(lead),)


def test_a_roster_row_again_changes_nothing_and_keeps_leave(db: Database) -> None:
    row = member(db, "K1", "小李")
    roster.set_leave(db, "K1", day("2025-02-06"), day("2025-02-07"), None)

    assert roster.put_member(db, row) is RosterChange.UNCHANGED
    found = roster.member_by_number(db, "K1")
    assert found is not None
    assert found.is_on_leave(day("2025-02-06"))


def test_namesakes_are_linked_only_where_they_are_unique(db: Database) -> None:
    li = bound(db, "小李", Role.CLERK, LONGTING)
    member(db, "K1", "小李")
    member(db, "K2", "小钱")
    member(db, "K3", "小钱")
    bound(db, "小钱", Role.CLERK, LONGTING)

    assert roster.link_namesakes(db) == 1
    assert [m.person_id for m in roster.members(db, CITY)] == [li, None, None]


def test_unbound_handlers_are_listed_with_their_cases(db: Database) -> None:
    for number in ("1", "2"):
        a_case(db, number=number, handler_name="小孙")

    unbound = Roster(db).unbound(open_cases(db, CITY), NOW.date())

    assert [(u.name, u.cases) for u in unbound] == [("小孙", 2)]


def told(db: Database, level: Level, case: Case) -> tuple[Recipient, ...]:
    return Roster(db).recipients(level, case, NOW.date())


def test_a_case_without_a_window_goes_to_the_lead_of_its_handlers_window(db: Database) -> None:
    first = bound(db, "赵主任", Role.LEAD, Scope("龙亭区", None, "longting-01"))
    second = bound(db, "钱主任", Role.LEAD, Scope("龙亭区", None, "longting-02"))
    roster.put_member(db, Member("K1", "小李", Role.CLERK, Scope("龙亭区", None, "longting-02")))
    handled = a_case(db, number="w1", handler_number="K1", scope=Scope("龙亭区"))
    nobodys = a_case(db, number="w2", handler_number=None, handler_name=None, scope=Scope("龙亭区"))

    assert told(db, Level.LEAD, handled) == (Recipient(second),)
    assert told(db, Level.LEAD, nobodys) == (Recipient(first), Recipient(second))
    assert len(open_cases(db, Scope("龙亭区", None, "longting-01"))) == 2


def test_another_windows_case_is_not_a_leads(db: Database) -> None:
    bound(db, "赵主任", Role.LEAD, Scope("龙亭区", None, "longting-01"))
    other = Scope("龙亭区", None, "longting-02")
    case = a_case(db, number="w1", scope=other)

    assert told(db, Level.LEAD, case) == (Recipient(role=Role.LEAD, scope=other),)
    assert case_work.case_within(db, Scope("龙亭区", None, "longting-01"), case.id) is None


def test_a_districts_own_head_of_department_is_told_before_the_citys(db: Database) -> None:
    of_city = bound(db, "市局长", Role.DEPARTMENT, Scope(None, "human_resources"))
    of_lankao = bound(db, "县局长", Role.DEPARTMENT, Scope("兰考县", "human_resources"))
    near = a_case(db, number="d1", scope=Scope("兰考县", "human_resources"))
    far = a_case(db, number="d2", scope=Scope("杞县", "human_resources"))

    assert told(db, Level.DEPARTMENT, near) == (Recipient(of_lankao),)
    assert told(db, Level.DEPARTMENT, far) == (Recipient(of_city),)
