"""calendar: why a due day is that day."""

from __future__ import annotations

from datetime import datetime

import click

from bot.commands.options import WRONG_USE, Context, common_options, fail
from bot.commands.output import print_json, print_table
from bot.desks import CALENDAR_NAME
from bot.dialogue import Table
from reminders.working_days import explain_days, load_calendar

MOST_DAYS = 1000


@click.group()
@common_options
def calendar(settings: Context) -> None:
    """工作日。"""
    del settings


@calendar.command()
@click.argument("accepted", type=click.DateTime(["%Y-%m-%d"]))
@click.argument("days", type=click.IntRange(0, MOST_DAYS))
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@common_options
def why(settings: Context, accepted: datetime, days: int, as_json: bool) -> None:
    """某天受理、几个工作日，最晚哪天，每天计不计、为什么。

    \b
    例：python -m bot calendar why 2025-01-24 5
    """
    known, mistakes = load_calendar(settings.settings().data_dir / CALENDAR_NAME)
    if mistakes:
        fail("工作日表有误：\n" + "\n".join(mistakes), WRONG_USE)
    explained = explain_days(known, accepted.date(), days)
    if as_json:
        print_json(
            {
                "due_on": explained.due_on.isoformat(),
                "provisional": explained.provisional,
                "days": [
                    {"on": d.on.isoformat(), "counted": d.counted, "reason": d.reason}
                    for d in explained.days
                ],
            }
        )
        return
    rows = tuple(
        (d.on.isoformat(), "计" if d.counted else "不计", d.reason) for d in explained.days
    )
    print_table(Table(("日子", "计不计", "原因"), rows))
    reserve = "（暂定，以国务院放假安排为准）" if explained.provisional else ""
    click.echo(f"最晚 {explained.due_on}{reserve}")
