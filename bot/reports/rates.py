"""The indicators of `domain.md` 1.4: exact integers in, the printed string out.

Each indicator has its own rounding and its own rule for 0/0. Totals name what no row owns,
periods name their days, and only equal periods are compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from bot.reports.percentages import (
    DUTY_WITHOUT_CASES,
    NOTHING_TO_MEASURE,
    Rate,
    Rounding,
)
from bot.settings import RateSettings

NO_DATA = "无数据"
DOES_NOT_APPLY = "/"
MIN_FOR_CONCLUSIONS = 20
OURS = "本系统"
OFFICIAL = "省好差评"


class Indicator(StrEnum):
    """What a rate measures; the value is its key in settings."""

    ACTIVE_RATING = "active_rating_rate"
    GOOD = "good_rate"
    ACTIVE_GOOD = "active_good_rate"
    UNRATED = "unrated_rate"
    ITEM_COVERAGE = "item_coverage_rate"
    DEPARTMENT_COVERAGE = "department_coverage_rate"
    ON_TIME_RECTIFICATION = "on_time_rectification_rate"
    ON_TIME_FOLLOW_UP = "on_time_follow_up_rate"
    REPLY = "reply_rate"
    FOLLOWED_UP_AND_RECTIFIED = "followed_up_and_rectified_rate"
    SATISFIED_AT_FOLLOW_UP = "satisfied_at_follow_up_rate"
    QUALIFIED_STAFF = "qualified_staff_rate"


NAMES: Mapping[Indicator, str] = MappingProxyType(
    {
        Indicator.ACTIVE_RATING: "主动评价率",
        Indicator.GOOD: "好评率",
        Indicator.ACTIVE_GOOD: "主动评价好评率",
        Indicator.UNRATED: "未评率",
        Indicator.ITEM_COVERAGE: "评价覆盖事项率",
        Indicator.DEPARTMENT_COVERAGE: "评价覆盖部门率",
        Indicator.ON_TIME_RECTIFICATION: "差评按期整改率",
        Indicator.ON_TIME_FOLLOW_UP: "差评按期回访率",
        Indicator.REPLY: "差评回复率",
        Indicator.FOLLOWED_UP_AND_RECTIFIED: "回访整改率",
        Indicator.SATISFIED_AT_FOLLOW_UP: "回访整改满意率",
        Indicator.QUALIFIED_STAFF: "持证上岗率",
    }
)

DUTIES = frozenset(
    {
        Indicator.ON_TIME_RECTIFICATION,
        Indicator.ON_TIME_FOLLOW_UP,
        Indicator.REPLY,
        Indicator.FOLLOWED_UP_AND_RECTIFIED,
        Indicator.SATISFIED_AT_FOLLOW_UP,
    }
)
"""Rates of duty: 0/0 means that every duty was done."""

NAMED_WITH_SOURCE = frozenset({Indicator.ACTIVE_RATING, Indicator.ITEM_COVERAGE})
"""Rates that the city prints too and ours must never be taken for: the source is in the name."""

ROUNDING: Mapping[Indicator, Rounding] = MappingProxyType(
    {
        indicator: Rounding.HALF_UP if indicator is Indicator.ITEM_COVERAGE else Rounding.DOWN
        for indicator in Indicator
    }
)


class ActiveRateBase(StrEnum):
    """What 主动评价率 divides by: all ratings (the city's way), or all services."""

    TOTAL = "total"
    SERVICES = "services"


@dataclass(frozen=True, slots=True)
class Shown:
    """A rate as printed, with its name and both parts, so that it can be opened."""

    indicator: Indicator
    name: str
    rate: Rate
    text: str

    @property
    def parts(self) -> str:
        """Return numerator and denominator."""
        return f"{self.rate.numerator}/{self.rate.denominator}"


@dataclass(frozen=True, slots=True)
class Rates:
    """How rates are printed: source, rounding per indicator, what 主动评价率 divides by."""

    source: str = OURS
    rounding: Mapping[Indicator, Rounding] = field(default_factory=lambda: ROUNDING)
    active_rate_base: ActiveRateBase = ActiveRateBase.TOTAL
    zero_duty: str = DUTY_WITHOUT_CASES
    zero_other: str = NOTHING_TO_MEASURE

    def shown(self, indicator: Indicator, rate: Rate) -> Shown:
        """Print a rate by its indicator's rules."""
        name = NAMES[indicator]
        if indicator in NAMED_WITH_SOURCE:
            name = f"{name}（{self.source}）"
        text = rate.text(
            rounding=self.rounding.get(indicator, Rounding.DOWN),
            empty=self.zero_duty if indicator in DUTIES else self.zero_other,
        )
        return Shown(indicator, name, rate, text)


def rates_of(settings: RateSettings) -> Rates:
    """Return how rates are printed as the settings have it."""
    rounding = {
        indicator: Rounding(settings.rounding.get(indicator.value, Rounding.DOWN.value))
        for indicator in Indicator
    }
    return Rates(
        rounding=rounding,
        active_rate_base=ActiveRateBase(settings.active_rate_base),
        zero_duty=settings.zero_by_zero_duty,
        zero_other=settings.zero_by_zero_other,
    )


@dataclass(frozen=True, slots=True)
class Figures:
    """The exact counts of one unit and period; None is not known, never zero.

    `active` A, `default` D, `good` G and `active_good` (levels 3 to 5), `services` N; void
    ratings and mis-taps are in none of them and counted by themselves.
    """

    active: int | None = None
    default: int | None = 0
    good: int | None = None
    active_good: int | None = None
    services: int | None = None
    items_rated: int | None = None
    items_served: int | None = None
    departments_rated: int | None = None
    departments_served: int | None = None
    voided_bad: int = 0
    mis_taps: int = 0

    @property
    def total(self) -> int | None:
        """Return T = A + D, 评价数量."""
        return None if self.active is None or self.default is None else self.active + self.default

    @property
    def bad(self) -> int | None:
        """Return B = T - G, 差评."""
        return None if self.total is None or self.good is None else self.total - self.good

    @property
    def bad_with_voided(self) -> int | None:
        """Return 差评 as they were received, with those voided since."""
        return None if self.bad is None else self.bad + self.voided_bad

    @property
    def unrated(self) -> int | None:
        """Return U = N - T."""
        return None if self.services is None or self.total is None else self.services - self.total

    def rate(self, indicator: Indicator, base: ActiveRateBase) -> Rate | None:
        """Return both parts of a rate, or None where one of them is not known."""
        services = base is ActiveRateBase.SERVICES
        parts: Mapping[Indicator, tuple[int | None, int | None]] = {
            Indicator.ACTIVE_RATING: (self.active, self.services if services else self.total),
            Indicator.GOOD: (self.good, self.total),
            Indicator.ACTIVE_GOOD: (self.active_good, self.active),
            Indicator.UNRATED: (self.unrated, self.services),
            Indicator.ITEM_COVERAGE: (self.items_rated, self.items_served),
            Indicator.DEPARTMENT_COVERAGE: (self.departments_rated, self.departments_served),
        }
        numerator, denominator = parts[indicator]
        return None if numerator is None or denominator is None else Rate(numerator, denominator)

    def shown(self, indicator: Indicator, rates: Rates) -> Shown | None:
        """Print a rate, or None where it cannot be known."""
        rate = self.rate(indicator, rates.active_rate_base)
        return rates.shown(indicator, rate) if rate is not None else None


def summed(rows: Iterable[Figures]) -> Figures:
    """Add rows up for a city's figures: rates then come from the summed counts.

    A count that any row does not know is not known of the sum. Items and departments are not
    added: the same item in two districts is one item.
    """
    rows = tuple(rows)
    return Figures(
        active=_sum(r.active for r in rows),
        default=_sum(r.default for r in rows),
        good=_sum(r.good for r in rows),
        active_good=_sum(r.active_good for r in rows),
        services=_sum(r.services for r in rows),
        voided_bad=sum(r.voided_bad for r in rows),
        mis_taps=sum(r.mis_taps for r in rows),
    )


def _sum(numbers: Iterable[int | None]) -> int | None:
    known = tuple(numbers)
    return sum(n for n in known if n is not None) if None not in known else None


@dataclass(frozen=True, slots=True)
class Total:
    """A total and how much of it no row owns."""

    total: int
    attributed: int

    @property
    def residual(self) -> int:
        """Return what no row owns; below zero where the rows hold more than the total."""
        return self.total - self.attributed

    def text(self, unit: str = "件") -> str:
        """Print the total with its residual, where there is one."""
        if self.residual == 0:
            return f"{self.total} {unit}"
        if self.residual > 0:
            return f"{self.total} {unit}（其中未归属 {self.residual} {unit}）"
        return f"{self.total} {unit}（各行合计 {self.attributed} {unit}，多出 {-self.residual}）"


def total_of(total: int, rows: Iterable[int | None]) -> Total:
    """Set a total beside its rows; rows that do not apply or are not known own nothing."""
    return Total(total, sum(number for number in rows if number is not None))


def residual_text(total: int, unowned: int, unit: str = "件") -> str:
    """Print a total with what is in it that no unit owns."""
    return Total(total, total - unowned).text(unit)


@dataclass(frozen=True, slots=True)
class Duty:
    """One duty that was due on a day: done on `met_on`, or not yet."""

    due_on: date
    met_on: date | None

    def is_on_time(self) -> bool:
        """Tell whether it was done on its day or before (以内 includes the day)."""
        return self.met_on is not None and self.met_on <= self.due_on


def on_time(duties: Iterable[Duty], from_on: date, to_on: date) -> Rate:
    """Divide what was done in time by what was *due* in the period, never by what came in.

    Kaifeng's hotline of January 2025 shows why: 10920 came in, 10324 were done in time, and
    98.53 % was printed of those due; 10324/10920 would be 94.54 %.
    """
    due = [duty for duty in duties if from_on <= duty.due_on <= to_on]
    return Rate(sum(duty.is_on_time() for duty in due), len(due))


@dataclass(frozen=True, slots=True)
class Period:
    """A period by its first and last day."""

    from_on: date
    to_on: date

    @property
    def days(self) -> int:
        """Return how many days it has."""
        return (self.to_on - self.from_on).days + 1


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two numbers of equal periods."""

    now: int
    before: int

    @property
    def text(self) -> str:
        """Say which way, with both numbers."""
        if self.now == self.before:
            return f"持平（{self.now}，上期 {self.before}）"
        word = "增" if self.now > self.before else "降"
        return f"{word} {abs(self.now - self.before)}（{self.now}，上期 {self.before}）"


def compare(
    now: int | None, period: Period, before: int | None, period_before: Period
) -> Comparison | None:
    """Compare two numbers, or None: periods of unequal length are never compared."""
    if now is None or before is None or period.days != period_before.days:
        return None
    return Comparison(now, before)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A unit's place by its rate; None where too few ratings make a place meaningless."""

    key: str
    rate: Rate
    place: int | None


def rank(rows: Sequence[tuple[str, Rate]], least: int = MIN_FOR_CONCLUSIONS) -> tuple[Ranked, ...]:
    """Rank by rate, equal rates sharing a place (1, 2, 2, 4); too few are shown, not ranked.

    Compared as fractions: two rates that print alike may still differ.
    """
    ranked = [row for row in rows if row[1].denominator >= least]
    found = []
    for key, rate in ranked:
        better = sum(
            other.numerator * rate.denominator > rate.numerator * other.denominator
            for _, other in ranked
        )
        found.append(Ranked(key, rate, better + 1))
    found.sort(key=lambda r: (r.place or 0, -r.rate.denominator, r.key))
    few = [Ranked(key, rate, None) for key, rate in rows if rate.denominator < least]
    return (*found, *sorted(few, key=lambda r: (-r.rate.denominator, r.key)))


def may_conclude(number: int, least: int = MIN_FOR_CONCLUSIONS) -> bool:
    """Tell whether so many allow a sentence such as 热点单位."""
    return number >= least


def number_text(number: int | None) -> str:
    """Print a count; what is not known is 无数据, never 0."""
    return NO_DATA if number is None else str(number)
