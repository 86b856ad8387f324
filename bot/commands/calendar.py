"""calendar: why a due day is that day, and a new year's working days."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from bot.commands.options import (
    PROBLEMS_FOUND,
    WRONG_USE,
    Context,
    Day,
    Period,
    common_options,
    fail,
)
from bot.commands.output import print_json, print_table
from bot.desks import CALENDAR_NAME
from bot.dialogue import Table
from bot.year_change import CalendarPlan, MovedDeadline, plan_years, take_years
from reminders.working_days import explain_days, load_calendar

MOST_DAYS = 1000
MOST_SHOWN = 200


@click.group()
@common_options
def calendar(settings: Context) -> None:
    """工作日。"""
    del settings


@calendar.command()
@click.argument("accepted", type=Day())
@click.argument("days", type=click.IntRange(0, MOST_DAYS))
@click.option(
    "--stop",
    "stops",
    multiple=True,
    type=Period(),
    help="挂起的第一天:最后一天，如 2025-02-12:2025-02-14，两天都不计；可写几次",
)
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@common_options
def why(
    settings: Context,
    accepted: datetime,
    days: int,
    stops: tuple[tuple[date, date], ...],
    as_json: bool,
) -> None:
    """某天受理、几个工作日，最晚哪天，每天计不计、为什么。

    \b
    例：
      python -m bot calendar why 2025-01-24 5
      python -m bot calendar why 2025-02-10 5 --stop 2025-02-12:2025-02-14
    """
    known, mistakes = load_calendar(settings.settings().data_dir / CALENDAR_NAME)
    if mistakes:
        fail("工作日表有误：\n" + "\n".join(mistakes), WRONG_USE)
    explained = explain_days(known, accepted.date(), days, stops)
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


@calendar.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--notice", help="放假通知的文号；表格里没写时要")
@click.option("--dry-run", is_flag=True, help="只列会变动的到期日，什么也不写")
@click.option("--yes", is_flag=True, help="不再问，直接采用")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@common_options
def import_(
    settings: Context,
    file: Path,
    notice: str | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """采用一年的放假安排：先列出到期日会变的在办件，确认后才生效。

    \b
    文件是 YAML（years: 2027: …），或有“日期、类型、名称”三列的表格。
    例：
      python -m bot calendar import 2027放假.yaml --dry-run
      python -m bot calendar import 2027放假.xlsx --notice 国办发明电〔2026〕7号
    """
    desk = settings.desk()
    plan = plan_years(desk, file, notice)
    if plan.problems:
        for problem in plan.problems:
            click.echo(problem, err=True)
        fail("放假表有错，什么也没改；请照上面改正。", PROBLEMS_FOUND)
    if as_json:
        print_json(_plan_json(plan))
    else:
        _show(plan)
    if dry_run:
        click.echo("试看，没有写入。", err=True)
        return
    if not yes and not click.confirm("采用这份放假安排吗？", err=True):
        fail("没有采用，什么也没改。", PROBLEMS_FOUND)
    told = take_years(desk, plan)
    click.echo(
        f"已采用 {_years(plan)} 年的放假安排；到期日提前的告诉经办人 {told} 条。"
        "正在运行的程序半分钟内自动采用，不用重启。",
        err=as_json,
    )


def _years(plan: CalendarPlan) -> str:
    return "、".join(map(str, plan.years))


def _plan_json(plan: CalendarPlan) -> dict[str, Any]:
    return {
        "years": list(plan.years),
        "moved": [
            {
                "kind": m.kind,
                "number": m.number,
                "unit": m.unit,
                "from": m.before_on.isoformat(),
                "to": m.after_on.isoformat(),
            }
            for m in plan.moved
        ],
    }


def _show(plan: CalendarPlan) -> None:
    if not plan.moved:
        click.echo(f"{_years(plan)} 年：没有到期日会变。")
        return
    rows = tuple(
        (m.kind, m.number, m.unit, m.before_on.isoformat(), m.after_on.isoformat(), _moved(m))
        for m in plan.moved[:MOST_SHOWN]
    )
    print_table(Table(("什么", "编号", "单位", "原到期日", "新到期日", "变动"), rows))
    if len(plan.moved) > MOST_SHOWN:
        click.echo(f"只列前 {MOST_SHOWN} 件；全部用 --json 看。")
    earlier = sum(m.after_on < m.before_on for m in plan.moved)
    click.echo(
        f"{_years(plan)} 年：到期日会变 {len(plan.moved)} 件，"
        f"其中提前 {earlier} 件，推后 {len(plan.moved) - earlier} 件。"
    )


def _moved(moved: MovedDeadline) -> str:
    return "提前" if moved.after_on < moved.before_on else "推后"
