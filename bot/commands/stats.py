"""stats: the figures of our own ratings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import click

from bot.commands.options import (
    PROBLEMS_FOUND,
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
from bot.desk import Desk
from bot.dialogue import CITY, Table
from bot.figure_words import hall_of_its_own
from bot.handlers.qualification import by_district
from bot.handlers.statistics import export as export_figures
from bot.records.audit import OPERATOR, Deed
from bot.reports.bulletin import (
    TABLES,
    Check,
    Verdict,
    check_bulletin,
    failed,
    read_tables,
)
from bot.reports.qualification import (
    QualifiedStaff,
    Target,
    staff_by_unit,
    target_of,
    total_of,
)
from bot.reports.rates import NO_DATA, Indicator, Rates, rates_of
from bot.reports.statistics import By, Counts, Narrow, Query, Ratings, count_ratings
from bot.views import qualification as qualification_view
from bot.views.places import district_key
from bot.views.statistics import HEADING, counts_text, narrow_words, suffix
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
@click.option("--district", help="区县，任何常用叫法，或市民之家")
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
    narrow = _narrow(desk, district)
    from_on, to_on = _period(day, from_, to, desk.today())
    if from_on > to_on:
        fail("--from 晚于 --to，请对调。", WRONG_USE)
    noted(desk, Deed.SAW_FIGURES, f"stats:{from_on}:{to_on}{suffix(desk.base, narrow)}")
    counted = count_ratings(desk.db, CITY, from_on, to_on, By(by), narrow=narrow)
    rates = rates_of(desk.settings.rates)
    has_come = from_on <= desk.today()
    if as_json:
        rows = _rows(desk, counted, By(by), narrow) if has_come else ()
        print_json(_json(counted, rows, rates) if has_come else _no_data(from_on, to_on))
        return
    click.echo(f"{HEADING}　{from_on} 至 {to_on}，{narrow_words(desk.base, CITY, narrow)}")
    if not has_come:
        click.echo("无数据：那天还没到。")
        return
    named = partial(_named, desk.base, By(by))
    shown = tuple(
        _cells(named(row.key), row.counts, rates) for row in _rows(desk, counted, By(by), narrow)
    )
    print_table(Table((GROUPS[By(by)], "好评", "差评", "未评", "好评率"), shown))
    good = rates.shown(Indicator.GOOD, counted.total.good_rate)
    click.echo(f"{counts_text(counted.total)}；{good.name} {good.text}（{good.parts}）")


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of the figures; without counts there are no data of it, which is not zero."""

    key: str
    counts: Counts | None


def _narrow(desk: Desk, name: str | None) -> Narrow:
    """Return what --district names: a district, or a hall that belongs to none (市民之家)."""
    hall = hall_of_its_own(desk.base, name) if name else None
    return Narrow(hall=hall) if hall else Narrow(district=named_district(desk, name))


def _rows(desk: Desk, counted: Ratings, by: By, narrow: Narrow) -> tuple[_Row, ...]:
    """Return the rows with those that are known and have nothing: a day has 0 once it has come,
    a district or window without any service, and a day to come, has no data.
    """
    found = {c.key: c for c in counted.rows}
    if by is By.DAY:
        days = (counted.to_on - counted.from_on).days + 1
        every = [counted.from_on + timedelta(days=n) for n in range(days)]
        return tuple(
            _Row(
                day.isoformat(),
                found.get(day.isoformat(), Counts(day.isoformat()))
                if day <= desk.today()
                else None,
            )
            for day in every
        )
    rows = [
        _Row(district_key(desk.base, c.key) if by is By.DISTRICT else c.key, c)
        for c in counted.rows
    ]
    known = {row.key for row in rows}
    missing = [key for key in _known_keys(desk.base, by, narrow) if key not in known]
    return (*rows, *(_Row(key, None) for key in missing))


def _known_keys(base: KnowledgeBase, by: By, narrow: Narrow) -> Sequence[str]:
    """Return the districts, with 市民之家, or the windows there are within a filter."""
    halls = [
        hall
        for hall in base.places.values()
        if narrow.district in (None, hall.district) and narrow.hall in (None, hall.id)
    ]
    match by:
        case By.DISTRICT:
            districts = [d.name for d in base.districts if narrow.district in (None, d.name)]
            own = [hall.name for hall in halls if hall.district is None]
            return (*(districts if narrow.hall is None else ()), *own)
        case By.WINDOW:
            return [window.code for hall in halls for window in hall.windows]
    return ()


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
    first = from_.date() if from_ else None
    last = to.date() if to else max(today, first or today)
    return first or last, last


def _cells(name: str, counts: Counts | None, rates: Rates) -> tuple[str, ...]:
    if counts is None:
        return name, NO_DATA, NO_DATA, NO_DATA, NO_DATA
    good = rates.shown(Indicator.GOOD, counts.good_rate)
    return name, str(counts.good), str(counts.bad), str(counts.unrated), good.text


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
    total = _unknown()
    return {"from": from_on.isoformat(), "to": to_on.isoformat(), "rows": [], "total": total}


def _unknown() -> dict[str, Any]:
    rate = {"numerator": None, "denominator": None, "text": NO_DATA}
    return {"good": None, "bad": None, "unrated": None, "good_rate": rate}


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


def _json(counted: Ratings, rows: Sequence[_Row], rates: Rates) -> dict[str, Any]:
    return {
        "from": counted.from_on.isoformat(),
        "to": counted.to_on.isoformat(),
        "rows": [
            {"key": row.key, **(_counts(row.counts, rates) if row.counts else _unknown())}
            for row in rows
        ],
        "total": _counts(counted.total, rates),
    }


def _counts(counts: Counts, rates: Rates) -> dict[str, Any]:
    """Return counts with the exact rate, however few: both its parts stand beside it."""
    good = rates.shown(Indicator.GOOD, counts.good_rate)
    return {
        "good": counts.good,
        "bad": counts.bad,
        "unrated": counts.unrated,
        "good_rate": {
            "numerator": good.rate.numerator,
            "denominator": good.rate.denominator,
            "text": good.text,
        },
    }


@stats.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@common_options
def bulletin(settings: Context, folder: Path, as_json: bool) -> None:
    """核对一期通报：按表里的行重算各项合计和率，报告印得不一样的和不可能对的。

    文件夹里放通报各表的 CSV（UTF-8，表头照通报原样），数一个也不改，只报告。
    有要人看的，退出码是 1。

    \b
    例：
      python -m bot stats bulletin 通报2025年1-2月
      python -m bot stats bulletin 通报2025年1-2月 --json
    """
    del settings
    tables = read_tables(folder)
    missing = [name for name in TABLES if name not in tables]
    if missing:
        fail(f"缺表：{'、'.join(f'{name}.csv' for name in missing)}", WRONG_USE)
    try:
        checks = check_bulletin(tables)
    except (KeyError, ValueError, StopIteration, AssertionError) as error:
        fail(f"表头或数字和通报的格式不一样：{error}。请对照后再试。", PROBLEMS_FOUND)
    wrong = failed(checks)
    if as_json:
        print_json(
            {
                "checks": [_check(check) for check in checks],
                "reproduced": sum(check.verdict is Verdict.OK for check in checks),
                "to_look_at": len(wrong),
            }
        )
    else:
        for title, verdicts in VERDICTS:
            rows = [check for check in checks if check.verdict in verdicts]
            click.echo(f"{title}（{len(rows)} 项）")
            if rows:
                print_table(Table(CHECK_HEADER, tuple(_check_cells(check) for check in rows)))
        click.echo(f"共核对 {len(checks)} 项；要人看过签字再发的 {len(wrong)} 项。数没有改动。")
    if wrong:
        raise SystemExit(PROBLEMS_FOUND)


CHECK_HEADER = ("表", "关系", "印的", "算的", "说明")
VERDICTS: tuple[tuple[str, frozenset[Verdict]], ...] = (
    ("与印的一样", frozenset({Verdict.OK})),
    ("印得不一样", frozenset({Verdict.PRINTED_DIFFERENTLY})),
    ("合计与各行有差", frozenset({Verdict.GAP})),
    ("不可能同时对", frozenset({Verdict.CONTRADICTION})),
    ("不能比较、不能下结论", frozenset({Verdict.NOT_COMPARABLE, Verdict.UNSUPPORTED})),
    ("约数，不细算", frozenset({Verdict.APPROXIMATE})),
)


def _check_cells(check: Check) -> tuple[str, ...]:
    return check.table, check.relation, check.stated, check.computed, check.note


def _check(check: Check) -> dict[str, str]:
    return {
        "table": check.table,
        "relation": check.relation,
        "stated": check.stated,
        "computed": check.computed,
        "verdict": check.verdict.value,
        "note": check.note,
    }
