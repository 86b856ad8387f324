"""The cross-checks of a bulletin (通报) over its own tables: sums, parts, rates, periods.

A check never alters a figure. What is printed differently, or cannot be true, is reported beside
the table, and a failed check keeps a bulletin back until a person signs.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bot.reports.percentages import Rate, Rounding, meets
from bot.reports.rates import (
    DOES_NOT_APPLY,
    Indicator,
    Rates,
    may_conclude,
    total_of,
)

Row = Mapping[str, str]
Tables = Mapping[str, Sequence[Row]]

TABLES = (
    "bad_reviews_by_district",
    "cases_by_district",
    "certificate_staff_by_district",
    "e_certificates",
    "hall_inspections",
    "one_thing_by_platform",
    "overdue_by_district",
    "ratings_by_district",
    "summary_indicators",
    "window_volume_details",
    "window_volumes",
)
"""The tables that the checks read; a bulletin's folder has one file of each."""

TARGET_PERCENT = 70
LARGEST_ITEMS = 120
"""How many items a district may have for a printed coverage rate to be searched among counts."""


class Verdict(StrEnum):
    """What became of a check."""

    OK = "ok"
    PRINTED_DIFFERENTLY = "printed_differently"
    GAP = "gap"
    CONTRADICTION = "contradiction"
    NOT_COMPARABLE = "not_comparable"
    UNSUPPORTED = "unsupported"
    APPROXIMATE = "approximate"


BLOCKING = frozenset(Verdict) - {Verdict.OK, Verdict.APPROXIMATE}


@dataclass(frozen=True, slots=True)
class Check:
    """One relation: what the bulletin states, what follows from its rows, and the verdict."""

    table: str
    relation: str
    stated: str
    computed: str
    verdict: Verdict
    note: str = ""


def read_tables(folder: Path) -> Tables:
    """Read a bulletin's tables as they are printed; every cell stays the string it is."""
    tables = {}
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            tables[path.stem] = tuple(csv.DictReader(file))
    return tables


def count(cell: str) -> int | None:
    """Read a printed count: `/` does not apply and is no number, 260余 is a lower bound."""
    text = cell.strip().removesuffix("余")
    return None if text in ("", DOES_NOT_APPLY) else int(text)


def hundredths(cell: str) -> int | None:
    """Read a printed percentage as hundredths of a percent, without a float."""
    text = cell.strip().removesuffix("%")
    if text in ("", DOES_NOT_APPLY):
        return None
    units, _, decimals = text.partition(".")
    return int(units) * 100 + int(decimals.ljust(2, "0")[:2])


def check_bulletin(tables: Tables) -> tuple[Check, ...]:
    """Run every relation the tables allow, in the order of the bulletin."""
    return tuple(check for run in _CHECKS for check in run(tables))


def failed(checks: Sequence[Check]) -> tuple[Check, ...]:
    """Return what must be looked at before release."""
    return tuple(check for check in checks if check.verdict in BLOCKING)


def _sums(tables: Tables) -> Iterator[Check]:
    """Compare each table's rows with its 合计 line."""
    for name, key, columns in (
        (
            "cases_by_district",
            "县区",
            ("“导办、帮办、代办”窗口", "“万人助万企”窗口", "“办不成事”监督窗口"),
        ),
        ("window_volumes", "窗口单位", ("办理件数",)),
        ("bad_reviews_by_district", "县区", ("差评件数",)),
    ):
        rows = [row for row in tables[name] if not row[key].endswith("合计")]
        total = next(row for row in tables[name] if row[key].endswith("合计"))
        for column in columns:
            stated = count(total[column])
            assert stated is not None
            yield _sum(name, f"{column}各行之和", stated, [row[column] for row in rows])


def _sum(table: str, relation: str, stated: int, cells: Sequence[str]) -> Check:
    owned = total_of(stated, [count(cell) for cell in cells])
    verdict = Verdict.OK if owned.residual == 0 else Verdict.GAP
    note = "" if owned.residual == 0 else owned.text()
    return Check(table, relation, str(stated), str(owned.attributed), verdict, note)


def _parts(tables: Tables) -> Iterator[Check]:
    """Compare break-downs with the line they break down."""
    volumes = {row["窗口单位"]: row["办理件数"] for row in tables["window_volumes"]}
    details = tables["window_volume_details"]
    for unit in dict.fromkeys(row["窗口单位"] for row in details):
        stated = count(volumes[unit])
        assert stated is not None
        cells = [row["办理件数"] for row in details if row["窗口单位"] == unit]
        yield _sum("window_volume_details", f"{unit}分项之和", stated, cells)
    overdue = {row["单位"]: row["超期事项数量"] for row in tables["overdue_by_district"]}
    of_districts = [
        row["超期事项数量"]
        for row in tables["overdue_by_district"]
        if row["范围"] == "县区" and row["单位"] != "县区小计"
    ]
    districts, city = count(overdue["县区小计"]), count(overdue["合计"])
    assert districts is not None
    assert city is not None
    yield _sum("overdue_by_district", "各县区之和", districts, of_districts)
    subtotals = [overdue["县区小计"], overdue["市直单位小计"]]
    yield _sum("overdue_by_district", "县区加市直", city, subtotals)
    patrols = tables["hall_inspections"]
    found = next(count(row["问题件数"]) for row in patrols if row["单位"] == "大厅合计")
    assert found is not None
    yield _sum(
        "hall_inspections",
        "各单位问题之和",
        found,
        [row["问题件数"] for row in tables["hall_inspections"] if row["单位"] != "大厅合计"],
    )


def _headline(tables: Tables, indicator: str, chapter: str = "") -> str:
    """Return a headline figure as printed, of the chapter named, else the first."""
    return next(
        row["数值"]
        for row in tables["summary_indicators"]
        if row["指标"] == indicator and chapter in row["章节"]
    )


def _ratings(tables: Tables) -> Iterator[Check]:
    """Check the ratings: totals, 好评率, and whether the city's 主动评价率 can be true."""
    rows = tables["ratings_by_district"]
    name = "ratings_by_district"
    city = count(_headline(tables, "“好差评”主动评价数"))
    bad = count(_headline(tables, "差评"))
    assert city is not None
    assert bad is not None
    yield _sum(name, "各县区评价数量之和与全市", city, [row["评价数量"] for row in rows])
    yield _sum(name, "各县区差评之和与全市", bad, [row["差评"] for row in rows])
    good = Rates().shown(Indicator.GOOD, Rate(city - bad, city))
    printed = _headline(tables, "好评率")
    verdict = Verdict.OK if good.text == printed else Verdict.PRINTED_DIFFERENTLY
    yield Check(name, f"好评率＝（{city}－{bad}）/{city}", printed, good.text, verdict, good.parts)
    yield from _rectified(rows)
    stated = _headline(tables, "“好差评”主动评价率")
    for reading, most in (
        ("评价数量作总数", _most_if_totals(rows, city)),
        ("评价数量作主动数", _most_if_active(rows, city)),
    ):
        at_most, claimed = hundredths(most), hundredths(stated)
        assert at_most is not None
        assert claimed is not None
        impossible = claimed > at_most
        yield Check(
            name,
            f"全市主动评价率与九行（{reading}，其余单位按 100% 算）",
            stated,
            f"至多 {most}",
            Verdict.CONTRADICTION if impossible else Verdict.OK,
        )
    label = _headline(tables, "有效评价数")
    yield Check(
        "summary_indicators",
        "同一个数两处叫法不同：主动评价数、有效评价数",
        str(city),
        label,
        Verdict.CONTRADICTION if count(label) == city else Verdict.OK,
        "两个叫法只能有一个对",
    )


def _rectified(rows: Sequence[Row]) -> Iterator[Check]:
    """Print 差评按期整改率 of the districts without a bad rating: 0/0 by rule."""
    for row in rows:
        if count(row["差评"]) != 0:
            continue
        shown = Rates().shown(Indicator.ON_TIME_RECTIFICATION, Rate(0, 0))
        printed = row["差评按期整改率"]
        yield Check(
            "ratings_by_district",
            f"{row['评价县区']}差评按期整改率（0/0）",
            printed,
            shown.text,
            Verdict.OK if shown.text == printed else Verdict.PRINTED_DIFFERENTLY,
        )


def _most_if_totals(rows: Sequence[Row], city: int) -> str:
    """Return the highest city rate where each 评价数量 counts all ratings of its row.

    From the rates as printed; a hundredth of a point more in every row changes nothing of it.
    """
    shown_total = sum(count(row["评价数量"]) or 0 for row in rows)
    active = sum(
        (count(row["评价数量"]) or 0) * (hundredths(row["主动评价率"]) or 0) for row in rows
    )
    return Rate(active + (city - shown_total) * 10000, city * 10000).text()


def _most_if_active(rows: Sequence[Row], city: int) -> str:
    """Return the highest city rate where each 评价数量 counts the active ratings of its row.

    A row with A active ratings at a rate of r hundredths has A·10000/r ratings in all.
    """
    least = 0
    for row in rows:
        rate = hundredths(row["主动评价率"]) or 10000
        least += -(-(count(row["评价数量"]) or 0) * 10000 // rate)
    shown = sum(count(row["评价数量"]) or 0 for row in rows)
    return Rate(city, least + city - shown).text()


def _staff(tables: Tables) -> Iterator[Check]:
    """Reproduce 持证上岗率 row by row, its sum, and who meets the target."""
    name = "certificate_staff_by_district"
    for row in tables[name]:
        staff, holders = count(row["窗口总人数"]), count(row["取证人数"])
        assert staff is not None
        assert holders is not None
        shown = Rates().shown(Indicator.QUALIFIED_STAFF, Rate(holders, staff))
        printed = row["持证上岗率"]
        same = shown.text == printed
        yield Check(
            name,
            f"{row['县区']}持证上岗率＝{shown.parts}",
            printed,
            shown.text,
            Verdict.OK if same else Verdict.PRINTED_DIFFERENTLY,
        )
    stated = _headline(tables, "取得政务服务办事员证书")
    holders = sum(count(row["取证人数"]) or 0 for row in tables[name])
    least = count(stated) or 0
    yield Check(
        name,
        "正文取证人数与表内合计",
        stated,
        str(holders),
        Verdict.OK if holders >= least else Verdict.GAP,
        f"至少 {least - holders} 人在表外" if holders < least else "",
    )
    yield Check(
        name,
        f"达到 {TARGET_PERCENT}% 以上（含）的县区数",
        "未写",
        str(len(meeting(tables[name]))),
        Verdict.OK,
        "、".join(meeting(tables[name])),
    )


def meeting(rows: Sequence[Row], percent: int = TARGET_PERCENT) -> tuple[str, ...]:
    """Return the units at or above the target, decided on the counts."""
    return tuple(
        row["县区"]
        for row in rows
        if meets(count(row["取证人数"]) or 0, count(row["窗口总人数"]) or 0, percent)
    )


def fitting_items(printed: str, rounding: Rounding) -> Rate | None:
    """Return the smallest item count that prints so under a rounding, or None below the largest."""
    for items in range(1, LARGEST_ITEMS + 1):
        for rated in range(items + 1):
            if Rate(rated, items).text(rounding=rounding) == printed:
                return Rate(rated, items)
    return None


def _coverage(tables: Tables) -> Iterator[Check]:
    """Find the item counts behind 评价覆盖事项率: they fit rounding half up, not truncation."""
    for row in tables["ratings_by_district"]:
        printed = row["评价覆盖事项率"]
        half_up = fitting_items(printed, Rounding.HALF_UP)
        down = fitting_items(printed, Rounding.DOWN)
        found = f"{half_up.numerator}/{half_up.denominator}" if half_up else "无"
        simpler = down is not None and half_up is not None
        simpler = simpler and down.denominator < half_up.denominator  # type: ignore[union-attr]
        yield Check(
            "ratings_by_district",
            f"{row['评价县区']}评价覆盖事项率的最小事项数",
            printed,
            found,
            Verdict.PRINTED_DIFFERENTLY if half_up is None or simpler else Verdict.OK,
            "四舍五入",
        )
    paragraph = _headline(tables, "评价覆盖事项率")
    yield Check(
        "summary_indicators",
        "同一段既说覆盖率明显上升，又说明显下降",
        "上升",
        f"{paragraph}，下降",
        Verdict.CONTRADICTION,
    )


def _sections(tables: Tables) -> Iterator[Check]:
    """Compare what the summary says with what the sections say."""
    for platform in ("省平台", "市平台"):
        cells = [
            row["受理件数"]
            for row in tables["one_thing_by_platform"]
            if row["平台"] == platform and row["项目"] == "合计"
        ]
        same = len(set(cells)) == 1
        yield Check(
            "one_thing_by_platform",
            f"{platform}一件事：摘要与第三部分",
            cells[0],
            cells[-1],
            Verdict.OK if same else Verdict.CONTRADICTION,
            "" if same else "两个数都留，各标出处",
        )
    parts = [
        count(row["受理件数"]) or 0
        for row in tables["one_thing_by_platform"]
        if row["平台"] == "省平台" and row["项目"] != "合计"
    ]
    whole = count(_headline(tables, "“一件事”省平台受理", "三、")) or 0
    yield Check(
        "one_thing_by_platform",
        "省平台分项之和不超过合计",
        str(whole),
        str(sum(parts)),
        Verdict.OK if sum(parts) <= whole else Verdict.CONTRADICTION,
        f"其余 {whole - sum(parts)} 件为其他事项",
    )


def _sayings(tables: Tables) -> Iterator[Check]:
    """Check sentences that the figures must carry."""
    enquiries = count(_headline(tables, "线上咨询")) or 0
    complaints = count(_headline(tables, "线上投诉")) or 0
    received = enquiries + complaints
    yield Check(
        "summary_indicators",
        "点名咨询投诉最多的部门",
        "公安部门",
        f"共 {received} 件",
        Verdict.OK if may_conclude(received) else Verdict.UNSUPPORTED,
        "不满 20 件不下结论",
    )
    yield Check(
        "overdue_by_district",
        "两个月的超期数与“上月”比",
        "明显下降",
        "时段不等长",
        Verdict.NOT_COMPARABLE,
    )
    yield Check("ratings_by_district", "表题写 2025 年度", "年度", "1—2 月", Verdict.CONTRADICTION)
    largest = max(
        (row for row in tables["window_volumes"] if row["窗口单位"] != "合计"),
        key=lambda row: count(row["办理件数"]) or 0,
    )
    total = count(tables["window_volumes"][-1]["办理件数"]) or 0
    share = Rate(count(largest["办理件数"]) or 0, total)
    yield Check(
        "window_volumes",
        "正文点名的业务量最大单位",
        "人社、公积金",
        largest["窗口单位"],
        Verdict.CONTRADICTION,
        f"{share.numerator}/{share.denominator}＝{share.text()}",
    )
    if any(row["约数标记"] == "余" for row in tables["e_certificates"]):
        yield Check(
            "e_certificates",
            "电子证照占实体证照",
            "未写",
            "约数，不给两位小数",
            Verdict.APPROXIMATE,
        )


_CHECKS: tuple[Callable[[Tables], Iterator[Check]], ...] = (
    _sums,
    _parts,
    _ratings,
    _staff,
    _coverage,
    _sections,
    _sayings,
)
