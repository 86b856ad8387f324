"""Every indicator of `domain.md` 1.4: exact integers in, the printed string out."""

from __future__ import annotations

from datetime import date

import pytest

from bot.reports.percentages import Rate
from bot.reports.rates import (
    NO_DATA,
    OFFICIAL,
    ActiveRateBase,
    Duty,
    Figures,
    Indicator,
    Period,
    Rates,
    compare,
    may_conclude,
    number_text,
    on_time,
    rank,
    summed,
    total_of,
)

CITY = Figures(active=156622, default=330, good=156940, active_good=156610, services=200000)


def text(figures: Figures, indicator: Indicator, rates: Rates | None = None) -> str | None:
    shown = figures.shown(indicator, rates or Rates())
    return shown.text if shown else None


@pytest.mark.parametrize(
    ("indicator", "printed", "parts"),
    [
        (Indicator.ACTIVE_RATING, "99.78%", "156622/156952"),
        (Indicator.GOOD, "99.99%", "156940/156952"),
        (Indicator.ACTIVE_GOOD, "99.99%", "156610/156622"),
        (Indicator.UNRATED, "21.52%", "43048/200000"),
    ],
)
def test_a_rate_prints_from_exact_counts(indicator: Indicator, printed: str, parts: str) -> None:
    shown = CITY.shown(indicator, Rates())

    assert shown is not None
    assert (shown.text, shown.parts) == (printed, parts)


def test_the_active_rate_may_divide_by_services_instead() -> None:
    by_services = Rates(active_rate_base=ActiveRateBase.SERVICES)

    assert text(CITY, Indicator.ACTIVE_RATING, by_services) == "78.31%"


def test_coverage_rounds_half_up_and_everything_else_truncates() -> None:
    counts = Figures(active=39, good=38, active_good=38, items_rated=38, items_served=39)

    assert text(counts, Indicator.ITEM_COVERAGE) == "97.44%"
    assert text(counts, Indicator.GOOD) == "97.43%"


@pytest.mark.parametrize("indicator", list(Indicator))
def test_nothing_by_nothing_goes_by_the_kind_of_rate(indicator: Indicator) -> None:
    printed = Rates().shown(indicator, Rate(0, 0)).text
    is_duty = "rectif" in indicator or "follow_up" in indicator or "reply" in indicator

    assert printed == ("100.00%" if is_duty else "—")


@pytest.mark.parametrize("indicator", [Indicator.ACTIVE_RATING, Indicator.ITEM_COVERAGE])
def test_rates_the_city_prints_too_carry_their_source(indicator: Indicator) -> None:
    ours, theirs = (Rates(source=s).shown(indicator, Rate(1, 2)) for s in ("本系统", OFFICIAL))

    assert "（本系统）" in ours.name
    assert "（省好差评）" in theirs.name


def test_what_is_not_known_is_never_zero() -> None:
    unknown = Figures(active=None)

    assert text(unknown, Indicator.GOOD) is None
    assert number_text(unknown.total) == NO_DATA
    assert number_text(0) == "0"


def test_a_citys_rate_comes_from_the_summed_counts() -> None:
    city = summed([Figures(active=1, good=1), Figures(active=99, good=50)])

    assert text(city, Indicator.GOOD) == "51.00%"


def test_an_unknown_row_makes_the_sum_unknown() -> None:
    assert summed([Figures(active=1, good=1), Figures(active=None)]).total is None


def test_voided_ratings_count_no_more_but_both_totals_are_shown() -> None:
    counts = Figures(active=10, good=8, voided_bad=1)

    assert (counts.bad, counts.bad_with_voided) == (2, 3)


@pytest.mark.parametrize(
    ("rows", "printed"),
    [
        ([10], "12 件（其中未归属 2 件）"),
        ([10, 2], "12 件"),
        ([10, None], "12 件（其中未归属 2 件）"),
        ([13], "12 件（各行合计 13 件，多出 1）"),
    ],
)
def test_a_total_names_what_no_row_owns(rows: list[int | None], printed: str) -> None:
    assert total_of(12, rows).text() == printed


def test_in_time_divides_by_what_was_due_not_by_what_came_in() -> None:
    first, last = date(2025, 1, 1), date(2025, 1, 31)
    done = Duty(date(2025, 1, 20), date(2025, 1, 20))
    late = Duty(date(2025, 1, 21), date(2025, 1, 22))
    never = Duty(date(2025, 1, 22), None)
    next_month = Duty(date(2025, 2, 3), date(2025, 1, 30))

    assert on_time([done, late, never, next_month], first, last) == Rate(1, 3)


def test_kaifengs_hotline_of_january_is_reproduced() -> None:
    due = [Duty(date(2025, 1, 9), date(2025, 1, 9))] * 10324
    late = [Duty(date(2025, 1, 9), None)] * 154
    carried = [Duty(date(2025, 2, 9), None)] * 442

    shown = on_time([*due, *late, *carried], date(2025, 1, 1), date(2025, 1, 31))

    assert shown.text() == "98.53%"


def test_only_equal_periods_are_compared_with_both_numbers() -> None:
    january = Period(date(2025, 1, 1), date(2025, 1, 31))
    both_months = Period(date(2025, 1, 1), date(2025, 2, 28))
    december = Period(date(2024, 12, 1), date(2024, 12, 31))

    fell = compare(13, january, 20, december)

    assert compare(13, both_months, 20, december) is None
    assert fell is not None
    assert fell.text == "降 7（13，上期 20）"


def test_equal_rates_share_a_place_and_few_are_not_ranked() -> None:
    rows = [
        ("a", Rate(20, 20)),
        ("b", Rate(38, 40)),
        ("c", Rate(19, 20)),
        ("d", Rate(10, 20)),
        ("e", Rate(19, 19)),
    ]

    assert [(r.key, r.place) for r in rank(rows)] == [
        ("a", 1),
        ("b", 2),
        ("c", 2),
        ("d", 4),
        ("e", None),
    ]


@pytest.mark.parametrize(("number", "may"), [(19, False), (20, True), (21, True)])
def test_no_conclusion_from_fewer_than_twenty(number: int, may: bool) -> None:
    assert may_conclude(number) is may
