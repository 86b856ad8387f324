"""Certificates: the vectors of the rule, levels, what is due when, and the register's rows."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from bot.clock import LOCAL
from bot.database import open_database, transaction
from bot.desk import Desk, Knowledge
from bot.reports.certificates import kinds_of
from bot.reports.qualification import QualifiedStaff, total_of
from bot.reports.rates import Rates
from bot.views.qualification import qualification_reply
from reminders.cases import Change
from reminders.certificate_rules import (
    LEVELS,
    ON_EXPIRY,
    AfterClosing,
    Audience,
    Certainty,
    Filing,
    KindRule,
    Lead,
    LeadUnit,
    Level,
    RenewalPeriod,
    Rules,
    announced_day,
    closing_lead,
    due_now,
    due_ranges,
    filing_day,
    filing_of,
    last_expiries,
    level_of,
    months_before,
    opens_on,
    planned_for_department,
    planned_for_holder,
    standing,
)
from reminders.certificates import (
    CertificateRow,
    CertificateState,
    apply_certificate,
    apply_certificates,
    begin_import,
    certificates_by_number,
    compare_certificates,
    end_import,
    is_first_issue,
    kind_keys,
    register_kinds,
    was_imported,
)
from reminders.working_days import load_calendar

CALENDAR = load_calendar(None)[0]
RULES = Rules()
NOW = datetime(2025, 4, 1, 8, 10, tzinfo=LOCAL)


def working_days(number: int) -> Lead:
    return Lead(number, LeadUnit.WORKING_DAY)


def days(number: int) -> Lead:
    return Lead(number, LeadUnit.CALENDAR_DAY)


def months(number: int) -> Lead:
    return Lead(number, LeadUnit.MONTH)


def kind(closes: Lead | None = None, **more: Any) -> KindRule:
    return KindRule("k", closes=closes, **more)


FOOD = kind(working_days(15), opens=working_days(90), after_closing=AfterClosing.LATE_ALLOWED)
SAFETY = kind(months(3))
DEVICE = kind(working_days(30), after_closing=AfterClosing.NEW_APPLICATION)


# -- the vectors of domain rules, section 3


@pytest.mark.parametrize(
    ("ends", "lead", "filing", "announced"),
    [
        ("2025-06-30", working_days(15), "2025-06-09", "2025-06-09"),
        ("2026-03-10", working_days(15), "2026-02-11", "2026-02-11"),
        ("2026-06-30", working_days(30), "2026-05-18", "2026-05-18"),
        ("2026-06-30", days(30), "2026-05-31", "2026-05-29"),
    ],
)
def test_the_filing_day_of_the_vectors(ends: str, lead: Lead, filing: str, announced: str) -> None:
    found = filing_day(CALENDAR, kind(lead), RULES, date.fromisoformat(ends))

    assert found == date.fromisoformat(filing)
    assert announced_day(CALENDAR, found) == date.fromisoformat(announced)


@pytest.mark.parametrize(
    ("day", "number", "before"),
    [
        ("2025-05-31", 3, "2025-02-28"),
        ("2024-05-31", 3, "2024-02-29"),
        ("2024-02-29", 12, "2023-02-28"),
        ("2025-08-31", 6, "2025-02-28"),
        ("2025-03-15", 3, "2024-12-15"),
        ("2025-06-30", 0, "2025-06-30"),
    ],
)
def test_months_count_back_to_the_same_day_or_the_last_of_the_month(
    day: str, number: int, before: str
) -> None:
    assert months_before(date.fromisoformat(day), number) == date.fromisoformat(before)


def test_a_certificate_that_ends_on_29_february() -> None:
    found = standing(CALENDAR, kind(months(3)), RULES, date(2028, 2, 29), date(2027, 11, 29))

    assert found.filing_on == date(2027, 11, 29)
    assert found.level is Level.URGENT
    assert found.provisional


@pytest.mark.parametrize(
    ("rule", "lead"),
    [
        (kind(days(45)), days(45)),
        (kind(None, opens=months(6)), ON_EXPIRY),
        (kind(None), days(30)),
        (None, None),
    ],
)
def test_a_silent_law_is_thirty_days_and_an_opening_alone_closes_on_expiry(
    rule: KindRule | None, lead: Lead | None
) -> None:
    assert closing_lead(rule, RULES) == lead


def test_the_food_licence_opens_ninety_working_days_before() -> None:
    assert opens_on(CALENDAR, FOOD, date(2025, 6, 30)) == date(2025, 2, 18)


# -- levels


@pytest.mark.parametrize(
    ("today", "level"),
    [
        ("2025-03-31", None),
        ("2025-04-01", Level.EARLY),
        ("2025-04-30", Level.EARLY),
        ("2025-05-01", Level.NEAR),
        ("2025-05-30", Level.NEAR),
        ("2025-05-31", Level.URGENT),
        ("2025-06-30", Level.URGENT),
        ("2025-07-01", Level.EXPIRED),
    ],
)
def test_with_a_lead_of_thirty_days_both_columns_give_the_same(
    today: str, level: Level | None
) -> None:
    assert (
        level_of(CALENDAR, days(30), RULES, date(2025, 6, 30), date.fromisoformat(today)) == level
    )


@pytest.mark.parametrize(
    ("today", "level"),
    [
        ("2025-01-28", None),
        ("2025-01-29", Level.EARLY),
        ("2025-02-28", Level.NEAR),
        ("2025-03-29", Level.NEAR),
        ("2025-03-30", Level.URGENT),
        ("2025-07-01", Level.EXPIRED),
    ],
)
def test_with_three_months_the_filing_day_fires_first(today: str, level: Level | None) -> None:
    assert (
        level_of(CALENDAR, months(3), RULES, date(2025, 6, 30), date.fromisoformat(today)) == level
    )


def test_without_a_rule_expiry_alone_counts() -> None:
    found = standing(CALENDAR, None, RULES, date(2025, 6, 30), date(2025, 5, 31))

    assert found.level is Level.URGENT
    assert found.renewal is RenewalPeriod.UNKNOWN
    assert found.filing_on is None


LEADS = st.one_of(
    st.none(),
    st.integers(0, 90).map(days),
    st.integers(0, 12).map(months),
    st.integers(0, 90).map(working_days),
)
DAYS = st.dates(date(2024, 1, 1), date(2027, 12, 31))


@settings(max_examples=60, deadline=None)
@given(lead=LEADS, today=DAYS)
def test_a_level_is_a_range_of_expiries(lead: Lead | None, today: date) -> None:
    ends = last_expiries(CALENDAR, lead, RULES, today)
    around = [today + timedelta(days=n) for n in range(-3, 520, 3)]

    for expires_on in around:
        level = level_of(CALENDAR, lead, RULES, expires_on, today)
        expected = next((one for one in reversed(LEVELS) if expires_on <= ends[one]), None)
        assert level == expected, (expires_on, level, ends)


@settings(max_examples=40, deadline=None)
@given(lead=LEADS, today=DAYS)
def test_the_ranges_hold_what_is_due_for_each_expiry(lead: Lead | None, today: date) -> None:
    ranges = due_ranges(CALENDAR, lead, RULES, Audience.HOLDER, today)

    for expires_on in (today + timedelta(days=n) for n in range(-60, 500, 7)):
        found = [r.due for r in ranges if r.from_on <= expires_on <= r.to_on]
        expected = due_now(CALENDAR, lead, RULES, Audience.HOLDER, expires_on, today)
        assert found == ([expected] if expected else [])


def test_the_year_9999_is_never_near() -> None:
    found = standing(CALENDAR, kind(days(30)), RULES, date(9999, 12, 31), date(2025, 6, 1))

    assert found.level is None
    assert (
        level_of(CALENDAR, days(30), RULES, date(9999, 12, 31), date(9999, 12, 31)) is Level.URGENT
    )


# -- what is told, and when


def test_a_food_licence_is_told_on_these_days() -> None:
    planned = planned_for_holder(CALENDAR, working_days(15), RULES, date(2025, 6, 30))

    assert [(p.event, p.on.isoformat()) for p in planned] == [
        ("early", "2025-04-01"),
        ("near", "2025-05-01"),
        ("filing_15", "2025-05-25"),
        ("urgent", "2025-05-31"),
        ("filing_0", "2025-06-09"),
        ("days_7", "2025-06-23"),
        ("days_3", "2025-06-27"),
        ("days_0", "2025-06-30"),
        ("expired", "2025-07-01"),
    ]


def test_months_after_the_filing_day_ninety_sixty_and_thirty_days_are_told() -> None:
    planned = planned_for_holder(CALENDAR, months(3), RULES, date(2025, 6, 30))

    assert [(p.event, p.on.isoformat()) for p in planned] == [
        ("early", "2025-01-29"),
        ("near", "2025-02-28"),
        ("filing_15", "2025-03-13"),
        ("filing_0", "2025-03-28"),
        ("urgent", "2025-03-30"),
        ("days_90", "2025-04-01"),
        ("days_60", "2025-05-01"),
        ("days_30", "2025-05-31"),
        ("days_7", "2025-06-23"),
        ("days_3", "2025-06-27"),
        ("days_0", "2025-06-30"),
        ("expired", "2025-07-01"),
    ]


@pytest.mark.parametrize("lead", [None, ON_EXPIRY, days(30), days(7), months(6), working_days(30)])
def test_no_day_has_two_things_to_tell(lead: Lead | None) -> None:
    planned = planned_for_holder(CALENDAR, lead, RULES, date(2025, 6, 30))

    assert len({p.on for p in planned}) == len(planned)


def test_a_department_is_told_from_near_on() -> None:
    planned = planned_for_department(CALENDAR, months(3), RULES, date(2025, 6, 30))

    assert [p.event for p in planned] == ["near", "urgent", "expired"]


def test_after_an_outage_only_the_most_urgent_is_due() -> None:
    due = due_now(CALENDAR, days(30), RULES, Audience.HOLDER, date(2025, 6, 30), date(2025, 6, 28))

    assert due is not None
    assert due.event == "days_3"


def test_the_last_day_is_told_on_the_working_day_before_a_rest_day() -> None:
    planned = planned_for_holder(CALENDAR, days(30), RULES, date(2026, 6, 30))

    assert ("filing_0", date(2026, 5, 29)) in [(p.event, p.on) for p in planned]


# -- what follows after closing


@pytest.mark.parametrize(
    ("rule", "today", "renewal", "follows"),
    [
        (FOOD, "2025-02-17", RenewalPeriod.NOT_OPEN, None),
        (FOOD, "2025-02-18", RenewalPeriod.OPEN, None),
        (FOOD, "2025-06-09", RenewalPeriod.OPEN, None),
        (FOOD, "2025-06-10", RenewalPeriod.CLOSED, AfterClosing.LATE_ALLOWED),
        (FOOD, "2025-07-01", RenewalPeriod.EXPIRED, AfterClosing.LATE_ALLOWED),
        (DEVICE, "2025-06-10", RenewalPeriod.CLOSED, AfterClosing.NEW_APPLICATION),
        (SAFETY, "2025-03-31", RenewalPeriod.CLOSED, AfterClosing.ASK_ISSUER),
        (SAFETY, "2025-07-01", RenewalPeriod.EXPIRED, AfterClosing.NEW_APPLICATION),
    ],
)
def test_what_follows_is_the_kinds_own(
    rule: KindRule, today: str, renewal: RenewalPeriod, follows: AfterClosing | None
) -> None:
    found = standing(CALENDAR, rule, RULES, date(2025, 6, 30), date.fromisoformat(today))

    assert (found.renewal, found.follows) == (renewal, follows)


@pytest.mark.parametrize("certainty", [Certainty.MEDIUM, Certainty.LOW])
def test_a_closed_renewal_is_never_claimed_of_a_doubtful_rule(certainty: Certainty) -> None:
    doubtful = kind(days(30), after_closing=AfterClosing.NEW_APPLICATION, certainty=certainty)

    found = standing(CALENDAR, doubtful, RULES, date(2025, 6, 30), date(2025, 6, 10))

    assert found.follows is AfterClosing.ASK_ISSUER
    assert doubtful.may_tell_holders == (certainty is Certainty.MEDIUM)


def test_every_kind_of_the_rule_book_has_a_rule(knowledge: Knowledge) -> None:
    kinds = kinds_of(knowledge.base)

    assert kinds["food_operation"] == KindRule(
        "food_operation",
        opens=working_days(90),
        closes=working_days(15),
        after_closing=AfterClosing.LATE_ALLOWED,
    )
    for rule in kinds.values():
        found = standing(CALENDAR, rule, RULES, date(2026, 6, 30), date(2026, 1, 5))
        assert (found.filing_on is not None) is rule.renewable


def test_what_cannot_be_renewed_is_told_by_its_end_alone() -> None:
    ends = date(2025, 6, 30)
    never = kind(after_closing=AfterClosing.NEW_APPLICATION, renewable=False)

    found = [standing(CALENDAR, never, RULES, ends, ends + timedelta(days=n)) for n in (-31, 1)]
    planned = planned_for_holder(CALENDAR, closing_lead(never, RULES), RULES, ends)

    assert [one.renewal for one in found] == [RenewalPeriod.NEVER] * 2
    assert [one.filing_on for one in found] == [None, None]
    assert {one.follows for one in found} == {AfterClosing.NEW_APPLICATION}
    assert [one.level for one in found] == [Level.NEAR, Level.EXPIRED]
    assert not [one for one in planned if one.event.startswith("filing")]
    assert filing_day(CALENDAR, never, RULES, ends) == ends
    assert filing_of(CALENDAR, never, RULES, ends, date(2025, 5, 1)) is Filing.LATE


def test_only_what_the_facts_call_a_new_application_cannot_be_renewed(
    knowledge: Knowledge,
) -> None:
    kinds = kinds_of(knowledge.base)

    assert {rule.id for rule in kinds.values() if not rule.renewable} == {
        "show_approval",
        "event_safety_permit",
        "passenger_route",
        "oversize_pass",
        "fireworks_retail",
    }
    assert not [
        rule.id
        for rule in kinds.values()
        if rule.after_closing is AfterClosing.NEW_APPLICATION
        and rule.closes is None
        and rule.renewable
    ]


# -- the register


@pytest.fixture
def db() -> Database:
    opened = open_database(None)
    with transaction(opened):
        begin_import(opened, file_hash="h", file_name="证照.csv", by_person_id=None, now=NOW)
    return opened


def row(number: str = "JY001", **more: Any) -> CertificateRow:
    given: dict[str, Any] = {
        "kind": "食品经营许可证",
        "kind_id": "food_operation",
        "holder": "示例饭店",
        "department": "market",
        "district": "龙亭区",
        "valid_from": date(2020, 7, 1),
        "expires_on": date(2025, 6, 30),
    }
    return CertificateRow(number=number, **{**given, **more})


def take(db: Database, *rows: CertificateRow, now: datetime = NOW) -> Counter[Change]:
    with transaction(db):
        return apply_certificates(db, rows, import_id=1, now=now)


def test_the_same_rows_twice_change_nothing(db: Database) -> None:
    first = take(db, row(), row("JY002"))
    again = take(db, row(), row("JY002"))

    assert first == {Change.ADDED: 2}
    assert again == {Change.UNCHANGED: 2}


def test_a_number_that_stands_twice_is_taken_once(db: Database) -> None:
    taken = take(db, row(holder="先"), row(holder="后"))

    assert taken == {Change.ADDED: 1, Change.UNCHANGED: 1}
    assert certificates_by_number(db, "JY001")[0].holder == "先"


def test_one_row_says_what_it_did(db: Database) -> None:
    apply_certificate(db, row(), import_id=1, now=NOW)
    closed = row(state=CertificateState.CANCELLED)

    assert compare_certificates(db, [closed]) == {Change.CLOSED: 1}
    assert apply_certificate(db, closed, import_id=1, now=NOW) is Change.CLOSED
    assert not certificates_by_number(db, "JY001")[0].is_watched


def test_two_kinds_may_use_the_same_number(db: Database) -> None:
    take(db, row("001"), row("001", kind="药品经营许可证", kind_id="drug_operation"))

    assert len(certificates_by_number(db, "001")) == 2


@pytest.mark.parametrize("newer_first", [False, True])
def test_newer_dates_of_the_same_holder_and_kind_close_the_old_one(
    db: Database, newer_first: bool
) -> None:
    old = row()
    new = row("JY900", valid_from=date(2025, 7, 1), expires_on=date(2030, 6, 30))

    for one in (new, old) if newer_first else (old, new):
        take(db, one)

    (closed,) = certificates_by_number(db, "JY001")
    assert closed.renewed_by_id == certificates_by_number(db, "JY900")[0].id
    assert closed.renewed_on == date(2025, 7, 1)
    assert certificates_by_number(db, "JY900")[0].is_watched


def test_both_in_one_file_close_too(db: Database) -> None:
    take(db, row("JY900", valid_from=date(2025, 7, 1), expires_on=date(2030, 6, 30)), row())

    assert not certificates_by_number(db, "JY001")[0].is_watched


@pytest.mark.parametrize(
    "other",
    [
        {"holder": "另一家饭店"},
        {"kind_id": "food_production", "kind": "食品生产许可证"},
        {"district": "兰考县"},
        {"valid_from": date(2022, 1, 1)},
        {"valid_from": date(2025, 1, 1), "expires_on": date(2025, 6, 30)},
        {"state": CertificateState.REVOKED},
    ],
)
def test_what_is_no_renewal_closes_nothing(db: Database, other: dict[str, Any]) -> None:
    newer = {"valid_from": date(2025, 7, 1), "expires_on": date(2030, 6, 30), **other}

    take(db, row(), row("JY900", **newer))

    assert certificates_by_number(db, "JY001")[0].is_watched


def test_a_firm_with_two_shops_is_not_guessed_about(db: Database) -> None:
    take(db, row("A"), row("B"))

    take(db, row("C", valid_from=date(2025, 7, 1), expires_on=date(2030, 6, 30)))

    assert certificates_by_number(db, "A")[0].is_watched
    assert certificates_by_number(db, "B")[0].is_watched


def test_an_explicit_renewal_holds_whatever_holder_and_dates_say(db: Database) -> None:
    take(db, row("A"), row("B"))

    take(db, row("C", holder="改名后的饭店", replaces="A"))

    assert not certificates_by_number(db, "A")[0].is_watched
    assert certificates_by_number(db, "B")[0].is_watched


def test_a_renewal_taken_away_opens_the_old_one_again(db: Database) -> None:
    renewal = {"valid_from": date(2025, 7, 1), "expires_on": date(2030, 6, 30)}
    take(db, row(), row("JY900", **renewal))

    take(db, row("JY900", state=CertificateState.WITHDRAWN, **renewal))

    assert certificates_by_number(db, "JY001")[0].is_watched


def test_the_end_may_not_lie_before_the_beginning(db: Database) -> None:
    with pytest.raises(Exception, match="CHECK"):
        take(db, row(expires_on=date(2020, 1, 1)))


def test_a_contact_stays_only_with_consent(db: Database) -> None:
    take(
        db, row("A", contact="13800000000"), row("B", contact="13800000000", consent_on=NOW.date())
    )

    assert db.execute("SELECT count(*) FROM certificate_contacts").fetchone() == (1,)


def test_a_kind_learnt_later_gets_its_rule(db: Database) -> None:
    take(db, row(kind="餐饮证", kind_id=None))
    assert kind_keys(db) == ("?餐饮证",)

    register_kinds(db, {"餐饮证": "food_operation"}.get)

    assert kind_keys(db) == ("food_operation",)


def test_an_import_is_known_once_it_has_ended(db: Database) -> None:
    assert not was_imported(db, "h")

    end_import(db, 1, now=NOW)

    assert was_imported(db, "h")


def test_a_first_issue_has_no_older_one(db: Database) -> None:
    take(db, row("A"), row("B", holder="另一家"))
    take(db, row("A2", valid_from=date(2025, 7, 1), expires_on=date(2030, 6, 30)))

    assert is_first_issue(db, certificates_by_number(db, "B")[0])
    assert not is_first_issue(db, certificates_by_number(db, "A2")[0])


# -- window staff's qualification

BULLETIN = (
    ("示范区", 77, 55, "71.42%", 0),
    ("龙亭区", 19, 5, "26.31%", 9),
    ("尉氏县", 76, 23, "30.26%", 31),
    ("祥符区", 85, 38, "44.70%", 22),
    ("通许县", 58, 10, "17.24%", 31),
    ("杞县", 49, 17, "34.69%", 18),
    ("禹王台区", 52, 29, "55.76%", 8),
    ("鼓楼区", 19, 17, "89.47%", 0),
    ("顺河回族区", 22, 5, "22.72%", 11),
    ("兰考县", 126, 47, "37.30%", 42),
)


@pytest.mark.parametrize(("unit", "staff", "holders", "rate", "missing"), BULLETIN)
def test_the_citys_table_of_qualified_staff(
    unit: str, staff: int, holders: int, rate: str, missing: int
) -> None:
    found = QualifiedStaff(unit, staff, holders)

    assert (found.rate.text(), found.missing()) == (rate, missing)
    assert found.meets() == (missing == 0)


def test_qualified_staff_show_both_parts_and_who_is_missing(desk: Desk) -> None:
    units = [QualifiedStaff(unit, staff, holders) for unit, staff, holders, _, _ in BULLETIN]

    shown = qualification_reply(desk.base, units, rates=Rates(), on=date(2025, 2, 28))

    assert (total_of(units, "合计").holders, total_of(units, "合计").staff) == (246, 583)
    assert "兰考县：持证上岗率 37.30%（47/126），到 70% 还差 42 人" in shown.text
    assert "鼓楼区：持证上岗率 89.47%（17/19），已到 70%" in shown.text
    assert "无数据" in qualification_reply(desk.base, (), rates=Rates(), on=date(2025, 2, 28)).text


def test_a_unit_without_staff_meets_nothing() -> None:
    assert QualifiedStaff("x", 0, 0).rate.text() == "—"
    assert not QualifiedStaff("x", 0, 0).meets()
