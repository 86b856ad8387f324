"""Alerts about rectifications and invitations, rendered at the moment of sending."""

from __future__ import annotations

from datetime import date

from bot.desk import Desk
from bot.dialogue import CITY, Person, Reply, Role
from bot.records import people
from bot.records.interactions import interaction_by_id
from bot.records.invitations import has_refused
from bot.records.ratings import Writing, rating_of
from bot.records.roster import stood_in_for
from bot.reports.oversight import told_of_rectification
from bot.views import rating
from bot.views import rectifications as view
from bot.views.cases import Viewer
from reminders.acts import act_within
from reminders.outbox import Waiting
from reminders.rectification_rules import Act, Rectification, State, may_see, open_deadlines
from reminders.rectification_sweep import ACT, DIGEST, ToldRectification, told_in
from reminders.rectifications import (
    ALERT,
    CLOSED,
    CONTACTED,
    DONE,
    REPLIED,
    RESULTS,
    WRITTEN,
    last_words,
    rectification_by_id,
    rectification_by_number,
)
from reminders.working_days import working_days_between

INVITATION = "invitation"


def render(desk: Desk, waiting: Waiting, person: Person, viewer: Viewer) -> Reply | None:
    """Return the message for an alert, or None where it is no longer worth sending."""
    if waiting.kind == DIGEST:
        told = told_in(desk.db, waiting.facts["message"])
        seen = [each for each in told if _is_due(desk, person, each)]
        return view.digest_reply(seen) if seen else None
    if waiting.kind == ACT:
        return _act(desk, waiting, viewer)
    one = rectification_by_number(desk.db, waiting.facts["number"])
    if one is None:
        return None
    if waiting.kind == ALERT:
        return _told(desk, waiting, one)
    if waiting.kind == WRITTEN:
        return view.citizen_wrote_reply(one, Writing(waiting.facts["what"]))
    if waiting.kind == REPLIED:
        return view.citizen_replied_reply(one) if one.is_open else None
    return _to_citizen(desk, waiting.kind, one, viewer)


def _act(desk: Desk, waiting: Waiting, viewer: Viewer) -> Reply | None:
    """Word a released act, unless its step was done meanwhile."""
    act = act_within(desk.db, CITY, int(waiting.facts["act"]))
    if act is None or act.rectification_id is None:
        return None
    one = rectification_by_id(desk.db, act.rectification_id)
    running = open_deadlines(one, desk.calendar, desk.settings.rectification_rules())
    deadline = next(
        (d for d in running if (d.step.value, d.due_on) == (act.step, act.due_on)), None
    )
    if deadline is None:
        return None
    over = working_days_between(desk.calendar, deadline.due_on, desk.today())
    told = [t for step, t in told_of_rectification(desk.db, one) if step is deadline.step]
    standing = view.late_words(deadline, over)
    released_by = next(iter(people.people_by_id(desk.db, [act.decided_by])), None)
    return view.act_told_reply(desk.base, act, one, standing, told, released_by, viewer)


def _is_due(desk: Desk, person: Person, told: ToldRectification) -> bool:
    """Tell whether a line of a digest is this person's to see and still to be done."""
    one = rectification_by_number(desk.db, told.number)
    if one is None:
        return False
    found = open_deadlines(one, desk.calendar, desk.settings.rectification_rules())
    if (told.step, told.due_on) not in {(each.step, each.due_on) for each in found}:
        return False
    acting_as = (person, *stood_in_for(desk.db, person, desk.today()))
    return any(_answers_for(each, one) for each in acting_as)


def _answers_for(person: Person, one: Rectification) -> bool:
    owns = person.role is one.recipient.role and person.scope.covers(one.recipient.scope)
    return owns or may_see(one, person.role, person.scope)


def _told(desk: Desk, waiting: Waiting, one: Rectification) -> Reply | None:
    """Tell the unit; a corrected mis-tap and what the cause has told already are not told."""
    because = waiting.facts["because"]
    if one.state is State.MIS_TAP or (because == "time" and one.cause is not None):
        return None
    if one.state is State.CLOSED:
        return None
    found = open_deadlines(one, desk.calendar, desk.settings.rectification_rules())
    return view.told_reply(desk.base, one, found)


def _to_citizen(desk: Desk, kind: str, one: Rectification, viewer: Viewer) -> Reply | None:
    """Word what concerns the citizen; whoever asked to be left alone is."""
    if one.anonymous:
        return None
    page = desk.links.page_url(f"/feedback/{one.page_key}")
    where = view.Elsewhere(page) if viewer.discreet else None
    if kind == CONTACTED:
        words = last_words(desk.db, one, (Act.CONTACT,))
        return view.contact_reply(one, words, where) if words else None
    result = last_words(desk.db, one, RESULTS)
    if kind == DONE and one.state is State.FOLLOW_UP:
        return view.done_reply(one, result, where)
    if kind == CLOSED:
        return view.closed_reply(one, result, where)
    return None


def render_invitation(desk: Desk, waiting: Waiting, person: Person) -> Reply | None:
    """Invite once, unless it was rated or refused meanwhile."""
    interaction_id = int(waiting.facts["interaction"])
    if person.role is not Role.CITIZEN or has_refused(desk.db, person.id):
        return None
    if rating_of(desk.db, interaction_id) is not None:
        return None
    interaction = interaction_by_id(desk.db, interaction_id)
    began_on: date = interaction.began_at.date()
    name = view.entry_name(desk.base, interaction.entry_id)
    return rating.late_invitation_reply(interaction_id, name, began_on)
