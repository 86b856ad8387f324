"""Print rates from exact integers, as the city prints them; no binary float is ever involved.

The city truncates to two decimals, 评价覆盖事项率 alone is rounded half up (`domain.md` 1.4).
"""

from dataclasses import dataclass
from enum import StrEnum

NOTHING_TO_MEASURE = "—"
DUTY_WITHOUT_CASES = "100.00%"
"""What 0/0 shows for rates of duty (整改, 回访, 回复)."""


class Rounding(StrEnum):
    """Name how the digits that are not printed are treated."""

    DOWN = "down"
    HALF_UP = "half_up"


@dataclass(frozen=True, slots=True)
class Rate:
    """Keep both parts of a rate, so that every printed percentage can be opened."""

    numerator: int
    denominator: int

    def text(
        self,
        *,
        rounding: Rounding = Rounding.DOWN,
        places: int = 2,
        empty: str = NOTHING_TO_MEASURE,
    ) -> str:
        """Print the rate; see `format_rate`."""
        return format_rate(
            self.numerator, self.denominator, rounding=rounding, places=places, empty=empty
        )


def format_rate(
    numerator: int,
    denominator: int,
    *,
    rounding: Rounding = Rounding.DOWN,
    places: int = 2,
    empty: str = NOTHING_TO_MEASURE,
) -> str:
    """Print numerator / denominator as a percentage with `places` decimals.

    100.00% stands only where both are equal: what would round to it stays one step away, so
    that one 差评 in 156952 ratings is seen. `empty` is printed for 0/0 alone; a part of nothing
    is never a percentage.
    """
    if numerator < 0 or denominator < 0 or places < 0:
        raise ValueError(f"counts cannot be negative: {numerator}/{denominator}, {places} places")
    if denominator == 0:
        return empty if numerator == 0 else NOTHING_TO_MEASURE
    whole = 100 * 10**places
    steps = _divide(numerator * whole, denominator, rounding)
    if numerator < denominator:
        steps = min(steps, whole - 1)
    elif numerator > denominator:
        steps = max(steps, whole + 1)
    return _print_steps(steps, places)


def _divide(dividend: int, divisor: int, rounding: Rounding) -> int:
    match rounding:
        case Rounding.DOWN:
            return dividend // divisor
        case Rounding.HALF_UP:
            return (2 * dividend + divisor) // (2 * divisor)


def _print_steps(steps: int, places: int) -> str:
    if places == 0:
        return f"{steps}%"
    units, decimals = divmod(steps, 10**places)
    return f"{units}.{decimals:0{places}}%"


class Bound(StrEnum):
    """Tell whether a target includes its own number: 以上 does, 超过 does not (民法典 1259)."""

    AT_LEAST = ">="
    ABOVE = ">"


def meets(numerator: int, denominator: int, percent: int, bound: Bound = Bound.AT_LEAST) -> bool:
    """Tell whether the rate is at or above the target; 以上 includes the number itself.

    Decided on the counts, never on the printed rate. Where there is nothing to measure, no
    target is met.
    """
    if denominator == 0:
        return False
    return numerator >= _needed(denominator, percent, bound)


def missing_heads(staff: int, holders: int, percent: int, bound: Bound = Bound.AT_LEAST) -> int:
    """Return how many more of the staff must qualify until the target is met."""
    return max(0, _needed(staff, percent, bound) - holders) if staff else 0


def _needed(staff: int, percent: int, bound: Bound) -> int:
    match bound:
        case Bound.AT_LEAST:
            return -(-percent * staff // 100)
        case Bound.ABOVE:
            return percent * staff // 100 + 1
