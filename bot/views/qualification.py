"""持证上岗率 by district, with how many heads are still missing."""

from __future__ import annotations

from collections.abc import Sequence

from bot.dialogue import Button, Reply, Table
from bot.reports.qualification import TARGET_PERCENT, QualifiedStaff, total_of
from bot.views.text import Lines

MENU = Button("菜单", "menu")


def qualification_reply(units: Sequence[QualifiedStaff], *, percent: int = TARGET_PERCENT) -> Reply:
    """Show each district's rate with both parts, and the heads missing until the target."""
    if not units:
        return Reply("持证上岗：无数据。", buttons=((MENU,),))
    city = total_of(units, "合计")
    lines = Lines()
    lines.heading("窗口人员持证上岗（政务服务办事员）")
    lines.add(f"{_rate(city)}；{_gap(city, percent)}")
    lines.bullets(f"{unit.unit}：{_rate(unit)}，{_gap(unit, percent)}" for unit in units)
    rows = tuple(
        (u.unit, str(u.staff), str(u.holders), u.rate.text(), str(u.missing(percent)))
        for u in (*units, city)
    )
    header = ("区县", "窗口人员", "持证", "持证上岗率", f"到 {percent}% 还差")
    return Reply(lines.text, headings=lines.headings, table=Table(header, rows), buttons=((MENU,),))


def _rate(unit: QualifiedStaff) -> str:
    return f"持证上岗率 {unit.rate.text()}（{unit.holders}/{unit.staff}）"


def _gap(unit: QualifiedStaff, percent: int) -> str:
    missing = unit.missing(percent)
    return f"到 {percent}% 还差 {missing} 人" if missing else f"已到 {percent}%"
