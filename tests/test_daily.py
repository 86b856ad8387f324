"""The day's fixed messages, on time and made up for: once each, never at night or on rest days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from bot import daily
from bot.clock import LOCAL
from bot.desk import Desk
from bot.dialogue import Channel
from bot.records.people import person_by_id
from bot.views.alerts import render_alert
from reminders import outbox
from tests.conftest import Clock, Talker


@pytest.fixture
def at(zhou: Talker, clock: Clock) -> Callable[[str], list[str]]:
    """Return what makes the due messages at an instant and returns the new ones' texts."""
    seen: set[int] = set()

    def make(instant: str) -> list[str]:
        clock.at = datetime.fromisoformat(instant).replace(tzinfo=LOCAL)
        daily.send_due(zhou.desk)
        rows = outbox.claim(zhou.desk.db, now=clock.at, lease_seconds=0, limit=100)
        texts = []
        for row in rows:
            if row.id not in seen and row.recipient.person_id == zhou.person.id:
                seen.add(row.id)
                person = person_by_id(zhou.desk.db, zhou.person.id)
                reply = render_alert(zhou.desk, row, person, Channel.WEB)
                assert reply is not None
                texts.append(reply.text)
        return texts

    return make


def job_runs(desk: Desk) -> list[tuple[str, str, int]]:
    rows = desk.db.execute(
        "SELECT job, slot_at, late FROM job_runs WHERE ended_at IS NOT NULL ORDER BY job, slot_at"
    ).fetchall()
    return [(job, slot[:16], late) for job, slot, late in rows]


def test_on_time_nothing_is_called_late(at: Callable[[str], list[str]], desk: Desk) -> None:
    (text,) = at("2025-02-05T17:30")

    assert "补发" not in text
    assert at("2025-02-05T17:31") == []
    assert job_runs(desk) == [("summary", "2025-02-05T17:30", 0)]


def test_a_summary_missed_by_minutes_is_made_up_for_once(
    at: Callable[[str], list[str]], desk: Desk
) -> None:
    at("2025-02-05T17:30")
    at("2025-02-06T08:30")

    (text,) = at("2025-02-06T17:45")

    assert text.startswith("【补发】2月6日 17:30 的小结")
    assert "截至 17:45" in text
    assert at("2025-02-06T17:50") == []
    assert ("summary", "2025-02-06T17:30", 1) in job_runs(desk)


def test_a_missed_summary_waits_for_the_morning(at: Callable[[str], list[str]]) -> None:
    at("2025-02-05T17:30")
    at("2025-02-06T08:30")

    assert at("2025-02-06T19:10") == []
    assert at("2025-02-07T07:00") == []
    summary, full_day = at("2025-02-07T09:20")

    assert summary.startswith("【补发】2月6日 17:30 的小结")
    assert "（全天）" in summary
    assert full_day.startswith("【补发】2月7日 08:30 的全天数。2月6日（周四）全天")
    assert at("2025-02-07T09:21") == []


def test_on_a_rest_day_nothing_is_made_up_for(at: Callable[[str], list[str]]) -> None:
    at("2025-01-23T17:30")
    at("2025-01-24T08:30")

    assert at("2025-01-25T10:00") == []
    summary, full_day = at("2025-01-26T10:00")

    assert summary.startswith("【补发】1月24日 17:30")
    assert "1月24日（周五）至1月25日（周六）全天" in full_day


def test_many_missed_days_become_one_message_about_all(
    at: Callable[[str], list[str]], desk: Desk
) -> None:
    at("2025-02-10T17:30")

    summary, full_day = at("2025-02-13T10:00")

    assert summary.startswith("【补发】2月12日 17:30")
    assert "2月10日（周一）至2月12日（周三）全天" in full_day
    assert at("2025-02-13T10:01") == []
    replaced = [slot for job, slot, late in job_runs(desk) if job == "full-day" and late]
    assert replaced == ["2025-02-11T08:30", "2025-02-12T08:30", "2025-02-13T08:30"]


def test_the_administrator_hears_of_it(at: Callable[[str], list[str]], zhou: Talker) -> None:
    at("2025-02-06T08:30")
    at("2025-02-06T17:50")

    rows = outbox.claim(zhou.desk.db, now=zhou.desk.now(), lease_seconds=0, limit=100)
    (row,) = [row for row in rows if row.kind == "run_caught_up"]
    reply = render_alert(zhou.desk, row, zhou.person, Channel.WEB)

    assert reply is not None
    assert reply.text == "当日小结 17:30 未运行，17:50 补发 1 条。"


def test_a_new_installation_missed_nothing(at: Callable[[str], list[str]]) -> None:
    assert at("2025-02-06T10:00") == []


def test_a_run_cut_off_is_finished_and_told_once(
    at: Callable[[str], list[str]], desk: Desk
) -> None:
    at("2025-02-06T08:30")
    (text,) = at("2025-02-06T17:30")
    desk.db.execute("UPDATE job_runs SET ended_at = NULL WHERE job = 'summary'")

    assert text
    assert at("2025-02-06T17:35") == []
    assert ("summary", "2025-02-06T17:30", 0) in job_runs(desk)
