"""What a clerk gets at the counter: to read aloud, the list, and buttons, in one message."""

from __future__ import annotations

from bot.dialogue import Reply
from bot.views.answer import AnswerFacts, answer_buttons, opening_lines, spoken_summary, write_body
from bot.views.text import Lines


def counter_reply(facts: AnswerFacts) -> Reply:
    """Return 口播, the complete list and its toggles."""
    lines = Lines()
    lines.add(*opening_lines(facts.checklist))
    lines.heading("口播")
    lines.add(spoken_summary(facts))
    write_body(lines, facts)
    return Reply(lines.text, headings=lines.headings, buttons=answer_buttons(facts, staff=True))
