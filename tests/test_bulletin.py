"""The city's own tables (January and February 2025), reproduced where their rows allow."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.reports.bulletin import (
    Check,
    Verdict,
    check_bulletin,
    count,
    failed,
    fitting_items,
    hundredths,
    read_tables,
)
from bot.reports.percentages import Rounding

TABLES = read_tables(Path(__file__).parent / "data" / "bulletin")
CHECKS = check_bulletin(TABLES)


def found(*words: str) -> Check:
    (check,) = [c for c in CHECKS if all(w in c.table + c.relation for w in words)]
    return check


@pytest.mark.parametrize(
    ("words", "total"),
    [
        (("导办、帮办、代办", "各行之和"), "40174"),
        (("万人助万企", "各行之和"), "480"),
        (("办不成事", "各行之和"), "18"),
        (("window_volumes", "各行之和"), "67036"),
        (("公积金管理中心",), "7751"),
        (("第二税务分局",), "3721"),
        (("overdue_by_district", "各县区之和"), "7"),
        (("县区加市直",), "13"),
        (("bad_reviews_by_district",), "10"),
    ],
)
def test_every_sum_is_reproduced(words: tuple[str, ...], total: str) -> None:
    check = found(*words)

    assert (check.stated, check.computed, check.verdict) == (total, total, Verdict.OK)


def test_nine_of_ten_staff_rates_are_printed_the_same_and_one_is_reported() -> None:
    rates = [c for c in CHECKS if "持证上岗率＝" in c.relation]
    other = [c for c in rates if c.verdict is not Verdict.OK]

    assert len(rates) == 10
    assert [(c.relation[:3], c.stated, c.computed) for c in other] == [
        ("示范区", "71.4%", "71.42%")
    ]


def test_the_good_rate_and_the_duties_without_cases_are_printed_the_same() -> None:
    without = [c for c in CHECKS if "0/0" in c.relation]

    assert found("好评率＝").computed == "99.99%"
    assert [c.computed for c in without] == ["100.00%"] * 3
    assert {c.verdict for c in [*without, found("好评率＝")]} == {Verdict.OK}


@pytest.mark.parametrize(
    ("district", "items"),
    [("龙亭区", "38/39"), ("尉氏县", "11/13"), ("祥符区", "46/85"), ("鼓楼区", "38/43")],
)
def test_coverage_fits_small_item_counts_rounded_half_up(district: str, items: str) -> None:
    assert found(district, "最小事项数").computed == items


def test_truncation_would_need_more_items_than_a_district_has() -> None:
    assert fitting_items("97.44%", Rounding.DOWN) is None


@pytest.mark.parametrize(
    ("words", "computed", "verdict"),
    [
        (("评价数量之和与全市",), "138664", Verdict.GAP),
        (("差评之和与全市",), "10", Verdict.GAP),
        (("评价数量作总数",), "至多 98.12%", Verdict.CONTRADICTION),
        (("评价数量作主动数",), "至多 97.91%", Verdict.CONTRADICTION),
        (("省平台一件事",), "4705", Verdict.CONTRADICTION),
        (("hall_inspections",), "6", Verdict.GAP),
        (("上月",), "时段不等长", Verdict.NOT_COMPARABLE),
        (("点名咨询投诉",), "共 1 件", Verdict.UNSUPPORTED),
        (("正文点名",), "示范区行政服务中心", Verdict.CONTRADICTION),
        (("2025 年度",), "1—2 月", Verdict.CONTRADICTION),
    ],
)
def test_what_cannot_be_true_is_reported(
    words: tuple[str, ...], computed: str, verdict: Verdict
) -> None:
    check = found(*words)

    assert (check.computed, check.verdict) == (computed, verdict)
    assert check in failed(CHECKS)


def test_gaps_name_their_residual() -> None:
    assert found("差评之和与全市").note == "12 件（其中未归属 2 件）"
    assert found("评价数量之和与全市").note == "156952 件（其中未归属 18288 件）"


@pytest.mark.parametrize(("cell", "number"), [("/", None), ("260余", 260), ("0", 0), ("18", 18)])
def test_a_slash_is_not_zero(cell: str, number: int | None) -> None:
    assert count(cell) == number


@pytest.mark.parametrize(("cell", "steps"), [("71.4%", 7140), ("99.79%", 9979), ("/", None)])
def test_a_printed_rate_is_read_without_a_float(cell: str, steps: int | None) -> None:
    assert hundredths(cell) == steps
