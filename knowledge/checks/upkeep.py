"""Rules on age and completeness: what is past its date, and what a guide should have."""

from __future__ import annotations

from datetime import date

from knowledge.checks.inventory import Inventory
from knowledge.model import Deferrable, Fact, HandIn, KnowledgeBase, Limit, Material
from knowledge.positions import KeyPath, Report


def check_upkeep(inventory: Inventory, report: Report, *, today: date) -> None:
    """Report what is past its date, gaps in confirmed facts and gaps in the guide."""
    _check_dates(inventory, report, today)
    for path, fact in inventory.facts:
        _check_validity(inventory.file, path, fact, report, today)
        if fact.confirmed_by is not None:
            _check_confirmed(inventory.file, path, fact, report)
    _check_guide(inventory, report)


def _check_dates(inventory: Inventory, report: Report, today: date) -> None:
    entry = inventory.entry
    if entry.expires_on is not None and entry.expires_on < entry.review_on:
        text = "停用日期早于复核日期，还没复核就停用了：请改正其中一个"
        report.error(inventory.file, ("expires_on",), text)
    if entry.expires_on is not None and entry.expires_on < today:
        text = (
            f"红：{entry.expires_on} 已过停用日期，材料不再当事实讲，只答电话和窗口："
            "请负责单位核对后改 expires_on 和 review_on"
        )
        report.warning(inventory.file, ("expires_on",), text)
    elif entry.review_on <= today:
        text = f"黄：{entry.review_on} 该复核了：请负责单位核对后改 review_on"
        report.warning(inventory.file, ("review_on",), text)


def _check_validity(file: str, path: KeyPath, fact: Fact, report: Report, today: date) -> None:
    if fact.valid_to is None:
        return
    if fact.valid_from is not None and fact.valid_to < fact.valid_from:
        report.error(file, (*path, "valid_to"), "失效日期早于生效日期：请改正")
    elif fact.valid_to < today:
        text = f"{fact.valid_to} 已失效，不再显示：请删掉，或改 valid_to"
        report.warning(file, (*path, "valid_to"), text)


def _check_confirmed(file: str, path: KeyPath, fact: Fact, report: Report) -> None:
    match fact:
        case Material(copies=None) if fact.hand_in is not HandIn.UPLOAD:
            missing = "复印件份数（copies，不要复印件写 0）"
        case Deferrable(days=None):
            missing = "补交的天数（days）"
        case Limit(days=None, text=None):
            missing = "天数（days）"
        case _:
            return
    text = f"写了由{fact.confirmed_by}确认，却没有{missing}：请问清后补上"
    report.warning(file, path, text)


def _check_guide(inventory: Inventory, report: Report) -> None:
    """Name what 河南省优化营商环境条例 (2020) art. 28 wants in a guide and this one lacks."""
    entry = inventory.entry
    wanted = {
        "法律依据": entry.legal_basis,
        "步骤": entry.steps,
        "时限": entry.limits,
        "收费": entry.fees,
        "办理地点或网上入口": entry.locations or entry.channels,
    }
    missing = "、".join(name for name, present in wanted.items() if not present)
    if missing:
        text = (
            f"办事指南应当有而这里没有：{missing}（河南省优化营商环境条例第二十八条）："
            "查到就补上，查不到请记进 editor_notes"
        )
        report.warning(inventory.file, (), text)


def check_notices(base: KnowledgeBase, report: Report, *, today: date) -> None:
    """Report temporary notices that are over."""
    for notice in base.notices:
        if notice.to_on < today:
            text = f"通知到 {notice.to_on} 已结束：可以删掉"
            report.warning("notices.yaml", (notice.id, "to_on"), text)
