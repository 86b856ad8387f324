"""Stages, lights and rungs: every edge, just before, on and just after."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path

import pytest

from bot.database import open_database
from bot.settings import OversightSettings
from reminders.case_clock import Suspension
from reminders.case_work import Acknowledgement
from reminders.cases import Case, CaseKind, Missing
from reminders.overdue import (
    Level,
    Override,
    Rules,
    Rung,
    Stage,
    due_days_moved,
    explain_case,
    is_broken,
    is_paused,
    is_silenced,
    is_stale,
    rungs_of,
    slot_before,
    standing_of,
    was_late,
)
from reminders.recipients import Scope
from reminders.working_days import Calendar, load_calendar
from tests.case_builders import at, day

CALENDAR, _ = load_calendar(None)
RULES = Rules()


def a_case(accepted: str = "2025-02-10", days: int = 5, **more: object) -> Case:
    values: dict[str, object] = {
        "id": 1,
        "number": "41020001",
        "item": "事项",
        "entry_id": "newborn",
        "kind": CaseKind.PROMISED,
        "unit": None,
        "scope": Scope("龙亭区"),
        "applicant": None,
        "accepted_on": day(accepted),
        "starts_on": day(accepted),
        "limit_days": days,
        "statutory_days": None,
        "handler_number": None,
        "handler_name": None,
        "handler_id": None,
        "offered_to_id": None,
        "papers_asked_on": None,
        "papers_source": None,
        "completed_on": None,
        "missing": None,
        "missing_at": None,
        "cause": None,
        "import_id": None,
        "sheet": None,
        "row": None,
    }
    return Case(**(values | more))  # type: ignore[arg-type]


def stage(case: Case, on: str, rules: Rules = RULES, calendar: Calendar = CALENDAR) -> Stage:
    return standing_of(case, calendar, rules, day(on)).stage


VECTORS = [
    ("2024-12-31", 20, "2025-02-05"),
    ("2025-01-24", 5, "2025-02-07"),
    ("2025-01-27", 1, "2025-02-05"),
    ("2025-02-07", 1, "2025-02-08"),
    ("2025-02-09", 1, "2025-02-10"),
    ("2025-04-25", 3, "2025-04-29"),
    ("2025-04-30", 1, "2025-05-06"),
    ("2025-09-26", 3, "2025-09-30"),
    ("2025-09-30", 5, "2025-10-14"),
    ("2025-12-31", 3, "2026-01-06"),
    ("2026-02-13", 5, "2026-02-27"),
    ("2026-09-18", 10, "2026-10-09"),
]


@pytest.mark.parametrize(("accepted", "days", "due"), VECTORS)
def test_each_vector_is_in_time_on_its_due_day_and_late_the_day_after(
    accepted: str, days: int, due: str
) -> None:
    case = a_case(accepted, days)

    on_the_day = standing_of(case, CALENDAR, RULES, day(due))
    day_after = date.fromordinal(day(due).toordinal() + 1)

    assert (on_the_day.due_on, on_the_day.stage, on_the_day.due_today) == (
        day(due),
        Stage.DUE_SOON,
        True,
    )
    assert standing_of(case, CALENDAR, RULES, day_after).stage is Stage.OVERDUE
    assert explain_case(case, CALENDAR, day(due)).due_on == day(due)


def test_the_vector_with_a_stop_moves_its_due_day() -> None:
    stop = Suspension(day("2025-02-12"), day("2025-02-14"), "inspection")
    case = a_case("2025-02-10", 5, suspensions=(stop,))

    assert standing_of(case, CALENDAR, RULES, day("2025-02-18")).due_on == day("2025-02-20")
    assert stage(case, "2025-02-20") is Stage.DUE_SOON
    assert stage(case, "2025-02-21") is Stage.OVERDUE


def test_the_case_of_the_journey_counts_as_the_rules_say() -> None:
    case = a_case("2025-01-24", 5)
    days = [standing_of(case, CALENDAR, RULES, day(f"2025-02-0{n}")) for n in (6, 7, 8)]

    assert [(s.remaining_days, s.overdue_days) for s in days] == [(1, 0), (0, 0), (0, 1)]


@pytest.mark.parametrize(
    ("days", "on", "expected"),
    [
        (5, "2025-02-13", Stage.ON_TRACK),  # 2 left
        (5, "2025-02-14", Stage.DUE_SOON),  # 1 left
        (5, "2025-02-17", Stage.DUE_SOON),  # the due day
        (5, "2025-02-18", Stage.OVERDUE),
        (6, "2025-02-12", Stage.ON_TRACK),  # 4 left of a longer promise
        (6, "2025-02-13", Stage.DUE_SOON),  # 3 left
        (5, "2025-02-19", Stage.OVERDUE),  # 2 over
        (5, "2025-02-20", Stage.LONG_OVERDUE),  # 3 over
    ],
)
def test_a_stage_changes_on_its_day(days: int, on: str, expected: Stage) -> None:
    assert stage(a_case(days=days), on) is expected


def test_an_immediate_case_is_due_on_its_own_day() -> None:
    case = a_case("2025-02-10", 0, kind=CaseKind.IMMEDIATE)

    assert stage(case, "2025-02-10") is Stage.DUE_SOON
    assert stage(case, "2025-02-11") is Stage.OVERDUE


def test_an_immediate_case_of_a_rest_day_is_due_on_the_next_working_day() -> None:
    case = a_case("2025-02-09", 0, kind=CaseKind.IMMEDIATE)

    assert standing_of(case, CALENDAR, RULES, day("2025-02-10")).due_today


def test_a_rest_day_adds_no_overdue_day() -> None:
    standing = standing_of(a_case("2025-02-14", 5), CALENDAR, RULES, day("2025-02-22"))

    assert (standing.due_on, standing.stage, standing.overdue_days) == (
        day("2025-02-21"),
        Stage.OVERDUE,
        0,
    )
    assert (
        rungs_of(a_case("2025-02-14", 5), standing, CALENDAR, RULES, day("2025-02-22"), None) == ()
    )


def test_a_broken_statutory_period_is_a_red_card_at_once() -> None:
    case = a_case("2025-02-10", 5, statutory_days=5)

    assert stage(case, "2025-02-17") is Stage.DUE_SOON
    assert stage(case, "2025-02-18") is Stage.LONG_OVERDUE


def test_a_suspended_case_does_not_become_overdue() -> None:
    case = a_case(suspensions=(Suspension(day("2025-02-12"), None, "inspection"),))

    assert stage(case, "2025-02-11") is not Stage.SUSPENDED
    assert stage(case, "2025-02-12") is Stage.SUSPENDED
    assert stage(case, "2025-06-12") is Stage.SUSPENDED


def test_a_stop_does_not_turn_red_into_grey() -> None:
    case = a_case(suspensions=(Suspension(day("2025-02-19"), None, "inspection"),))

    assert stage(case, "2025-02-25") is Stage.LONG_OVERDUE


def test_a_case_waiting_for_papers_does_not_run() -> None:
    case = a_case(papers_asked_on=day("2025-02-11"), papers_source="person")

    assert stage(case, "2025-03-11") is Stage.AWAITING_PAPERS


def test_papers_asked_for_after_the_promise_was_broken_leave_it_broken() -> None:
    asked = a_case(papers_asked_on=day("2025-02-18"), papers_source="platform")
    arrived = a_case(papers_stood_on=day("2025-02-18"), starts_on=day("2025-02-19"))
    in_time = a_case(papers_stood_on=day("2025-02-17"), starts_on=day("2025-02-19"))

    assert stage(asked, "2025-02-19") is Stage.OVERDUE
    assert standing_of(arrived, CALENDAR, RULES, day("2025-02-19")).due_on == day("2025-02-17")
    assert standing_of(in_time, CALENDAR, RULES, day("2025-02-19")).due_on == day("2025-02-26")
    assert explain_case(arrived, CALENDAR, day("2025-02-19")).due_on == day("2025-02-17")


@pytest.mark.parametrize(
    "still",
    [
        {"papers_asked_on": day("2025-02-11"), "papers_source": "person"},
        {"suspensions": (Suspension(day("2025-02-12"), None, "hearing"),)},
    ],
)
@pytest.mark.parametrize("on", ["2025-02-17", "2025-02-25"])
def test_nothing_is_due_or_overdue_while_the_clock_stands_still(
    still: dict[str, object], on: str
) -> None:
    standing = standing_of(a_case(**still), CALENDAR, RULES, day(on))

    assert standing.is_still
    assert (standing.due_today, standing.overdue_days, standing.is_late) == (False, 0, False)


def test_a_finished_case_is_judged_at_its_completion() -> None:
    on_time, late = a_case(completed_on=day("2025-02-17")), a_case(completed_on=day("2025-02-18"))

    judged = [(c, standing_of(c, CALENDAR, RULES, day("2025-03-17"))) for c in (on_time, late)]

    assert [s.stage for _, s in judged] == [Stage.COMPLETED] * 2
    assert [was_late(*each) for each in judged] == [False, True]
    assert [s.overdue_days for _, s in judged] == [0, 1]


def test_an_extension_moves_the_due_day_and_the_warning() -> None:
    case = a_case(extended_days=10)

    assert standing_of(case, CALENDAR, RULES, day("2025-02-20")).due_on == day("2025-03-03")
    assert stage(case, "2025-02-26") is Stage.DUE_SOON


@pytest.mark.parametrize(
    ("override", "warned"),
    [
        (Override(entry="newborn", warn_days=3), True),
        (Override(district="龙亭区", warn_days=3), True),
        (Override(entry="newborn", district="兰考县", warn_days=3), False),
        (Override(entry="other", warn_days=3), False),
    ],
)
def test_an_override_is_for_its_entry_and_district(override: Override, warned: bool) -> None:
    rules = Rules(overrides=(override,))

    assert (stage(a_case(), "2025-02-12", rules) is Stage.DUE_SOON) is warned


def test_settings_become_rules() -> None:
    settings = OversightSettings.model_validate(
        {"red_card_wd": 4, "send_at": ["14:00", "08:00"], "ladder": {"chase": ["lead"]}}
    )

    rules = settings.rules()

    assert rules.red_card_days == 4
    assert rules.send_at == (time(8), time(14))
    assert rules.levels(Rung.CHASE) == (Level.LEAD,)
    assert OversightSettings().rules() == Rules()


# -- the ladder


def rungs(case: Case, on: str, chased: str | None = None) -> tuple[Rung, ...]:
    standing = standing_of(case, CALENDAR, RULES, day(on))
    return rungs_of(case, standing, CALENDAR, RULES, day(on), day(chased) if chased else None)


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        ("2025-02-13", ()),
        ("2025-02-14", (Rung.REMIND,)),
        ("2025-02-17", (Rung.DUE_TODAY,)),
        ("2025-02-18", (Rung.CHASE,)),
        ("2025-02-19", (Rung.CHASE,)),
        ("2025-02-20", (Rung.CHASE, Rung.INTERVENE)),
    ],
)
def test_a_case_stands_on_the_rungs_of_its_day(on: str, expected: tuple[Rung, ...]) -> None:
    assert rungs(a_case(), on) == expected


def test_a_bulletin_comes_five_working_days_after_the_chase_unless_explained() -> None:
    explained = a_case(cause="slow")

    assert Rung.BULLETIN not in rungs(a_case(), "2025-02-24", chased="2025-02-18")
    assert Rung.BULLETIN in rungs(a_case(), "2025-02-25", chased="2025-02-18")
    assert Rung.BULLETIN not in rungs(explained, "2025-02-25", chased="2025-02-18")


def test_a_provisional_day_carries_no_red_card_and_no_bulletin() -> None:
    case = a_case("2031-02-03", 5, statutory_days=5)

    standing = standing_of(case, CALENDAR, RULES, day("2031-03-14"))
    found = rungs_of(case, standing, CALENDAR, RULES, day("2031-03-14"), day("2031-02-12"))

    assert (standing.provisional, standing.stage) == (True, Stage.OVERDUE)
    assert Rung.BULLETIN not in found


def test_a_count_that_runs_into_an_unknown_year_is_provisional_too() -> None:
    case = a_case("2026-12-21", 5)

    assert not standing_of(case, CALENDAR, RULES, day("2026-12-30")).provisional
    assert standing_of(case, CALENDAR, RULES, day("2027-01-29")).provisional


def test_due_days_that_a_new_calendar_moves_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "working_days.yaml"
    path.write_text(
        "years:\n  2027:\n    notice: 国办发明电〔2026〕7号\n"
        "    off: {元旦: 2027-01-01..2027-01-05, 劳动节: 05-01..05-02, 国庆节: 10-01..10-03}\n",
        encoding="utf-8",
    )
    announced, mistakes = load_calendar(path)
    case = a_case("2026-12-31", 2)

    moved = due_days_moved((case, a_case()), CALENDAR, announced, day("2026-12-31"))

    assert mistakes == ()
    assert [(old, new) for _, old, new in moved] == [(day("2027-01-05"), day("2027-01-07"))]


# -- words, freshness, hours


def test_a_named_day_silences_to_its_end_whatever_is_imported() -> None:
    said = Acknowledgement(1, 2, at("2025-02-10T09:00"), day("2025-02-11"))

    assert is_silenced(said, day("2025-02-11"), at("2025-02-11T10:00"))
    assert not is_silenced(said, day("2025-02-12"), None)


def test_done_silences_until_the_next_import() -> None:
    said = Acknowledgement(1, 2, at("2025-02-10T09:00"), None)

    assert is_silenced(said, day("2025-02-14"), at("2025-02-10T08:00"))
    assert not is_silenced(said, day("2025-02-10"), at("2025-02-10T10:00"))
    assert not is_silenced(None, day("2025-02-10"), None)


def test_a_word_is_broken_only_once_data_after_its_day_show_it() -> None:
    said = Acknowledgement(1, 2, at("2025-02-10T09:00"), day("2025-02-10"))

    assert not is_broken(said, day("2025-02-11"), at("2025-02-09T18:00"), day("2025-02-09"))
    assert not is_broken(said, day("2025-02-11"), at("2025-02-10T17:00"), day("2025-02-10"))
    assert is_broken(said, day("2025-02-11"), at("2025-02-11T08:00"), day("2025-02-11"))


@pytest.mark.parametrize(
    ("as_of", "on", "stale"),
    [
        (None, "2025-02-10", True),
        ("2025-02-10T09:00", "2025-02-10", False),
        ("2025-02-10T09:00", "2025-02-11", False),
        ("2025-02-10T09:00", "2025-02-12", True),
        ("2025-02-07T17:00", "2025-02-09", False),  # Saturday worked, Sunday rested
        ("2025-01-27T17:00", "2025-02-05", False),  # over Spring Festival
    ],
)
def test_data_are_stale_after_one_working_day(as_of: str | None, on: str, stale: bool) -> None:
    assert is_stale(at(as_of) if as_of else None, CALENDAR, day(on)) is stale


@pytest.mark.parametrize(
    ("now", "slot"),
    [
        ("2025-02-10T08:29", None),
        ("2025-02-10T08:30", "2025-02-10T08:30"),
        ("2025-02-10T14:29", "2025-02-10T08:30"),
        ("2025-02-10T14:30", "2025-02-10T14:30"),
        ("2025-02-10T17:59", "2025-02-10T14:30"),
        ("2025-02-10T18:00", None),
    ],
)
def test_an_instant_belongs_to_the_last_run_of_its_day(now: str, slot: str | None) -> None:
    assert slot_before(RULES, at(now)) == (at(slot) if slot else None)


def test_reminders_rest_two_working_days_where_a_case_may_be_done() -> None:
    case = a_case(missing=Missing.PERHAPS_DONE, missing_at=at("2025-02-18T10:00"))
    unverified = a_case(missing=Missing.UNVERIFIED, missing_at=at("2025-02-18T10:00"))

    assert is_paused(case, CALENDAR, RULES, day("2025-02-20"))
    assert not is_paused(case, CALENDAR, RULES, day("2025-02-21"))
    assert not is_paused(unverified, CALENDAR, RULES, day("2025-02-18"))


def test_the_tables_come_up_by_migration() -> None:
    tables = set(open_database(None).table_names())

    assert {
        "cases",
        "case_events",
        "suspensions",
        "extensions",
        "job_runs",
        "case_imports",
    } <= tables
