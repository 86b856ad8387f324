"""为什么是这天: the days on the way to a due day as a table, each counted or not, and why."""

from __future__ import annotations

from bot.dialogue import Button, Table
from bot.views.text import format_day
from reminders.working_days import Explanation

WHY = "为什么是这天"
HOW = "当天不算，从下一个工作日数起。"
PROVISIONAL = "（暂定，以国务院放假安排为准）"


def days_table(explanation: Explanation) -> Table:
    """Return every day on the way, counted or not, with its reason."""
    rows = tuple(
        (format_day(d.on), "计" if d.counted else "不计", d.reason) for d in explanation.days
    )
    return Table(("日子", "计不计", "原因"), rows)


def why_button(token: str) -> Button:
    """Return the button that asks."""
    return Button(WHY, token)
