"""The daily sweep: once each, one message a person, quiet where it must be, honest about itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlite_utils import Database

from bot.clock import LOCAL
from bot.database import open_database, transaction
from reminders import outbox
from reminders.certificate_figures import (
    count_levels,
    count_renewals,
    count_telling,
    filed,
    lapsed,
    unreached,
    worst,
)
from reminders.certificate_holders import (
    Answer,
    NotOptedIn,
    Outcome,
    acknowledge_certificate,
    answer,
    certificate_of_code,
    held_by,
    is_tail,
    make_opt_in_code,
    opt_in,
    stop_telling,
)
from reminders.certificate_rules import (
    AfterClosing,
    Certainty,
    KindRule,
    Lead,
    LeadUnit,
    Level,
    Rules,
)
from reminders.certificate_sweep import (
    CHECKED,
    CertificateSweep,
    decide_certificates,
    notice_silence,
    sent_on,
    sweep_certificates,
    told_in,
)
from reminders.certificates import (
    Certificate,
    CertificateRow,
    CertificateState,
    apply_certificates,
    begin_import,
    certificate_by_id,
    certificates_by_number,
)
from reminders.recipients import CITY, Scope
from reminders.working_days import load_calendar

CALENDAR = load_calendar(None)[0]
RULES = Rules()
KINDS = {
    "food": KindRule(
        "food",
        opens=Lead(90, LeadUnit.WORKING_DAY),
        closes=Lead(15, LeadUnit.WORKING_DAY),
        after_closing=AfterClosing.LATE_ALLOWED,
    ),
    "doubtful": KindRule("doubtful", certainty=Certainty.LOW),
}
ENDS = date(2025, 6, 30)
WANG, SON = 7, 8


def at(day: str, hour: int = 8) -> datetime:
    return datetime.fromisoformat(f"{day}T{hour:02}:10").replace(tzinfo=LOCAL)


@pytest.fixture
def db() -> Database:
    opened = open_database(None)
    with transaction(opened):
        begin_import(
            opened, file_hash="h", file_name="r.csv", by_person_id=None, now=at("2025-01-02")
        )
    return opened


def put(db: Database, number: str = "JY0001", **more: Any) -> Certificate:
    given: dict[str, Any] = {
        "kind": "食品经营许可证",
        "kind_id": "food",
        "holder": f"示例饭店{number}",
        "department": "market",
        "district": "龙亭区",
        "expires_on": ENDS,
    }
    row = CertificateRow(number=number, **{**given, **more})
    with transaction(db):
        apply_certificates(db, [row], import_id=1, now=at("2025-01-02"))
    return certificates_by_number(db, number)[-1]


def agree(db: Database, certificate: Certificate, person: int = WANG) -> None:
    now = at("2025-01-02")
    with transaction(db):
        code = make_opt_in_code(db, certificate, made_by=None, now=now)
        opt_in(db, certificate, person, code.code, now=now)


def held(db: Database, number: str = "JY0001", **more: Any) -> Certificate:
    certificate = put(db, number, **more)
    agree(db, certificate)
    return certificate


def sweep(db: Database, day: str, rules: Rules = RULES, hour: int = 8) -> CertificateSweep:
    return sweep_certificates(
        db, CALENDAR, KINDS, rules, now=at(day, hour), transaction=transaction
    )


def told(swept: CertificateSweep, person: int | None = WANG) -> list[str]:
    return [d.event for d in swept.decisions if d.person_id == person]


def messages(db: Database) -> int:
    query = "SELECT count(*) FROM outbox WHERE kind = 'certificate_alerts'"
    return int(db.execute(query).fetchone()[0])


# -- when


def test_a_certificate_is_told_on_its_days_and_on_no_other(db: Database) -> None:
    held(db)
    days = [date(2025, 3, 25) + timedelta(days=n) for n in range(110)]

    found = {str(day): event for day in days for event in told(sweep(db, str(day)))}

    assert found == {
        "2025-04-01": "early",
        "2025-05-01": "near",
        "2025-05-25": "filing_15",
        "2025-05-31": "urgent",
        "2025-06-09": "filing_0",
        "2025-06-23": "days_7",
        "2025-06-27": "days_3",
        "2025-06-30": "days_0",
        "2025-07-01": "expired",
    }


def test_a_second_sweep_of_the_day_tells_nothing(db: Database) -> None:
    held(db)
    sweep(db, "2025-04-01")

    again = sweep(db, "2025-04-01", hour=9)

    assert (again.due, again.messages, messages(db)) == (0, 0, 1)


def test_after_an_outage_only_the_most_urgent_is_told(db: Database) -> None:
    held(db)
    sweep(db, "2025-04-01")

    assert told(sweep(db, "2025-06-28")) == ["days_3"]


def test_a_clock_that_jumps_back_repeats_nothing(db: Database) -> None:
    held(db)
    sweep(db, "2025-06-28")

    assert told(sweep(db, "2025-05-01")) == []
    assert told(sweep(db, "2025-06-30")) == ["days_0"]


def test_the_day_before_anything_is_due_is_silent(db: Database) -> None:
    held(db)

    assert sweep(db, "2025-03-31").due == 0


def test_what_ended_long_ago_is_not_told(db: Database) -> None:
    held(db, expires_on=date(2025, 1, 31))

    assert sweep(db, "2025-06-01").due == 0


def test_a_dry_run_writes_nothing(db: Database) -> None:
    held(db)

    found = list(decide_certificates(db, CALENDAR, KINDS, RULES, now=at("2025-04-01")))

    assert [d.event for d in found] == ["early"]
    assert messages(db) == 0
    assert told(sweep(db, "2025-04-01")) == ["early"]


def test_what_is_told_names_level_and_announced_day(db: Database) -> None:
    held(db)

    (decision,) = (d for d in sweep(db, "2025-06-09").decisions if d.person_id == WANG)

    assert (decision.level, decision.due_on) == (Level.URGENT, date(2025, 6, 9))
    assert decision.recipient == "person:7"


# -- to whom


def test_three_chats_of_one_holder_are_each_told(db: Database) -> None:
    certificate = held(db)
    agree(db, certificate, SON)
    agree(db, certificate, 9)

    swept = sweep(db, "2025-04-01")

    assert {d.person_id for d in swept.decisions} == {WANG, SON, 9}


def test_two_hundred_certificates_are_one_message(db: Database) -> None:
    for n in range(200):
        held(db, f"JY{n:04}")

    swept = sweep(db, "2025-05-31")

    assert (swept.messages, messages(db)) == (1, 1)
    key = db.execute("SELECT dedupe_key FROM outbox WHERE person_id = 7").fetchone()[0]
    assert len(told_in(db, key)) == 200


def test_what_becomes_due_later_in_the_day_joins_the_unsent_message(db: Database) -> None:
    held(db)
    sweep(db, "2025-04-01")
    held(db, "JY0002")

    sweep(db, "2025-04-01", hour=9)

    assert messages(db) == 1


def test_what_becomes_due_after_sending_is_a_message_of_its_own(db: Database) -> None:
    held(db)
    sweep(db, "2025-04-01")
    outbox.claim(db, now=at("2025-04-01", 10), lease_seconds=60, limit=9)
    held(db, "JY0002")

    assert sweep(db, "2025-04-01", hour=11).messages == 1


def test_the_department_is_told_whoever_agreed(db: Database) -> None:
    put(db)

    swept = sweep(db, "2025-05-01")

    assert [d.recipient for d in swept.decisions] == ["department:market"]
    assert messages(db) == 0


@pytest.mark.parametrize(
    "more",
    [
        {"expires_on": None},
        {"state": CertificateState.CANCELLED},
        {"state": CertificateState.REVOKED},
        {"state": CertificateState.WITHDRAWN},
        {"state": CertificateState.REPLACED},
        {"expires_on": date(9999, 12, 31)},
    ],
)
def test_what_cannot_lapse_never_alerts(db: Database, more: dict[str, Any]) -> None:
    held(db, **more)

    assert sweep(db, "2025-06-01").due == 0


@pytest.mark.parametrize("kind", [None, "doubtful"])
def test_a_kind_without_a_sure_rule_tells_the_department_alone(
    db: Database, kind: str | None
) -> None:
    held(db, kind="不知名的证", kind_id=kind)

    swept = sweep(db, "2025-06-01")

    assert [d.recipient for d in swept.decisions] == ["department:market"]


def test_an_excluded_kind_tells_nobody(db: Database) -> None:
    held(db)
    rules = replace(RULES, excluded_kinds=frozenset({"food"}))

    assert sweep(db, "2025-06-01", rules).due == 0
    assert count_levels(db, CALENDAR, KINDS, rules, Scope(), date(2025, 6, 1)) == ()


def test_a_palette_is_no_rule_and_other_numbers_are(db: Database) -> None:
    held(db)
    earlier = replace(RULES, days_left=(120, 60, 30))

    assert told(sweep(db, "2025-03-02", earlier)) == ["early"]


# -- answers


@pytest.mark.parametrize("said", list(Answer))
def test_an_answer_is_quiet_for_every_holder_but_not_for_the_department(
    db: Database, said: Answer
) -> None:
    certificate = held(db)
    agree(db, certificate, SON)
    with transaction(db):
        answer(db, certificate, WANG, said, now=at("2025-04-02"))

    swept = sweep(db, "2025-05-01")

    assert [d.recipient for d in swept.decisions] == ["department:market"]


def test_no_more_telling_holds_for_one_chat_alone(db: Database) -> None:
    certificate = held(db)
    agree(db, certificate, SON)
    with transaction(db):
        stop_telling(db, certificate, WANG, now=at("2025-04-02"))

    swept = sweep(db, "2025-05-01")

    assert {d.recipient for d in swept.decisions} == {"department:market", "person:8"}


def test_a_corrected_register_answers_that_it_was_wrong(db: Database) -> None:
    certificate = held(db)
    with transaction(db):
        answer(db, certificate, WANG, Answer.WRONG, now=at("2025-04-02"))

    put(db, holder="改对了的饭店")

    assert told(sweep(db, "2025-05-01")) == ["near"]


def test_a_renewal_closes_the_old_and_is_told_of_in_its_own_time(db: Database) -> None:
    held(db, holder="示例饭店")
    put(
        db,
        "JY0009",
        holder="示例饭店",
        valid_from=date(2025, 6, 20),
        expires_on=date(2030, 6, 19),
    )

    assert sweep(db, "2025-06-23").due == 0
    assert [c.number for c in held_by(db, WANG)] == ["JY0009"]
    assert told(sweep(db, "2030-03-21")) == ["early"]


def test_dates_renewed_in_place_start_afresh(db: Database) -> None:
    held(db)
    sweep(db, "2025-06-30")

    put(db, expires_on=date(2030, 6, 30))

    assert told(sweep(db, "2030-06-30")) == ["days_0"]


# -- consent


def test_a_code_needs_the_numbers_tail_and_dies_of_guessing(db: Database) -> None:
    certificate = put(db)
    now = at("2025-01-02")
    code = make_opt_in_code(db, certificate, made_by=None, now=now).code

    assert certificate_of_code(db, code.lower(), WANG, now=now) == certificate.id
    assert is_tail(db, code, certificate, "jy-0001")
    for _ in range(5):
        assert not is_tail(db, code, certificate, "9999")

    with pytest.raises(NotOptedIn) as refused:
        certificate_of_code(db, code, WANG, now=now)
    assert refused.value.reason == "code_used"


def test_a_code_works_for_one_person_and_thirty_days(db: Database) -> None:
    certificate = put(db)
    now = at("2025-01-02")
    code = make_opt_in_code(db, certificate, made_by=None, now=now).code

    with pytest.raises(NotOptedIn):
        certificate_of_code(db, code, WANG, now=now + timedelta(days=31))
    opt_in(db, certificate, WANG, code, now=now)
    assert certificate_of_code(db, code, WANG, now=now) == certificate.id
    with pytest.raises(NotOptedIn):
        certificate_of_code(db, code, SON, now=now)
    assert certificate_of_code(db, "NOSUCH22", WANG, now=now) is None


# -- the administrator


def test_the_self_check_counts_what_was_looked_at_due_and_sent(db: Database) -> None:
    held(db)
    held(db, "JY0002", expires_on=date(2025, 8, 1))
    held(db, "JY0003", expires_on=date(2027, 8, 1))

    swept = sweep(db, "2025-05-31")

    facts = db.execute("SELECT facts FROM outbox WHERE kind = ?", [CHECKED]).fetchone()[0]
    # JY0002 has 62 days left and 38 to its filing day: early, nothing for the department yet.
    assert (swept.checked, swept.due) == (2, 3)
    assert '"checked":"2"' in facts
    assert sent_on(db, date(2025, 5, 31)).waiting == 1
    (row_id,) = db.execute("SELECT id FROM outbox WHERE person_id = 7").fetchone()
    outbox.mark_failed(db, row_id, now=at("2025-05-31", 9), reason="unreachable")
    assert sent_on(db, date(2025, 5, 31)).failed == 1


def test_a_sweep_that_stayed_away_is_noticed_once(db: Database) -> None:
    sweep(db, "2025-05-30")

    assert not notice_silence(db, now=at("2025-05-30", 12))
    assert notice_silence(db, now=at("2025-05-31", 12))
    assert not notice_silence(db, now=at("2025-05-31", 13))


def test_a_killed_sweep_is_finished_by_the_next(db: Database) -> None:
    held(db)

    class KilledError(Exception):
        pass

    calls = []

    def dying(database: Database) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise KilledError
        return transaction(database)

    with pytest.raises(KilledError):
        sweep_certificates(db, CALENDAR, KINDS, RULES, now=at("2025-05-01"), transaction=dying)

    assert notice_silence(db, now=at("2025-05-01", 12))
    swept = sweep(db, "2025-05-01", hour=13)
    assert (told(swept), swept.messages) == (["near"], 1)


# -- the department's figures


def levels(db: Database, day: str, scope: Scope = CITY) -> list[tuple[int, int, int, int]]:
    counted = count_levels(db, CALENDAR, KINDS, RULES, scope, date.fromisoformat(day))
    return [(c.early, c.near, c.urgent, c.expired) for c in counted]


def test_levels_are_counted_by_kind_and_department(db: Database) -> None:
    put(db)
    put(db, "JY0002", department="health")
    put(db, "JY0003", expires_on=date(2025, 7, 20))
    put(db, "JY0004", expires_on=date(2025, 5, 20))

    assert levels(db, "2025-06-01") == [(0, 0, 1, 0), (0, 1, 1, 1)]
    assert levels(db, "2025-06-01", Scope(None, "health")) == [(0, 0, 1, 0)]
    assert levels(db, "2025-06-01", Scope("兰考县")) == []


def test_the_first_to_end_stand_first_and_scope_holds(db: Database) -> None:
    put(db, "JY0001")
    put(db, "JY0002", expires_on=date(2025, 6, 20))
    put(db, "JY0003", district="兰考县", expires_on=date(2025, 6, 10))
    listed = worst(
        db, CALENDAR, KINDS, RULES, Scope("龙亭区"), Level.URGENT, date(2025, 6, 9), limit=5
    )

    assert [c.number for c in listed] == ["JY0002", "JY0001"]


def test_whom_no_message_reached_is_for_a_phone_call(db: Database) -> None:
    one, two = held(db), put(db, "JY0002")
    sweep(db, "2025-06-27")
    (row_id,) = db.execute("SELECT id FROM outbox WHERE person_id = 7").fetchone()
    today = date(2025, 6, 27)

    assert unreached(db, CALENDAR, KINDS, RULES, Scope(), today, days=3, limit=9)[0] == 2
    outbox.mark_sent(db, row_id, now=at("2025-06-27", 9), sent_as="m1")
    assert unreached(db, CALENDAR, KINDS, RULES, Scope(), today, days=3, limit=9)[1] == (two,)
    acknowledge_certificate(db, two, 99, Outcome.NOTED, now=at("2025-06-27", 10))
    assert unreached(db, CALENDAR, KINDS, RULES, Scope(), today, days=3, limit=9)[0] == 1
    acknowledge_certificate(db, two, 99, Outcome.CALLED, now=at("2025-06-27", 10))
    assert unreached(db, CALENDAR, KINDS, RULES, Scope(), today, days=3, limit=9)[0] == 0
    told_ = count_telling(db, CALENDAR, KINDS, RULES, Scope(), today, ENDS)
    assert (told_.due, told_.told, told_.reached) == (2, 1, 1)
    assert one.id != two.id


def test_a_message_of_months_ago_reached_nobody_now(db: Database) -> None:
    held(db)
    sweep(db, "2025-04-01")
    (row_id,) = db.execute("SELECT id FROM outbox WHERE person_id = 7").fetchone()
    outbox.mark_sent(db, row_id, now=at("2025-04-01", 9), sent_as="m1")

    def waiting(day: str, days: int) -> int:
        on = date.fromisoformat(day)
        return unreached(db, CALENDAR, KINDS, RULES, Scope(), on, days=days, limit=9)[0]

    assert waiting("2025-04-20", 90) == 0
    assert (waiting("2025-06-28", 3), waiting("2025-06-05", 30)) == (1, 1)
    telling = count_telling(db, CALENDAR, KINDS, RULES, Scope(), date(2025, 6, 28), ENDS)
    assert (telling.due, telling.told, telling.reached) == (1, 0, 0)


def test_who_filed_needs_no_phone_call(db: Database) -> None:
    certificate = held(db)
    answer(db, certificate, WANG, Answer.FILED, now=at("2025-06-02"))

    today = date(2025, 6, 28)
    assert unreached(db, CALENDAR, KINDS, RULES, Scope(), today, days=3, limit=9)[0] == 0


def test_filed_and_lapsed_are_listed(db: Database) -> None:
    certificate = held(db)
    put(db, "JY0002", expires_on=date(2025, 5, 20))
    with transaction(db):
        answer(db, certificate, WANG, Answer.FILED, now=at("2025-06-02"))
    today = date(2025, 6, 3)

    found = filed(db, CALENDAR, KINDS, RULES, Scope(), today, limit=9)
    assert [c.number for c in found.certificates] == ["JY0001"]
    since = date(2025, 5, 1)
    assert [c.number for c in lapsed(db, RULES, Scope(), since, today, limit=9)[1]] == ["JY0002"]


@pytest.mark.parametrize(
    ("filed_on", "in_time", "late", "lapsed_"),
    [
        ("2025-06-09", 1, 0, 0),
        ("2025-06-10", 0, 1, 0),
        ("2025-06-30", 0, 1, 0),
        ("2025-07-01", 0, 1, 1),
    ],
)
def test_what_was_filed_in_time_is_granted_and_not_lapsed(
    db: Database, filed_on: str, in_time: int, late: int, lapsed_: int
) -> None:
    certificate = held(db)
    with transaction(db):
        answer(db, certificate, WANG, Answer.FILED, now=at(filed_on))
    today = date(2025, 7, 10)

    found = filed(db, CALENDAR, KINDS, RULES, Scope(), today, limit=9)

    assert (found.in_time, found.late) == (in_time, late)
    assert lapsed(db, RULES, Scope(), ENDS, today, limit=9)[0] == lapsed_


@pytest.mark.parametrize(
    ("begins", "on_time", "late"),
    [("2025-06-20", 1, 0), ("2025-07-01", 1, 0), ("2025-07-02", 0, 1)],
)
def test_the_rate_of_renewal_in_time_has_both_parts(
    db: Database, begins: str, on_time: int, late: int
) -> None:
    put(db, holder="示例饭店")
    put(db, "JY0002")
    put(db, "JY0003", state=CertificateState.REVOKED)
    put(db, "JY0004", state=CertificateState.REPLACED)
    begins_on = date.fromisoformat(begins)
    put(db, "JY0009", holder="示例饭店", valid_from=begins_on, expires_on=date(2030, 6, 19))

    found = count_renewals(db, RULES, Scope(), date(2025, 1, 1), date(2025, 7, 10))

    assert (found.expiring, found.on_time, found.late, found.undated) == (3, on_time, late, 1)
    assert certificate_by_id(db, 1).number == "JY0001"


def renewed_parts(db: Database, scope: Scope = CITY) -> tuple[int, int, int]:
    found = count_renewals(db, RULES, scope, date(2025, 1, 1), date(2025, 12, 31))
    return found.expiring, found.on_time, found.late


@pytest.mark.parametrize(
    ("begins", "parts"),
    [("2025-06-20", (1, 1, 0)), ("2025-07-01", (1, 1, 0)), ("2025-07-02", (1, 0, 1))],
)
def test_a_renewal_under_the_same_number_counts(
    db: Database, begins: str, parts: tuple[int, int, int]
) -> None:
    put(db, valid_from=date(2020, 7, 1))
    put(db, valid_from=date.fromisoformat(begins), expires_on=date(2030, 6, 19))

    assert renewed_parts(db) == parts
    assert renewed_parts(db, Scope("龙亭区", "market")) == parts
    assert renewed_parts(db, Scope("兰考县")) == (0, 0, 0)


def test_without_a_new_beginning_the_day_we_learn_of_it_counts(db: Database) -> None:
    put(db)
    put(db, expires_on=date(2030, 6, 30))
    put(db, expires_on=date(2030, 6, 30))

    assert renewed_parts(db) == (1, 1, 0)


def test_a_renewal_put_back_or_a_corrected_end_is_none(db: Database) -> None:
    put(db)
    put(db, expires_on=date(2030, 6, 30))
    put(db)
    put(db, "JY0002", expires_on=date(2029, 6, 30))
    put(db, "JY0002", expires_on=date(2030, 6, 30))

    assert renewed_parts(db) == (1, 0, 0)
    whole = count_renewals(db, RULES, CITY, date(2025, 1, 1), date(2031, 1, 1))
    assert (whole.expiring, whole.on_time) == (2, 0)


def test_a_new_term_under_the_same_number_is_told_afresh(db: Database) -> None:
    held(db, valid_from=date(2020, 7, 1))
    assert told(sweep(db, "2025-06-23")) == ["days_7"]
    put(db, valid_from=date(2025, 7, 1), expires_on=date(2030, 6, 30))

    quiet = sweep(db, "2025-06-27")
    days = ("2030-04-01", "2030-05-01", "2030-05-31", "2030-06-23")
    swept = [sweep(db, day) for day in days]

    assert told(quiet) == []
    assert quiet.due == 0
    assert [told(one) for one in swept] == [["early"], ["near"], ["urgent"], ["days_7"]]
    assert [told(one, None) for one in swept] == [[], ["near"], ["urgent"], []]
