"""The province's 好差评 export: its rows as official ratings, each problem with its row.

Takes the usual headers; whoever exports other columns renames them. Knows nothing of our ratings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.importing.columns import cell_text, fold
from bot.importing.plan import Problem
from bot.importing.sheets import Book, Cell
from bot.importing.values import BadValue, parse_date
from bot.records.official_ratings import OfficialRating
from knowledge.model import KnowledgeBase

HEADERS: Mapping[str, tuple[str, ...]] = {
    "number": ("评价编号", "省评价编号", "评价流水号", "业务流水号"),
    "rated_on": ("评价时间", "评价日期"),
    "level": ("评价等级", "满意度", "评价结果", "星级"),
    "is_default": ("是否默认", "默认评价", "评价类型"),
    "district": ("评价县区", "县区", "区县", "所属区县"),
    "unit": ("单位", "部门", "办理单位"),
    "item": ("事项", "事项名称"),
}
REQUIRED = ("number", "rated_on", "level")
LEVELS = {
    "非常满意": 5,
    "满意": 4,
    "基本满意": 3,
    "不满意": 2,
    "非常不满意": 1,
    "很好": 5,
    "好": 4,
    "一般": 3,
    "差": 2,
    "很差": 1,
    **{f"{n}星": n for n in range(1, 6)},
    **{str(n): n for n in range(1, 6)},
}
DEFAULT_WORDS = frozenset({"是", "默认", "默认评价", "系统默认", "1", "true"})
LINES_TO_HEADER = 10


@dataclass(frozen=True, slots=True)
class OfficialPlan:
    """What an export would do: the ratings it holds, and what is wrong in it."""

    ratings: tuple[OfficialRating, ...]
    problems: tuple[Problem, ...]
    read: int


def plan_official(base: KnowledgeBase, book: Book) -> OfficialPlan:
    """Read an export; a row with a problem is refused, the others are taken."""
    for sheet in book.sheets:
        places: dict[str, int] = {}
        ratings: dict[str, OfficialRating] = {}
        problems: list[Problem] = []
        read = 0
        for n, (number, line) in enumerate(sheet.lines()):
            if not places:
                if n >= LINES_TO_HEADER:
                    break
                places = _header(line)
                continue
            if not any(cell_text(cell) for cell in line):
                continue
            read += 1
            rating = _rating(base, number, line, places, problems)
            if rating is not None:
                ratings[rating.number] = rating
        if places:
            return OfficialPlan(tuple(ratings.values()), tuple(problems), read)
    missing = "、".join(HEADERS[name][0] for name in REQUIRED)
    problem = Problem(row=1, column="", value="", problem=f"没找到表头，至少要有：{missing}")
    return OfficialPlan((), (problem,), 0)


def _header(line: Sequence[Cell]) -> dict[str, int]:
    """Return where each column stands, or nothing where this is not the header."""
    titles = {fold(cell_text(cell)): n for n, cell in enumerate(line) if cell_text(cell)}
    places = {
        name: titles[fold(alias)]
        for name, aliases in HEADERS.items()
        for alias in reversed(aliases)
        if fold(alias) in titles
    }
    return places if all(name in places for name in REQUIRED) else {}


def _rating(
    base: KnowledgeBase,
    number: int,
    line: Sequence[Cell],
    places: Mapping[str, int],
    problems: list[Problem],
) -> OfficialRating | None:
    def text(name: str) -> str:
        place = places.get(name)
        return cell_text(line[place]).strip() if place is not None and place < len(line) else ""

    def wrong(name: str, problem: str) -> None:
        column = HEADERS[name][0]
        problems.append(Problem(row=number, column=column, value=text(name), problem=problem))

    before = len(problems)
    if not text("number"):
        wrong("number", "缺评价编号")
    level = LEVELS.get(text("level"))
    if level is None:
        wrong("level", "认不出等级，请写非常满意到非常不满意，或 1 到 5")
    try:
        rated_on = parse_date(line[places["rated_on"]])
    except (BadValue, IndexError) as error:
        wrong("rated_on", str(error) or "认不出日期")
    is_default = text("is_default").lower() in DEFAULT_WORDS
    if is_default and level is not None and level not in (3, 4):
        wrong("is_default", "默认评价只能是满意或基本满意")
    name = text("district")
    district = _districts(base).get(name) if name else None
    if name and district is None:
        wrong("district", "不认识这个区县")
    if len(problems) > before or level is None:
        return None
    unit, item = text("unit") or None, text("item") or None
    return OfficialRating(text("number"), rated_on, level, is_default, district, unit, item)


def _districts(base: KnowledgeBase) -> dict[str, str]:
    """Return every name of every district with the canonical one."""
    return {name: d.name for d in base.districts for name in (d.id, d.name, *d.names)}
