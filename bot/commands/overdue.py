"""overdue: the lights of the cases in progress, by unit."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from bot.commands.options import WRONG_USE, Context, common_options, day_option, fail
from bot.commands.output import print_json, print_table
from bot.dialogue import Scope
from bot.places import canonical_district
from bot.reports.oversight import Supervision, UnitCounts, supervise
from bot.views.cases import as_of_words, counts_table


@click.command()
@day_option("--day", help_="某一天，如 2025-02-08；缺省今天")
@click.option("--district", help="区县，任何常用叫法")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@common_options
def overdue(settings: Context, day: datetime | None, district: str | None, as_json: bool) -> None:
    """在办件按单位、按灯色的数。

    \b
    例：python -m bot overdue --district 兰考 --json
    """
    desk = settings.desk()
    canonical = canonical_district(desk.base, district) if district else None
    if district and canonical is None:
        known = "、".join(d.name for d in desk.base.districts)
        fail(f"不认识区县 {district}；有：{known}", WRONG_USE)
    on = day.date() if day else desk.today()
    if on > desk.today():
        fail("无数据：那天还没到。", WRONG_USE)
    rules = desk.settings.oversight.rules()
    figures = supervise(desk.db, Scope(canonical), desk.calendar, rules, on=on)
    if as_json:
        print_json(_json(figures))
        return
    click.echo(f"办件时限　{on}")
    click.echo(as_of_words(figures.as_of, stale=figures.stale))
    print_table(counts_table(figures))


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
