"""办件进度 in words for the applicant: state and dates, never who, what or where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from bot.dialogue import Button, Reply
from bot.views.text import HOTLINE, format_full_day, format_moment
from reminders.overdue import LATE, Stage

MENU = Button("菜单", "menu")
TITLE = "办件、反馈进度"
FEEDBACK_TITLE = "您的反馈"
PROVISIONAL = "（暂定，以国务院放假安排为准）"

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


def progress_lines(progress: Progress) -> tuple[str, ...]:
    """Say state and dates, and how fresh they are."""
    lines = [
        f"尾号 {progress.tail}：{STATES[progress.stage]}。",
        f"受理：{format_full_day(progress.accepted_on)}",
    ]
    if progress.completed_on is not None:
        lines.append(f"办结：{format_full_day(progress.completed_on)}")
    elif progress.stage not in (Stage.SUSPENDED, Stage.AWAITING_PAPERS):
        reserve = PROVISIONAL if progress.provisional else ""
        lines.append(f"承诺办结：{format_full_day(progress.due_on)}{reserve}")
    if progress.uncertain and progress.completed_on is None:
        lines.append("最新数据里没有这件，可能已经办结，请向受理窗口核对。")
    if progress.as_of is not None:
        lines.append(f"数据截至 {format_moment(progress.as_of)}，以受理窗口答复为准。")
    if progress.stage in LATE:
        lines.append(f"着急可以问受理窗口，或拨 {HOTLINE}。")
    return tuple(lines)


def progress_reply(progress: Progress) -> Reply:
    """Answer in chat."""
    return Reply("\n".join(progress_lines(progress)), buttons=((MENU,),))


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
