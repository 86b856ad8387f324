"""Alerts rendered at the moment of sending, for the person and the channel they go to."""

from __future__ import annotations

import json
from datetime import date

from bot.desk import Desk
from bot.dialogue import Channel, Person, Reply
from bot.records.enquiries import enquiry_by_number
from bot.views import human, knowledge
from reminders.outbox import Waiting


def render_alert(desk: Desk, waiting: Waiting, person: Person, channel: Channel) -> Reply | None:
    """Return the message for an alert, or None where it is no longer worth sending."""
    del person, channel
    match waiting.kind:
        case "new_note":
            due_on = date.fromisoformat(waiting.facts["due_on"])
            return human.new_note_reply(waiting.facts["number"], due_on)
        case "note_answer":
            return _note_answer(desk, waiting.facts["number"])
        case "reloaded":
            return knowledge.reload_told_reply(json.loads(waiting.facts["told"]))
    return None


def _note_answer(desk: Desk, number: str) -> Reply | None:
    enquiry = enquiry_by_number(desk.db, number)
    if enquiry is None or enquiry.answer is None:
        return None
    return human.answer_to_citizen_reply(number, enquiry.answer)
