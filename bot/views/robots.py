"""What a group robot says: counts, items and the last digits of numbers; no names, no units."""

from __future__ import annotations

from datetime import datetime

from bot.desk import Desk
from bot.dialogue import Reply, Scope
from bot.settings import RobotSettings
from bot.views.cases import as_of_words, case_words
from bot.views.text import Lines, format_moment
from reminders.acts import waiting_acts
from reminders.cases import Case, data_as_of, imports, open_cases
from reminders.outbox import Waiting
from reminders.overdue import (
    Rules,
    Stage,
    Standing,
    is_stale,
    slot_before,
    standing_of,
    worst_first,
)

CUT_LINE = "……其余看各自的提醒。"
MOST_LISTED = 20
CITY_WORDS = "全市"


def render_robot(desk: Desk, waiting: Waiting) -> Reply | None:
    """Return the group's message as things stand now; None at rest hours or with nothing due."""
    robots = {robot.name: robot for robot in desk.settings.robots}
    robot = robots.get(waiting.facts["robot"])
    rules, now = desk.settings.oversight.rules(), desk.now()
    if robot is None or slot_before(rules, now) is None:
        return None
    if not desk.calendar.is_working_day(now.date()):
        return None
    entries = worst_first(_pressing(desk, robot, rules))
    waits = _waiting_acts(desk, robot) if "supervisor" in robot.roles else 0
    if not entries and not waits:
        return None
    return Reply(_text(desk, robot, entries, waits, now))


def _scopes(robot: RobotSettings) -> tuple[Scope, ...]:
    return tuple(Scope(district) for district in robot.districts) or (Scope(),)


def _pressing(desk: Desk, robot: RobotSettings, rules: Rules) -> list[tuple[Case, Standing]]:
    standings = [
        (case, standing_of(case, desk.calendar, rules, desk.today()))
        for scope in _scopes(robot)
        for case in open_cases(desk.db, scope)
    ]
    return [(c, s) for c, s in standings if s.is_late or s.stage is Stage.DUE_SOON]


def _waiting_acts(desk: Desk, robot: RobotSettings) -> int:
    return sum(len(waiting_acts(desk.db, scope)) for scope in _scopes(robot))


def _text(
    desk: Desk,
    robot: RobotSettings,
    entries: list[tuple[Case, Standing]],
    waits: int,
    now: datetime,
) -> str:
    late = [e for e in entries if e[1].is_late]
    today = [e for e in entries if e[1].due_today]
    lines = Lines()
    where = "、".join(robot.districts) or CITY_WORDS
    lines.add(f"办件时限　{where}　{format_moment(now)}")
    known = imports(desk.db)
    found = [data_as_of(known, scope.district) for scope in _scopes(robot)]
    oldest = None if None in found else min(at for at in found if at is not None)
    lines.add(as_of_words(oldest, stale=is_stale(oldest, desk.calendar, now.date())))
    soon = len(entries) - len(late) - len(today)
    lines.add(f"🔴 超期 {len(late)} 件，🟡 今日到期 {len(today)} 件，🟡 即将超期 {soon} 件")
    if waits:
        lines.add(f"待签发 {waits} 件")
    for case, standing in [*late, *today][:MOST_LISTED]:
        state = f"🔴 超期 {standing.overdue_days} 个工作日" if standing.is_late else "🟡 今日到期"
        lines.add(f"{state}｜{case_words(case, discreet=True)}")
    if len(late) + len(today) > MOST_LISTED:
        lines.add(CUT_LINE)
    return lines.text


def refused_reply(robot: str, reason: str) -> Reply:
    """Tell the administrator that a robot's message was refused for good."""
    return Reply(
        f"群机器人 {robot} 发不出去（{reason}）：地址、加签密钥或关键词可能不对，"
        "请核对 config.yaml 的 robots 和群里的机器人设置。"
    )
