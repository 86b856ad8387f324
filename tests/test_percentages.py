"""Rates against the printed bulletin of January-February 2025, and their properties."""

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.reports.percentages import (
    DUTY_WITHOUT_CASES,
    Rate,
    Rounding,
    format_rate,
    meets,
    missing_heads,
)

COUNTS = st.integers(0, 10**9)
WHOLES = st.integers(1, 10**9)
MODES = {Rounding.DOWN: ROUND_DOWN, Rounding.HALF_UP: ROUND_HALF_UP}


@pytest.mark.parametrize(
    ("numerator", "denominator", "printed"),
    [
        (5, 19, "26.31%"),
        (23, 76, "30.26%"),
        (38, 85, "44.70%"),
        (29, 52, "55.76%"),
        (5, 22, "22.72%"),
        (246, 583, "42.19%"),
        (156952 - 12, 156952, "99.99%"),
        (5_150_000 - 9, 5_150_000, "99.99%"),
        (10324, 10920, "94.54%"),
        (33090, 67036, "49.36%"),
        (7, 7, "100.00%"),
        (0, 7, "0.00%"),
        (1, 100_000, "0.00%"),
    ],
)
def test_rates_are_truncated_as_the_bulletin_prints_them(
    numerator: int, denominator: int, printed: str
) -> None:
    assert format_rate(numerator, denominator) == printed


@pytest.mark.parametrize(
    ("numerator", "denominator", "printed"),
    [
        (38, 39, "97.44%"),
        (11, 13, "84.62%"),
        (46, 85, "54.12%"),
        (47, 48, "97.92%"),
        (47, 49, "95.92%"),
        (38, 43, "88.37%"),
        (1, 16, "6.25%"),
        (1, 800, "0.13%"),
        (99_999, 100_000, "99.99%"),
    ],
)
def test_the_coverage_rate_is_rounded_half_up(
    numerator: int, denominator: int, printed: str
) -> None:
    assert format_rate(numerator, denominator, rounding=Rounding.HALF_UP) == printed


@pytest.mark.parametrize(
    ("places", "printed"), [(0, "71%"), (1, "71.4%"), (2, "71.42%"), (3, "71.428%")]
)
def test_the_number_of_places_is_the_callers(places: int, printed: str) -> None:
    assert format_rate(55, 77, places=places) == printed


def test_nothing_of_nothing_shows_by_rule() -> None:
    assert format_rate(0, 0) == "—"
    assert format_rate(0, 0, empty=DUTY_WITHOUT_CASES) == "100.00%"
    assert format_rate(3, 0, empty=DUTY_WITHOUT_CASES) == "—"


def test_a_rate_prints_as_its_parts_do() -> None:
    assert Rate(38, 39).text() == "97.43%"
    assert Rate(38, 39).text(rounding=Rounding.HALF_UP, places=1) == "97.4%"
    assert Rate(0, 0).text(empty=DUTY_WITHOUT_CASES) == "100.00%"


@pytest.mark.parametrize(
    ("numerator", "denominator", "places"), [(-1, 2, 2), (1, -2, 2), (1, 2, -1)]
)
def test_negative_counts_are_a_bug(numerator: int, denominator: int, places: int) -> None:
    with pytest.raises(ValueError, match="negative"):
        format_rate(numerator, denominator, places=places)


@given(COUNTS, WHOLES, st.sampled_from(Rounding), st.integers(0, 4))
def test_a_hundred_stands_only_where_both_are_equal(
    numerator: int, denominator: int, rounding: Rounding, places: int
) -> None:
    whole = format_rate(1, 1, places=places)

    printed = format_rate(numerator, denominator, rounding=rounding, places=places)

    assert (printed == whole) == (numerator == denominator)


@given(WHOLES, st.integers(1, 1000), st.sampled_from(Rounding))
def test_one_short_of_all_never_prints_a_hundred(
    denominator: int, missing: int, rounding: Rounding
) -> None:
    numerator = max(0, denominator - missing)

    assert format_rate(numerator, denominator, rounding=rounding) != "100.00%"


@given(COUNTS, WHOLES, st.sampled_from(Rounding), st.integers(0, 4))
def test_a_rate_agrees_with_exact_decimals_away_from_a_hundred(
    numerator: int, denominator: int, rounding: Rounding, places: int
) -> None:
    step = Decimal(1).scaleb(-places)
    exact = Decimal(numerator) * 100 / Decimal(denominator)
    expected = exact.quantize(step, rounding=MODES[rounding])

    printed = format_rate(numerator, denominator, rounding=rounding, places=places)

    if numerator == denominator or abs(exact - 100) > 2 * step:
        assert printed == f"{expected}%"


@given(COUNTS, COUNTS, WHOLES)
def test_more_never_prints_less(smaller: int, larger: int, denominator: int) -> None:
    smaller, larger = sorted((smaller, larger))

    low, high = format_rate(smaller, denominator), format_rate(larger, denominator)

    assert Decimal(low[:-1]) <= Decimal(high[:-1])


def test_the_target_is_judged_on_the_counts_and_includes_itself() -> None:
    assert meets(7, 10, 70)
    assert not meets(69_999, 100_000, 70)
    assert format_rate(69_999, 100_000, places=0, rounding=Rounding.HALF_UP) == "70%"
    assert not meets(0, 0, 70)


@pytest.mark.parametrize(
    ("staff", "holders", "missing"),
    [(19, 5, 9), (77, 55, 0), (85, 38, 22), (10, 6, 1), (10, 7, 0), (0, 0, 0), (3, 0, 3)],
)
def test_missing_heads(staff: int, holders: int, missing: int) -> None:
    assert missing_heads(staff, holders, 70) == missing


@given(st.integers(1, 5000), st.integers(0, 5000), st.integers(1, 100))
def test_missing_heads_are_just_enough(staff: int, holders: int, percent: int) -> None:
    missing = missing_heads(staff, holders, percent)

    assert meets(holders + missing, staff, percent)
    assert missing == 0 or not meets(holders + missing - 1, staff, percent)
