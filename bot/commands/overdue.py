"""overdue: the lights of the cases in progress, by unit."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from bot.channels.web.print_page import print_file
from bot.commands.options import (
    PROBLEMS_FOUND,
    WRONG_USE,
    Context,
    common_options,
    day_option,
    fail,
    named_part,
    noted,
)
from bot.commands.output import print_json, print_table
from bot.desk import Desk
from bot.dialogue import Scope
from bot.records.audit import Deed
from bot.reports.oversight import Supervision, UnitCounts, supervise
from bot.reports.unit_sheet import MONTHS, causes_by_month, month_before, unit_sheets
from bot.views.cases import as_of_words, counts_table
from bot.views.unit_sheet import causes_table, printed
from reminders.cases import cases_in_progress_since


@click.command()
@day_option("--day", help_="某一天，如 2025-02-08；缺省今天")
@click.option("--district", help="区县，任何常用叫法，或市直")
@click.option("--causes", is_flag=True, help="近半年超期办结的原因，按月")
@click.option(
    "--print",
    "print_to",
    type=click.Path(dir_okay=False, path_type=Path),
    help="晨会单写到这个 HTML 文件，一个单位一页",
)
@click.option("--unit", "units", multiple=True, help="晨会单只要这个单位，可写几次")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@common_options
def overdue(
    settings: Context,
    day: datetime | None,
    district: str | None,
    causes: bool,
    print_to: Path | None,
    units: tuple[str, ...],
    as_json: bool,
) -> None:
    """在办件按单位、按灯色的数；超期原因；晨会单。

    \b
    例：
      python -m bot overdue --district 兰考 --json
      python -m bot overdue --print 晨会单.html
    """
    desk = settings.desk()
    canonical = named_part(desk, district)
    on = day.date() if day else desk.today()
    if on > desk.today():
        fail("无数据：那天还没到。", WRONG_USE)
    noted(desk, Deed.EXPORTED if print_to else Deed.SAW_FIGURES, f"overdue:{on}")
    if print_to is not None:
        _print(desk, Scope(canonical), on, units, print_to)
        return
    if causes:
        _show_causes(desk, Scope(canonical), on, as_json=as_json)
        return
    rules = desk.settings.oversight.rules()
    figures = supervise(desk.db, Scope(canonical), desk.calendar, rules, on=on)
    if as_json:
        print_json(_json(figures))
        return
    click.echo(f"办件时限　{on}")
    click.echo(as_of_words(figures.as_of, stale=figures.stale))
    if figures.as_of is not None:
        print_table(counts_table(figures))


def _print(desk: Desk, scope: Scope, on: date, units: tuple[str, ...], path: Path) -> None:
    rules = desk.settings.oversight.rules()
    sheets = unit_sheets(desk.db, scope, desk.calendar, rules, on=on, units=units or None)
    if not sheets:
        fail("没有可印的单位：核对 --unit 的写法，或先导入办件。", PROBLEMS_FOUND)
    try:
        path.write_text(print_file([printed(sheet) for sheet in sheets]), encoding="utf-8")
    except OSError as error:
        fail(f"写不到 {path.name}：{error.strerror}；请换个地方。", WRONG_USE)
    click.echo(f"{len(sheets)} 个单位的晨会单写在 {path}，用浏览器打开打印。")


def _show_causes(desk: Desk, scope: Scope, on: date, *, as_json: bool) -> None:
    first_on = month_before(on, MONTHS - 1)
    known = cases_in_progress_since(desk.db, scope, first_on)
    rules = desk.settings.oversight.rules()
    months = causes_by_month(known, desk.calendar, rules, first_on, on)
    if as_json:
        rows = [{"month": f"{m.month:%Y-%m}", "causes": dict(m.causes)} for m in months]
        print_json({"rows": rows})
        return
    print_table(causes_table(months))


def _json(figures: Supervision) -> dict[str, Any]:
    return {
        "day": figures.on.isoformat(),
        "data_as_of": figures.as_of.isoformat() if figures.as_of else None,
        "stale": figures.stale,
        "rows": [{"unit": row.unit, **_counts(row)} for row in figures.rows],
        "total": _counts(figures.total),
    }


def _counts(row: UnitCounts) -> dict[str, int]:
    return {
        "on_track": row.on_track,
        "due_soon": row.due_soon,
        "overdue": row.overdue,
        "long_overdue": row.long_overdue,
    }
