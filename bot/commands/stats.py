"""stats: the figures of our own ratings."""

from __future__ import annotations

from datetime import date, datetime
from functools import partial
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
    named_part,
    noted,
)
from bot.commands.output import print_json, print_table
from bot.dialogue import CITY, Scope, Table
from bot.handlers.qualification import by_district
from bot.handlers.statistics import Query
from bot.handlers.statistics import export as export_figures
from bot.records.audit import OPERATOR, Deed
from bot.reports.percentages import NOTHING_TO_MEASURE
from bot.reports.qualification import (
    QualifiedStaff,
    Target,
    staff_by_unit,
    target_of,
    total_of,
)
from bot.reports.rates import NO_DATA, Indicator, Rates, rates_of
from bot.reports.statistics import By, Counts, Ratings, count_ratings
from bot.views import qualification as qualification_view
from bot.views.statistics import HEADING, counts_text, rate_text
from knowledge.model import KnowledgeBase

GROUPS = {By.WINDOW: "窗口", By.ENTRY: "事项", By.DISTRICT: "区县", By.DAY: "日期"}
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
    has_come = from_on <= desk.today()
    if as_json:
        print_json(_json(counted, least) if has_come else _no_data(from_on, to_on))
        return
    click.echo(f"{HEADING}　{from_on} 至 {to_on}")
    if not has_come:
        click.echo("无数据：那天还没到。")
        return
    named = partial(_named, desk.base, By(by))
    rows = tuple(
        (named(c.key), str(c.good), str(c.bad), str(c.unrated), _rate(c, least))
        for c in counted.rows
    )
    print_table(Table((GROUPS[By(by)], "好评", "差评", "未评", "好评率"), rows))
    click.echo(f"{counts_text(counted.total)}；{rate_text(counted.total, least)}")


@stats.command()
@click.option("--district", help="区县，任何常用叫法，或市直；按单位列出")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@common_options
def qualification(settings: Context, district: str | None, as_json: bool) -> None:
    """窗口人员持证上岗率（政务服务办事员）：按区县，到目标还差几人。

    人数来自人员名册（import staff）的“持证”“证书等级”“证书编号”三列；目标是设置里的
    staff.target_rate。率截断到两位小数，够不够按人数算。

    \b
    例：
      python -m bot stats qualification
      python -m bot stats qualification --district 兰考县 --json
    """
    desk = settings.desk()
    noted(desk, Deed.SAW_FIGURES, "qualification")
    canonical = named_part(desk, district)
    units = (
        by_district(desk, CITY) if canonical is None else staff_by_unit(desk.db, CITY, canonical)
    )
    target, rates = target_of(desk.settings.staff), rates_of(desk.settings.rates)
    total = total_of(units, qualification_view.TOTAL)
    if as_json:
        rows = [{"key": unit.unit, **_qualified(unit, rates, target)} for unit in units]
        asked = {"percent": target.percent, "op": target.bound.value}
        whole = _qualified(total, rates, target)
        on = desk.today().isoformat()
        print_json({"on": on, "target": asked, "rows": rows, "total": whole})
        return
    click.echo(f"{qualification_view.TITLE}　{desk.today()}")
    if not total.is_known:
        click.echo(f"{NO_DATA}。{qualification_view.HOW}")
        return
    rows_shown = tuple(qualification_view.row(u, rates, target) for u in (*units, total))
    print_table(Table(qualification_view.header(target), rows_shown))


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


def _named(base: KnowledgeBase, by: By, key: str) -> str:
    """Return what people call a row: the window's or the entry's name beside its code."""
    if by is By.ENTRY and key in base.entries:
        return base.entries[key].name
    if by is By.WINDOW:
        windows = (w for hall in base.places.values() for w in hall.windows if w.code == key)
        return next((f"{window.name}（{key}）" for window in windows), key)
    return key


def _no_data(from_on: date, to_on: date) -> dict[str, Any]:
    """Return unknown figures for a period that has not begun: unknown is not zero."""
    rate = {"numerator": None, "denominator": None, "text": "无数据"}
    total = {"good": None, "bad": None, "unrated": None, "good_rate": rate}
    return {"from": from_on.isoformat(), "to": to_on.isoformat(), "rows": [], "total": total}


def _qualified(unit: QualifiedStaff, rates: Rates, target: Target) -> dict[str, Any]:
    """Return a unit's figures; of what no roster says anything, null."""
    known = unit.is_known
    return {
        "staff": unit.staff,
        "holders": unit.holders if known else None,
        "unknown": unit.unknown,
        "rate": {
            "numerator": unit.holders,
            "denominator": unit.staff,
            "text": rates.shown(Indicator.QUALIFIED_STAFF, unit.rate).text,
        }
        if known
        else None,
        "missing": unit.missing(target) if known else None,
        "meets": unit.meets(target) if known else None,
    }


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
