"""The demonstration: every role finds something to do, whatever the program's clock says."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from bot.clock import parse_instant
from bot.demo import demo_person, fill_demo
from bot.desk import Desk
from bot.dialogue import CITY, Channel, Role, Scope
from bot.records.people import Address
from bot.records.roster import Roster
from bot.reports.certificates import kinds_of, rules_of
from bot.reports.oversight import supervise
from reminders.cases import open_cases
from reminders.certificate_figures import count_levels
from reminders.certificate_rules import Level

CLOCKS = ("2025-01-24T16:00", "2025-10-02T09:00", "2026-02-28T08:29")


@pytest.fixture(params=CLOCKS)
def demo(request: pytest.FixtureRequest, desk: Desk) -> Desk:
    """Return the desk of a demonstration that began at an instant."""
    at: datetime = parse_instant(request.param)
    settings = desk.settings.model_copy(update={"demo": True})
    begun = replace(desk, settings=settings, now=lambda: at)
    fill_demo(begun)
    return begun


def test_there_are_cases_of_every_light(demo: Desk) -> None:
    rules = demo.settings.oversight.rules()

    total = supervise(demo.db, CITY, demo.calendar, rules, on=demo.today()).total

    assert total.on_track > 0
    assert total.due_soon > 0
    assert total.overdue > 0


def test_there_are_certificates_of_every_level(demo: Desk) -> None:
    kinds, rules = kinds_of(demo.base), rules_of(demo.settings)

    counted = count_levels(demo.db, demo.calendar, kinds, rules, CITY, demo.today())

    assert all(sum(row.at(level) for row in counted) for level in Level)


def test_who_plays_the_clerk_has_cases_of_their_own(demo: Desk) -> None:
    clerk = demo_person(demo, Role.CLERK, Address(Channel.WEB, "phone-1"))
    roster = Roster(demo.db)

    handlers = {roster.handler(case, demo.today()) for case in open_cases(demo.db, CITY)}

    assert clerk.id in handlers


def test_the_lead_sees_only_the_own_windows_cases(demo: Desk) -> None:
    lead = demo_person(demo, Role.LEAD, Address(Channel.WEB, "phone-2"))

    seen = open_cases(demo.db, lead.scope)

    assert {case.scope.district for case in seen} == {"龙亭区"}
    assert len(seen) < len(open_cases(demo.db, Scope()))
