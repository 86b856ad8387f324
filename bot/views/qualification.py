"""持证上岗率 by district or unit, with how many heads are still missing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bot.dialogue import CITY, Button, Reply, Scope, Table
from bot.reports.percentages import Bound
from bot.reports.qualification import CITY_TARGET, QualifiedStaff, Target, total_of
from bot.reports.rates import NO_DATA, Indicator, Rates
from bot.views.places import scope_words
from bot.views.text import Lines, format_full_day
from knowledge.model import KnowledgeBase

MENU = Button("菜单", "menu")
ALL = Button("各区县", "qualified")
TITLE = "窗口人员持证上岗（政务服务办事员）"
TOTAL = "合计"
HOW = "在人员名册里填“持证”一列，再上传名册就有。"


def qualification_reply(
    base: KnowledgeBase,
    units: Sequence[QualifiedStaff],
    *,
    rates: Rates,
    on: date,
    target: Target = CITY_TARGET,
    scope: Scope = CITY,
    districts: Sequence[tuple[str, str]] = (),
) -> Reply:
    """Show each district's rate with both parts, and the heads missing until the target.

    `districts` are those whose units can be looked at, each with its id; without any, `units`
    are the units of one.
    """
    back = (MENU,) if districts or not units else (ALL, MENU)
    if not any(unit.is_known for unit in units):
        return Reply(f"持证上岗：{NO_DATA}。{HOW}", buttons=(back,))
    total = total_of(units, TOTAL)
    lines = Lines()
    lines.heading(TITLE)
    lines.add(f"{scope_words(base, scope)}，{format_full_day(on)}")
    lines.add(f"{TOTAL}：{_said(total, rates, target)}")
    lines.bullets(f"{unit.unit}：{_said(unit, rates, target)}" for unit in units)
    lines.add(_unknown_line(units))
    table = Table(header(target), tuple(row(u, rates, target) for u in (*units, total)))
    looks = [Button(f"看{name}各单位", f"qualified:{id_}") for name, id_ in districts]
    pairs = [tuple(looks[n : n + 2]) for n in range(0, len(looks), 2)]
    return Reply(lines.text, headings=lines.headings, table=table, buttons=(*pairs, back))


def header(target: Target) -> tuple[str, ...]:
    """Return the table's header."""
    return ("单位", "窗口人员", "持证", "持证上岗率", f"{_reach(target)} 还差")


def row(unit: QualifiedStaff, rates: Rates, target: Target) -> tuple[str, ...]:
    """Return a unit's row of the table; what is not known is no 0."""
    if not unit.is_known:
        return (unit.unit, str(unit.staff), NO_DATA, NO_DATA, NO_DATA)
    shown = rates.shown(Indicator.QUALIFIED_STAFF, unit.rate)
    missing = f"{unit.missing(target)} 人"
    return (unit.unit, str(unit.staff), str(unit.holders), shown.text, missing)


def _said(unit: QualifiedStaff, rates: Rates, target: Target) -> str:
    if not unit.is_known:
        return f"{NO_DATA}（窗口人员 {unit.staff} 人，名册没填持证）"
    shown = rates.shown(Indicator.QUALIFIED_STAFF, unit.rate)
    return f"{shown.name} {shown.text}（{shown.parts}），{_gap(unit, target)}"


def _gap(unit: QualifiedStaff, target: Target) -> str:
    if unit.meets(target):
        return f"已{_reach(target)}"
    return f"{_reach(target)} 还差 {unit.missing(target)} 人"


def _reach(target: Target) -> str:
    word = "到" if target.bound is Bound.AT_LEAST else "超过"
    return f"{word} {target.percent}%"


def _unknown_line(units: Sequence[QualifiedStaff]) -> str | None:
    unknown = sum(unit.unknown for unit in units if unit.is_known)
    return f"其中 {unknown} 人名册没填持证，按未持证算。" if unknown else None
