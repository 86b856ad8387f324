"""The outbox keeps what must be told until it was told, and hands it to one worker at a time."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlite_utils import Database

from bot.clock import LOCAL
from bot.database import open_database, transaction
from reminders import outbox
from reminders.alerts import Alert
from reminders.outbox import Waiting
from reminders.recipients import Recipient, Role, Scope

NOON = datetime(2025, 1, 24, 12, 0, tzinfo=LOCAL)


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def an_alert(key: str = "a", *, not_before_at: datetime | None = None) -> Alert:
    return Alert("note", Recipient(person_id=7), {"number": "N1"}, key, not_before_at)


def claim(db: Database, at: datetime = NOON, *, limit: int = 10) -> tuple[Waiting, ...]:
    with transaction(db):
        return outbox.claim(db, now=at, lease_seconds=60, limit=limit)


@pytest.fixture
def db() -> Database:
    return open_database(None)


def test_planning_twice_puts_in_once(db: Database) -> None:
    assert outbox.put(db, [an_alert("a"), an_alert("b")], now=NOON) == 2

    assert outbox.put(db, [an_alert("b"), an_alert("c")], now=NOON) == 1

    assert [waiting.dedupe_key for waiting in claim(db)] == ["a", "b", "c"]


def test_what_was_put_in_comes_out(db: Database) -> None:
    recipient = Recipient(role=Role.LEAD, scope=Scope("龙亭区", None, "longting-01"))
    outbox.put(db, [Alert("note", recipient, {"谁": "“甲”"}, "k")], now=NOON)

    (waiting,) = claim(db)

    assert (waiting.kind, waiting.recipient, waiting.facts) == ("note", recipient, {"谁": "“甲”"})
    assert (waiting.put_at, waiting.attempts, waiting.failure) == (NOON, 1, None)


def test_a_claimed_row_is_nobody_elses_until_the_lease_ends(db: Database) -> None:
    outbox.put(db, [an_alert()], now=NOON)
    claim(db)

    assert claim(db, later(59.999)) == ()
    assert len(claim(db, later(60))) == 1


def test_a_sent_or_failed_row_never_comes_again(db: Database) -> None:
    outbox.put(db, [an_alert("a"), an_alert("b")], now=NOON)
    first, second = claim(db)

    outbox.mark_sent(db, first.id, now=NOON, sent_as="12")
    outbox.mark_failed(db, second.id, now=NOON, reason="unreachable")

    assert claim(db, later(1e6)) == ()
    assert outbox.waiting_count(db) == 0


@pytest.mark.parametrize(("at", "expected"), [(9, 0), (10, 1), (11, 1)])
def test_a_row_waits_for_its_hour(db: Database, at: float, expected: int) -> None:
    outbox.put(db, [an_alert(not_before_at=later(10))], now=NOON)

    assert len(claim(db, later(at))) == expected


@pytest.mark.parametrize(("at", "expected"), [(4.9, 0), (5, 1)])
def test_a_row_given_back_waits_for_its_next_try(db: Database, at: float, expected: int) -> None:
    outbox.put(db, [an_alert()], now=NOON)
    (waiting,) = claim(db)

    outbox.retry_later(db, waiting.id, now=NOON, seconds=5, reason="flood")

    again = claim(db, later(at))
    assert [(w.attempts, w.failure) for w in again] == [(2, "flood")] * expected


def test_an_unknown_outcome_is_not_forgotten_for_a_later_reason(db: Database) -> None:
    outbox.put(db, [an_alert()], now=NOON)
    (waiting,) = claim(db)

    outbox.retry_later(db, waiting.id, now=NOON, seconds=0, reason=outbox.UNKNOWN)
    outbox.retry_later(db, waiting.id, now=NOON, seconds=0, reason="flood")

    assert claim(db)[0].failure == outbox.UNKNOWN


def test_a_row_put_back_was_not_tried(db: Database) -> None:
    outbox.put(db, [an_alert()], now=NOON)
    (waiting,) = claim(db)

    outbox.put_back(db, waiting.id)

    assert claim(db)[0].attempts == 1


def test_a_dead_process_leaves_what_was_on_its_way_in_doubt(db: Database) -> None:
    outbox.put(db, [an_alert()], now=NOON)
    (waiting,) = claim(db)
    outbox.begin_sending(db, waiting.id, now=NOON)

    assert outbox.release_expired(db, now=later(1), ending_by=later(61)) == 1

    (repeated,) = claim(db, later(1))
    assert (repeated.failure, repeated.attempts) == (outbox.UNKNOWN, 2)


def test_a_dead_process_leaves_what_waited_its_turn_untried(db: Database) -> None:
    outbox.put(db, [an_alert()], now=NOON)

    for n in range(10):
        claim(db, later(n))
        assert outbox.release_expired(db, now=later(n), ending_by=later(n + 60)) == 0

    (free,) = claim(db, later(10))
    assert (free.failure, free.attempts) == (None, 1)


def test_a_row_that_kills_the_process_is_given_up_in_the_end(db: Database) -> None:
    outbox.put(db, [an_alert()], now=NOON)

    deaths = 0
    while waiting := claim(db, later(deaths)):
        outbox.begin_sending(db, waiting[0].id, now=later(deaths))
        outbox.release_expired(db, now=later(deaths), ending_by=later(deaths + 60))
        deaths += 1

    assert deaths == outbox.MOST_DEATHS
    assert outbox.waiting_count(db) == 0


def test_release_leaves_running_claims_alone(db: Database) -> None:
    outbox.put(db, [an_alert()], now=NOON)
    claim(db)

    assert outbox.release_expired(db, now=later(1), ending_by=later(1)) == 0


def test_a_batch_is_limited_and_oldest_first(db: Database) -> None:
    outbox.put(db, [an_alert(str(n)) for n in range(5)], now=NOON)

    assert [w.dedupe_key for w in claim(db, limit=2)] == ["0", "1"]
    assert [w.dedupe_key for w in claim(db, limit=2)] == ["2", "3"]


def test_the_oldest_waiting_row_is_one_that_may_go(db: Database) -> None:
    assert outbox.oldest_waiting_at(db, now=NOON) is None
    outbox.put(db, [an_alert("a", not_before_at=later(100))], now=NOON)
    outbox.put(db, [an_alert("b")], now=later(5))

    assert outbox.oldest_waiting_at(db, now=later(10)) == later(5)
    assert outbox.waiting_count(db) == 2


def test_nothing_is_put_in_when_the_transaction_fails(db: Database) -> None:
    def put_and_fail() -> None:
        with transaction(db):
            outbox.put(db, [an_alert()], now=NOON)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        put_and_fail()

    assert claim(db) == ()
