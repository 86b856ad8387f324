"""What a citizen is promised of their feedback, and by when: said alike wherever it is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from bot.views.text import format_day
from reminders.rectification_rules import Deadline, Rectification, Step

CITIZEN_STEPS: Mapping[Step, str] = {
    Step.CONTACT: "联系您",
    Step.RECTIFY: "处理好",
    Step.FOLLOW_UP: "回访您",
    Step.REVIEW: "复核完",
    Step.SETTLE: "有结果",
}
PROVISIONAL = "（暂定，以国务院放假安排为准）"


def promise_lines(one: Rectification, open_: Sequence[Deadline], today: date) -> tuple[str, ...]:
    """Return by when what happens; a day that has passed is not promised once more."""
    return tuple(
        _promise(one, deadline, today)
        for deadline in open_
        # Whoever wants no contact is promised none.
        if not (one.anonymous and deadline.step is Step.CONTACT)
    )


def _promise(one: Rectification, deadline: Deadline, today: date) -> str:
    ends = one.anonymous and deadline.step is Step.FOLLOW_UP
    what = "办结" if ends else CITIZEN_STEPS[deadline.step]
    on = format_day(deadline.due_on)
    if deadline.due_on < today:
        return f"应在{on}前{what}，已超过承诺日期，正在催办"
    return f"{on}前{what}{PROVISIONAL if deadline.provisional else ''}"
