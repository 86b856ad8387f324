"""The province's ratings beside ours in words: what is matched, what is not, never added up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.dialogue import Button, Reply
from bot.records.official_ratings import OfficialRating, OfficialStanding, Sync
from bot.reports.official import Candidate
from bot.views.places import window_name
from bot.views.rating import LEVELS
from bot.views.rectifications import entry_name
from bot.views.text import Lines, format_day
from knowledge.model import KnowledgeBase

MENU = Button("菜单", "menu")
SYNCS: Mapping[Sync, str] = {
    Sync.UNSYNCED: "未同步",
    Sync.SYNCED: "已同步",
    Sync.NONE: "无对应",
}
TAIL = 4


@dataclass(frozen=True, slots=True)
class OfficialPage:
    """One page of the provincial ratings of a state, and how many there are of each."""

    state: Sync
    shown: Sequence[OfficialStanding]
    counts: Mapping[Sync, int]
    offset: int
    per_page: int


def number_words(rating: OfficialRating, *, discreet: bool) -> str:
    """Return a provincial number; only its end where others may read along."""
    return f"…{rating.number[-TAIL:]}" if discreet else rating.number


def list_reply(page: OfficialPage, *, discreet: bool) -> Reply:
    """List the provincial ratings of a state, bad ones first."""
    counted = "，".join(f"{words} {page.counts[state]}" for state, words in SYNCS.items())
    lines = Lines()
    lines.add(f"省好差评（另列，不与服务反馈相加）：{counted}。")
    rows: list[tuple[Button, ...]] = []
    if page.shown:
        lines.heading(f"{SYNCS[page.state]}，差评在前")
        lines.bullets(_line(one.rating, discreet=discreet) for one in page.shown)
        rows += [(Button(f"看 {_short(one)}", f"offrate:{one.id}"),) for one in page.shown]
    else:
        lines.add(f"没有{SYNCS[page.state]}的。" if any(page.counts.values()) else _NOTHING_YET)
    rows += _turns(page)
    if page.counts[Sync.UNSYNCED]:
        rows.append((Button("按规则自动对", "offauto"),))
    others = [Button(f"看{SYNCS[s]}", f"official:{s}:0") for s in Sync if s is not page.state]
    return Reply(lines.text, headings=lines.headings, buttons=(*rows, tuple(others), (MENU,)))


_NOTHING_YET = "还没有导入过。请管理员运行 python -m bot official import 文件。"


def _line(rating: OfficialRating, *, discreet: bool) -> str:
    default = "（默认）" if rating.is_default else ""
    parts = (
        number_words(rating, discreet=discreet),
        format_day(rating.rated_on),
        f"{LEVELS[rating.level]}{default}",
        rating.district or "未归属",
        rating.item or "没写事项",
    )
    return "｜".join(parts)


def _short(one: OfficialStanding) -> str:
    return one.rating.number[-TAIL:]


def _turns(page: OfficialPage) -> list[tuple[Button, ...]]:
    turns = []
    if page.offset > 0:
        back = max(page.offset - page.per_page, 0)
        turns.append(Button("上一页", f"official:{page.state}:{back}"))
    if page.offset + len(page.shown) < page.counts[page.state]:
        turns.append(Button("下一页", f"official:{page.state}:{page.offset + page.per_page}"))
    return [tuple(turns)] if turns else []


def detail_reply(
    base: KnowledgeBase,
    one: OfficialStanding,
    ours: Candidate | None,
    candidates: Sequence[Candidate],
    *,
    discreet: bool,
) -> Reply:
    """Show one provincial rating beside what of ours it is, or may be, about."""
    lines = Lines()
    lines.add(f"省好差评 {number_words(one.rating, discreet=discreet)}：{SYNCS[one.sync]}")
    lines.add(_line(one.rating, discreet=discreet))
    lines.add(f"单位：{one.rating.unit}" if one.rating.unit else None)
    rows: list[tuple[Button, ...]] = []
    if ours is not None:
        lines.add(f"对应本系统：{candidate_words(base, ours)}", level_note(one.rating, ours.level))
        if ours.number is not None:
            rows.append((Button(f"看整改 {ours.number[-6:]}", f"rect:{ours.number}"),))
    if one.sync is not Sync.UNSYNCED:
        rows.append((Button("改回未同步", f"offundo:{one.id}"),))
    else:
        if candidates:
            lines.heading("可能是本系统的哪一次")
            lines.numbered(candidate_words(base, candidate) for candidate in candidates)
            rows += [
                (Button(f"是第 {n} 次", f"offlink:{one.id}:{candidate.interaction_id}"),)
                for n, candidate in enumerate(candidates, start=1)
            ]
        else:
            lines.add("本系统前后三天没有同一区县、同一事项的服务。")
        rows.append((Button("无对应", f"offnone:{one.id}"),))
    rows.append((Button("省好差评列表", "official:unsynced:0"), MENU))
    return Reply(lines.text, headings=lines.headings, buttons=tuple(rows))


def candidate_words(base: KnowledgeBase, one: Candidate) -> str:
    """Return a service of ours in words, without the person."""
    where = window_name(base, one.window) if one.window else one.district or "未归属"
    level = LEVELS[one.level] if one.level else "未评"
    number = f"｜整改 {one.number[-6:]}" if one.number else ""
    return f"{format_day(one.on)}｜{entry_name(base, one.entry_id)}｜{where}｜{level}{number}"


def level_note(rating: OfficialRating, level: int | None) -> str | None:
    """Say where the two ratings of one service differ; each counts in its own table alone."""
    if level is None or level == rating.level:
        return None
    return f"等级不同：省 {LEVELS[rating.level]}，本系统 {LEVELS[level]}；各算各的。"


def matched_reply(count: int, left: int) -> Reply:
    """Say how many fitted one service of ours alone."""
    return Reply(
        f"对上 {count} 条（同一天、同一区县、同一事项、同一等级，且只有一条）。"
        f"还有 {left} 条未同步，请逐条看。",
        buttons=((Button("看未同步", "official:unsynced:0"), MENU),),
    )
