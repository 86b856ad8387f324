"""stats: the figures of our own ratings."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from bot.commands.options import (
    WRONG_USE,
    Context,
    common_options,
    day_option,
    fail,
    named_district,
    noted,
)
from bot.commands.output import print_json, print_table
from bot.dialogue import Scope, Table
from bot.handlers.statistics import Query
from bot.handlers.statistics import export as export_figures
from bot.records.audit import OPERATOR, Deed
from bot.reports.percentages import NOTHING_TO_MEASURE
from bot.reports.statistics import By, Counts, Ratings, count_ratings
from bot.views.statistics import HEADING, counts_text, rate_text

MOST_SHEET_ROWS = 1_000_000
"""A worksheet ends at 1,048,576 rows."""


@click.group()
@common_options
def stats(settings: Context) -> None:
    """统计。"""
    del settings


@stats.command()
@day_option("--day", help_="某一天，如 2025-02-06；缺省今天")
@day_option("--from", "from_", help_="从哪天")
@day_option("--to", help_="到哪天")
@click.option("--district", help="区县，任何常用叫法")
@click.option("--by", type=click.Choice([by.value for by in By]), default="window", help="分组")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@common_options
def ratings(
    settings: Context,
    day: datetime | None,
    from_: datetime | None,
    to: datetime | None,
    district: str | None,
    by: str,
    as_json: bool,
) -> None:
    """服务反馈（本系统，不计入省好差评）的数和率。

    \b
    例：
      python -m bot stats ratings --day 2025-02-06
      python -m bot stats ratings --from 2025-02-01 --to 2025-02-28 --by entry --json
    """
    desk = settings.desk()
    if day and (from_ or to):
        fail("--day 和 --from/--to 只能用一种。", WRONG_USE)
    canonical = named_district(desk, district)
    from_on, to_on = _period(day, from_, to, desk.today())
    if from_on > to_on:
        fail("--from 晚于 --to，请对调。", WRONG_USE)
    noted(desk, Deed.SAW_FIGURES, f"stats:{from_on}:{to_on}")
    counted = count_ratings(desk.db, Scope(canonical), from_on, to_on, By(by))
    least = desk.settings.ratings.min_for_rate
    if as_json:
        print_json(_json(counted, least))
        return
    click.echo(f"{HEADING}　{from_on} 至 {to_on}")
    if from_on > desk.today():
        click.echo("无数据：那天还没到。")
        return
    rows = tuple(
        (c.key, str(c.good), str(c.bad), str(c.unrated), _rate(c, least)) for c in counted.rows
    )
    print_table(Table((by, "好评", "差评", "未评", "好评率"), rows))
    click.echo(f"{counts_text(counted.total)}；{rate_text(counted.total, least)}")


@stats.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@day_option("--from", "from_", help_="从哪天")
@day_option("--to", help_="到哪天")
@common_options
def export(settings: Context, file: Path, from_: datetime | None, to: datetime | None) -> None:
    """把一段时间的数、率和全部明细写成 Excel。

    \b
    例：python -m bot stats export 一月.xlsx --from 2025-01-01 --to 2025-01-31
    """
    desk = settings.desk()
    from_on, to_on = _period(None, from_, to, desk.today())
    noted(desk, Deed.EXPORTED, f"sheet:{from_on}:{to_on}")
    query = Query(from_on, to_on)
    file.write_bytes(export_figures(desk, OPERATOR, query, limit=MOST_SHEET_ROWS))
    click.echo(f"写好了：{file.name}")


def _period(
    day: datetime | None, from_: datetime | None, to: datetime | None, today: date
) -> tuple[date, date]:
    if day is not None:
        return day.date(), day.date()
    last = to.date() if to else today
    return (from_.date() if from_ else last), last


def _rate(counts: Counts, least: int) -> str:
    return counts.good_rate.text() if counts.rated >= least else NOTHING_TO_MEASURE


def _json(counted: Ratings, least: int) -> dict[str, Any]:
    return {
        "from": counted.from_on.isoformat(),
        "to": counted.to_on.isoformat(),
        "rows": [{"key": c.key, **_counts(c, least)} for c in counted.rows],
        "total": _counts(counted.total, least),
    }


def _counts(counts: Counts, least: int) -> dict[str, Any]:
    rate = counts.good_rate
    return {
        "good": counts.good,
        "bad": counts.bad,
        "unrated": counts.unrated,
        "good_rate": {
            "numerator": rate.numerator,
            "denominator": rate.denominator,
            "text": _rate(counts, least),
        },
    }
