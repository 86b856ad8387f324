"""Alerts rendered at the moment of sending, for the person and the channel they go to."""

from __future__ import annotations

import json
from datetime import date, datetime

from bot.desk import Desk
from bot.dialogue import CITY, Channel, Person, Reply, Role
from bot.records import people
from bot.records.enquiries import enquiry_by_number
from bot.records.knowledge_edits import Due, State, edit_by_id
from bot.reports.daily import counts_of, unpack_day
from bot.reports.oversight import digest_of, proof_of
from bot.reports.rates import rates_of
from bot.settings import PersonalData
from bot.views import (
    case_clock,
    cases,
    certificate_alerts,
    daily,
    human,
    knowledge,
    rectification_alerts,
    robots,
    staff,
)
from bot.views.cases import Viewer
from reminders.acts import act_within
from reminders.cases import case_by_id
from reminders.outbox import Waiting
from reminders.overdue import slot_before, standing_of
from reminders.overview import read_overview
from reminders.sweep import OVERDUE


def render_alert(desk: Desk, waiting: Waiting, person: Person, channel: Channel) -> Reply | None:
    """Return the message for an alert, or None where it is no longer worth sending."""
    match waiting.kind:
        case (
            "case_digest"
            | "case_act"
            | "case_offered"
            | "case_taken"
            | "case_wrong"
            | "case_extended"
        ):
            return _about_cases(desk, waiting, person, channel)
        case "case_days_moved":
            return _days_moved(desk, waiting, _viewer(desk, person, channel))
        case "cases_moved":
            return _moved(waiting, _viewer(desk, person, channel))
        case "staff_unreachable":
            return _unreachable(desk, waiting, _viewer(desk, person, channel))
        case "robot_refused":
            return robots.refused_reply(waiting.facts["robot"], waiting.facts["reason"])
        case "run_caught_up":
            slots = [datetime.fromisoformat(at) for at in waiting.facts["slots"].split()]
            at = datetime.fromisoformat(waiting.facts["at"])
            job, told = waiting.facts.get("job", OVERDUE), int(waiting.facts["messages"])
            return cases.caught_up_reply(job, slots, at, told)
        case "calendar_missing":
            return cases.calendar_missing_reply(int(waiting.facts["year"]))
        case kind if kind.startswith("certificate"):
            return certificate_alerts.render(desk, waiting, person, channel)
        case kind if kind.startswith("rectification"):
            viewer = _viewer(desk, person, channel)
            return rectification_alerts.render(desk, waiting, person, viewer)
        case "daily_summary":
            at = datetime.fromisoformat(waiting.facts["at"])
            return daily.summary_reply(
                desk.base,
                unpack_day(waiting.facts["day"]),
                person,
                date.fromisoformat(waiting.facts.get("on", at.date().isoformat())),
                at,
                late_slot=_late_slot(waiting),
                rates=rates_of(desk.settings.rates),
                least=desk.settings.ratings.min_for_rate,
                full_day_at=desk.settings.summary.full_day_at,
            )
        case "daily_full":
            from_on, to_on = (date.fromisoformat(waiting.facts[key]) for key in ("from", "to"))
            return daily.full_day_reply(
                counts_of(waiting.facts),
                from_on,
                to_on,
                late_slot=_late_slot(waiting),
                rates=rates_of(desk.settings.rates),
                least=desk.settings.ratings.min_for_rate,
            )
        case "invitation":
            return rectification_alerts.render_invitation(desk, waiting, person)
        case "new_note":
            due_on = date.fromisoformat(waiting.facts["due_on"])
            return human.new_note_reply(waiting.facts["number"], due_on)
        case "note_answer":
            return _note_answer(desk, waiting.facts["number"])
        case "reloaded":
            return knowledge.reload_told_reply(json.loads(waiting.facts["told"]))
        case "edit_waiting" | "edit_failed" | "edit_declined" | "gap_answered" | "review_due":
            return _about_knowledge(desk, waiting)
    return None


def _late_slot(waiting: Waiting) -> datetime | None:
    """Return the hour of a run that was missed and is made up for."""
    slot = waiting.facts.get("late_slot")
    return datetime.fromisoformat(slot) if slot else None


def _about_knowledge(desk: Desk, waiting: Waiting) -> Reply | None:
    facts = waiting.facts
    if waiting.kind == "gap_answered":
        entry = desk.base.entries.get(facts["entry"])
        return knowledge.gap_answered_reply(facts["question"], entry) if entry else None
    if waiting.kind == "review_due":
        due = [Due(id_, kind, date.fromisoformat(on)) for id_, kind, on in json.loads(facts["due"])]
        return knowledge.review_due_reply(due, desk.base, desk.today())
    edit = edit_by_id(desk.db, int(facts["edit"]))
    if waiting.kind == "edit_failed":
        return knowledge.edit_failed_reply(edit, facts["failure"])
    if waiting.kind == "edit_declined":
        return knowledge.edit_sent_back_reply(edit)
    return knowledge.edit_waiting_reply(edit) if edit.state is State.WAITING else None


def _note_answer(desk: Desk, number: str) -> Reply | None:
    enquiry = enquiry_by_number(desk.db, number)
    if enquiry is None or enquiry.answer is None:
        return None
    return human.answer_to_citizen_reply(number, enquiry.answer)


def _about_cases(desk: Desk, waiting: Waiting, person: Person, channel: Channel) -> Reply | None:
    viewer = _viewer(desk, person, channel)
    if waiting.kind == "case_digest":
        return _digest(desk, waiting, person, viewer)
    if waiting.kind == "case_act":
        return _act(desk, waiting, viewer)
    case = case_by_id(desk.db, int(waiting.facts["case"]))
    if waiting.kind == "case_taken":
        return cases.taken_over_reply(case)
    if not case.is_open:
        return None
    if waiting.kind == "case_wrong":
        return cases.wrong_told_reply(case, viewer)
    standing = standing_of(case, desk.calendar, desk.settings.oversight.rules(), desk.today())
    if waiting.kind == "case_extended":
        return case_clock.extended_told_reply(case, standing, int(waiting.facts["days"]))
    return cases.offered_reply(case, standing, viewer)


def _viewer(desk: Desk, person: Person, channel: Channel) -> Viewer:
    denied = desk.settings.telegram.personal_data is PersonalData.DENY
    return Viewer(
        discreet=denied and channel is Channel.TELEGRAM,
        works=person.role in (Role.CLERK, Role.LEAD),
        page=desk.links.page_url("/"),
        leads=person.role is Role.LEAD,
        city=person.role is Role.SUPERVISOR and person.scope == CITY,
    )


def _unreachable(desk: Desk, waiting: Waiting, viewer: Viewer) -> Reply | None:
    """Return who cannot be reached, unless they can be again by now."""
    (lost,) = people.people_by_id(desk.db, [int(waiting.facts["person"])]) or (None,)
    channel = Channel(waiting.facts["channel"])
    if lost is None or lost.role is Role.CITIZEN:
        return None
    left = [address.channel for address in people.addresses_of(desk.db, lost.id)]
    if channel in left:
        return None
    return staff.unreachable_reply(desk.base, lost, channel, left, discreet=viewer.discreet)


def _moved(waiting: Waiting, viewer: Viewer) -> Reply:
    """Tell both sides of a rotation; a note may name people, so not every channel carries it."""
    number, note = int(waiting.facts["number"]), waiting.facts["note"]
    words = cases.moved_to_me_reply if waiting.facts["side"] == "to" else cases.moved_away_reply
    return words(number, "" if viewer.discreet else note)


def _days_moved(desk: Desk, waiting: Waiting, viewer: Viewer) -> Reply | None:
    """Return the cases still open whose due day a year's notice brought forward."""
    moved = []
    for text in waiting.facts["cases"].split():
        case_id, before, after = text.split(":")
        case = case_by_id(desk.db, int(case_id))
        if case.is_open:
            moved.append((case, date.fromisoformat(before), date.fromisoformat(after)))
    if not moved:
        return None
    return cases.days_moved_reply(moved, int(waiting.facts["number"]), viewer)


def _digest(desk: Desk, waiting: Waiting, person: Person, viewer: Viewer) -> Reply | None:
    """Return the digest as things stand now; at night and on rest days it is left for later."""
    rules, now = desk.settings.oversight.rules(), desk.now()
    if slot_before(rules, now) is None or not desk.calendar.is_working_day(now.date()):
        return None
    digest = digest_of(
        desk.db,
        person.scope,
        desk.calendar,
        rules,
        message_key=waiting.facts["message"],
        overview=read_overview(found) if (found := waiting.facts.get("overview")) else None,
        person_id=person.id,
        now=now,
    )
    if digest is None:
        return None
    adds = bool(waiting.facts.get("adds")) and not waiting.facts.get("overview")
    missed = waiting.facts.get("missed")
    missed_at = datetime.fromisoformat(missed) if missed else None
    return cases.digest_reply(digest, viewer, on=desk.today(), missed_at=missed_at, adds=adds)


def _act(desk: Desk, waiting: Waiting, viewer: Viewer) -> Reply | None:
    act = act_within(desk.db, CITY, int(waiting.facts["act"]))
    if act is None or act.case_id is None:
        return None
    case = case_by_id(desk.db, act.case_id)
    if not case.is_open:
        return None
    standing = standing_of(case, desk.calendar, desk.settings.oversight.rules(), desk.today())
    told = proof_of(desk.db, case).told
    released_by = next(iter(people.people_by_id(desk.db, [act.decided_by])), None)
    return cases.act_told_reply(act, case, standing, told, released_by, viewer)
