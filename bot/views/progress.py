"""办件进度 in words for the applicant: state and dates, never who, what or where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from bot.dialogue import Button, Reply, Table
from bot.views.due_days import HOW, PROVISIONAL, days_table, why_button
from bot.views.text import HOTLINE, format_full_day, format_moment
from reminders.overdue import LATE, STILL, Stage
from reminders.working_days import Explanation

MENU = Button("菜单", "menu")
TITLE = "办件、反馈进度"
FEEDBACK_TITLE = "您的反馈"

STATES = {
    Stage.ON_TRACK: "正在办理",
    Stage.DUE_SOON: "正在办理，快到承诺的日子",
    Stage.OVERDUE: "正在办理，已超过承诺的日子，正在督促",
    Stage.LONG_OVERDUE: "正在办理，已超过承诺的日子，正在督促",
    Stage.SUSPENDED: "正在检验、听证等特别程序中，这段时间不计时",
    Stage.AWAITING_PAPERS: "等您补交材料，收齐后开始计时",
    Stage.COMPLETED: "已办结",
}


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a case stands, without anything of persons, item or unit."""

    tail: str
    stage: Stage
    accepted_on: date
    due_on: date
    provisional: bool
    completed_on: date | None
    uncertain: bool
    as_of: datetime | None
    started_on: date
    explanation: Explanation

    @property
    def has_due_day(self) -> bool:
        """Tell whether there is a day by which it is to be done."""
        return self.completed_on is None and self.stage not in STILL


def progress_lines(progress: Progress) -> tuple[str, ...]:
    """Say state and dates, and how fresh they are."""
    lines = [
        f"尾号 {progress.tail}：{STATES[progress.stage]}。",
        f"受理：{format_full_day(progress.accepted_on)}",
    ]
    if progress.completed_on is not None:
        lines.append(f"办结：{format_full_day(progress.completed_on)}")
    elif progress.has_due_day:
        reserve = PROVISIONAL if progress.provisional else ""
        lines.append(f"承诺办结：{format_full_day(progress.due_on)}{reserve}")
    if progress.uncertain and progress.completed_on is None:
        lines.append("最新数据里没有这件，可能已经办结，请向受理窗口核对。")
    if progress.as_of is not None:
        lines.append(f"数据截至 {format_moment(progress.as_of)}，以受理窗口答复为准。")
    if progress.stage in LATE:
        lines.append(f"着急可以问受理窗口，或拨 {HOTLINE}。")
    return tuple(lines)


def why_words(progress: Progress) -> str:
    """Say from when the days to the due day are counted."""
    since = format_full_day(progress.started_on)
    began = "受理" if progress.started_on == progress.accepted_on else "补正收齐"
    return f"{since}{began}，{format_full_day(progress.due_on)}承诺办结。{HOW}"


def why_table(progress: Progress) -> Table:
    """Return every day on the way to the due day, counted or not."""
    return days_table(progress.explanation)


def progress_reply(progress: Progress, number: str) -> Reply:
    """Answer in chat; `number` is what was asked for, and comes back where a day is asked about."""
    why = [why_button(f"progwhy:{number}")] if progress.has_due_day else []
    return Reply("\n".join(progress_lines(progress)), buttons=((*why, MENU),))


def why_reply(progress: Progress) -> Reply:
    """Answer 为什么是这天 for the applicant: dates only."""
    return Reply(
        f"尾号 {progress.tail}：{why_words(progress)}",
        table=why_table(progress),
        buttons=((MENU,),),
    )


def ask_reply(page: str | None) -> Reply:
    """Say how to ask."""
    where = f"\n也可以在网页上查：{page}" if page else ""
    return Reply(
        f"请发办件编号，在受理通知书上。以后也可以直接发“办件进度 编号”。{where}",
        buttons=((MENU,),),
    )


def unknown_reply() -> Reply:
    """Say that no case has this number."""
    return Reply(
        "没查到这个编号。请照受理通知书核对，一位都不能差；刚受理的要等数据更新。"
        f"着急请问受理窗口，或拨 {HOTLINE}。",
        buttons=((MENU,),),
    )
