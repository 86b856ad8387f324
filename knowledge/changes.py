"""What differs between two knowledge bases, in words an editor understands."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from knowledge.model import (
    ExemptBy,
    HandIn,
    Item,
    KnowledgeBase,
    Limit,
    Material,
    Note,
    Online,
    Piece,
    Question,
    Route,
    ServicePackage,
    Source,
    Step,
    Unit,
    When,
)
from knowledge.schema import field_name

MAX_SHOWN = 60
UNITS: Mapping[Unit, str] = {
    Unit.WORKING_DAY: "个工作日",
    Unit.CALENDAR_DAY: "天",
    Unit.MONTH: "个月",
}
CHOICES: Mapping[StrEnum, str] = {
    HandIn.ORIGINAL: "原件",
    HandIn.COPY: "复印件",
    HandIn.UPLOAD: "上传",
    Online.FULL: "全程网办",
    Online.THEN_WINDOW: "网办后到窗",
    Online.WINDOW: "到窗口办",
    ExemptBy.E_CERTIFICATE: "电子证照",
    ExemptBy.SHARED_DATA: "数据共享",
    ExemptBy.FILLED_FORM: "系统填表",
}
NAMED = (Route, Item, Question, Material, Step, Source)
LIMIT_KINDS = {"statutory": "法定时限", "promised": "承诺时限"}
# Lists whose members have an id: a member with the same id is the same thing, changed.
NAMED_LISTS = ("routes", "items", "questions", "materials", "steps", "sources")
# Lists whose members are only what they say: they come and go.
TOLD_LISTS = (
    "conditions",
    "not_supported",
    "prepare",
    "fees",
    "locations",
    "channels",
    "results",
    "traps",
    "legal_basis",
    "overrides",
)
WORD_LISTS = (
    "aliases",
    "golden",
    "hotlines",
    "certificate_kinds",
    "renews",
    "editor_notes",
)
SINGLE_FIELDS = (
    "name",
    "short_name",
    "kind",
    "summary",
    "audience",
    "owner",
    "review_on",
    "expires_on",
    "paused",
    "agent",
    "elsewhere",
)


@dataclass(frozen=True, slots=True)
class Change:
    """One difference; outside the entries it belongs to none."""

    entry_id: str | None
    text: str


def changes(old: KnowledgeBase, new: KnowledgeBase) -> tuple[Change, ...]:
    """Return what an editor changed from one knowledge base to the other."""
    return (*_entry_changes(old, new), *(Change(None, text) for text in _shared_changes(old, new)))


def touched_entries(old: KnowledgeBase, new: KnowledgeBase) -> frozenset[str]:
    """Return the entries whose answers may read differently, shared papers included."""
    touched = {change.entry_id for change in _entry_changes(old, new)} - {None}
    papers = {
        paper
        for paper in old.materials.keys() | new.materials.keys()
        if old.materials.get(paper) != new.materials.get(paper)
    }
    using = {
        entry.id
        for entry in new.entries.values()
        for material in _all_materials(entry)
        if material.shared in papers
    }
    return frozenset(entry_id for entry_id in touched | using if entry_id is not None)


def _all_materials(entry: ServicePackage) -> Iterator[Material]:
    yield from entry.materials
    for override in entry.overrides:
        yield from override.materials


def _entry_changes(old: KnowledgeBase, new: KnowledgeBase) -> Iterator[Change]:
    for entry_id in (*new.entries, *(gone for gone in old.entries if gone not in new.entries)):
        before, after = old.entries.get(entry_id), new.entries.get(entry_id)
        if before is None and after is not None:
            yield Change(entry_id, f"新增条目“{after.name}”")
        elif after is None and before is not None:
            yield Change(entry_id, f"删去条目“{before.name}”")
        elif before is not None and after is not None and before != after:
            yield from (Change(entry_id, text) for text in _within_entry(before, after))


def _within_entry(old: ServicePackage, new: ServicePackage) -> Iterator[str]:
    before = _Wording(old.questions, old.items)
    after = _Wording(new.questions, new.items)
    yield from _differences("", old, new, SINGLE_FIELDS, before, after)
    for field in WORD_LISTS:
        yield from _told(field_name(field), getattr(old, field), getattr(new, field), str, str)
    for field in NAMED_LISTS:
        yield from _named(field, getattr(old, field), getattr(new, field), before, after)
    yield from _limits(old.limits, new.limits, before, after)
    for field in TOLD_LISTS:
        olds, news = getattr(old, field), getattr(new, field)
        yield from _told(field_name(field), olds, news, before.piece, after.piece)


def _named(
    field: str, olds: Sequence[Piece], news: Sequence[Piece], before: _Wording, after: _Wording
) -> Iterator[str]:
    """Compare lists whose members have ids."""
    sort = field_name(field)
    old_by, new_by = _by_id(olds), _by_id(news)
    for key, piece in new_by.items():
        if key not in old_by:
            yield f"新增{sort}“{after.title(piece)}”{after.circumstance(piece)}"
        elif old_by[key] != piece:
            title = f"{sort}“{before.title(old_by[key])}”的"
            fields = tuple(type(piece).model_fields)
            yield from _differences(title, old_by[key], piece, fields, before, after)
    for key, piece in old_by.items():
        if key not in new_by:
            yield f"删去{sort}“{before.title(piece)}”"
    kept_old = [key for key in old_by if key in new_by]
    if kept_old != [key for key in new_by if key in old_by]:
        yield f"{sort}的先后次序变了"


def _by_id(pieces: Sequence[Piece]) -> dict[str, Piece]:
    return {piece.id: piece for piece in pieces if isinstance(piece, NAMED)}


def _differences(
    title: str,
    old: Piece,
    new: Piece,
    fields: Iterable[str],
    before: _Wording,
    after: _Wording,
) -> Iterator[str]:
    for field in fields:
        was, now = getattr(old, field), getattr(new, field)
        if was == now:
            continue
        name = f"{title}“{field_name(field)}”"
        shown_was, shown_now = before.value(was), after.value(now)
        if shown_was == shown_now:
            yield f"{name}的细节有改动（{shown_now}）"
        else:
            yield f"{name}由{shown_was}改为{shown_now}"


def _told(
    sort: str,
    olds: Sequence[Hashable],
    news: Sequence[Hashable],
    word_old: Callable[..., str],
    word_new: Callable[..., str],
) -> Iterator[str]:
    """Compare lists whose members are what they say."""
    gone = [piece for piece in olds if piece not in news]
    come = [piece for piece in news if piece not in olds]
    if len(gone) == len(come) == 1:
        was, now = word_old(gone[0]), word_new(come[0])
        yield f"{sort}“{was}”改为“{now}”" if was != now else f"{sort}“{now}”的细节有改动"
        return
    yield from (f"新增{sort}“{word_new(piece)}”" for piece in come)
    yield from (f"删去{sort}“{word_old(piece)}”" for piece in gone)
    if not gone and not come and tuple(olds) != tuple(news):
        yield f"{sort}的先后次序或重复变了"


def _limits(
    olds: Sequence[Limit], news: Sequence[Limit], before: _Wording, after: _Wording
) -> Iterator[str]:
    """Compare limits: those for the same thing and people are one limit, changed."""
    old_by, new_by = _limits_by_matter(olds), _limits_by_matter(news)
    for key, limit in new_by.items():
        name = after.limit_name(limit)
        if key not in old_by:
            yield f"新增{name}：{after.limit_value(limit)}"
            continue
        was, now = before.limit_value(old_by[key]), after.limit_value(limit)
        if was != now:
            yield f"{name}由 {was} 改为 {now}"
        elif old_by[key] != limit:
            yield f"{name}（{now}）的来源或核对有改动"
    for key, limit in old_by.items():
        if key not in new_by:
            yield f"删去{before.limit_name(limit)}：{before.limit_value(limit)}"


def _limits_by_matter(limits: Sequence[Limit]) -> dict[tuple[Hashable, ...], Limit]:
    found: dict[tuple[Hashable, ...], Limit] = {}
    for limit in limits:
        key: tuple[Hashable, ...] = (limit.kind, limit.item, _frozen(limit.when), limit.districts)
        while key in found:
            key = (*key, "又")
        found[key] = limit
    return found


def _frozen(when: When) -> Hashable:
    return frozenset((question, tuple(options)) for question, options in when.items())


class _Wording:
    """Words the pieces of one entry, with the entry's own names for its questions and items."""

    def __init__(self, questions: Sequence[Question] = (), items: Sequence[Item] = ()) -> None:
        self._asks = {question.id: question.ask for question in questions}
        self._labels = {
            (question.id, option.id): option.label
            for question in questions
            for option in question.options
        }
        self._items = {item.id: item.name for item in items}

    def title(self, piece: Piece) -> str:
        """Name a piece as an editor knows it."""
        match piece:
            case Question():
                return piece.ask
            case Step():
                return _short(piece.text)
            case Source():
                return piece.title
            case Material():
                return piece.name or str(piece.shared)
        for field in ("name", "label", "text", "title", "id"):
            words = getattr(piece, field, None)
            if words:
                return _short(str(words))
        return field_name(type(piece).__name__)

    def circumstance(self, piece: Piece) -> str:
        """Word for whom a piece is, where not for everyone."""
        when: When = getattr(piece, "when", {})
        return f"（{self.condition(when)}）" if when else ""

    def condition(self, when: When) -> str:
        """Word a condition with the questions and options as people see them."""
        if not when:
            return "所有人"
        return "；".join(
            f"{self._asks.get(question, question)}"
            + "/".join(self._labels.get((question, option), option) for option in options)
            for question, options in when.items()
        )

    def limit_name(self, limit: Limit) -> str:
        """Name what a limit is for."""
        item = f"“{self._items.get(limit.item, limit.item)}”的" if limit.item else ""
        return f"{item}{LIMIT_KINDS[limit.kind]}{self.circumstance(limit)}"

    def limit_value(self, limit: Limit) -> str:
        """Word how long a limit is."""
        if limit.days is None:
            return limit.text or "未写"
        days = "即办" if limit.days == 0 else f"{limit.days} {UNITS[limit.unit]}"
        return f"{days}（{limit.text}）" if limit.text else days

    def piece(self, piece: Piece) -> str:
        """Word a piece that has no id: all it says."""
        if isinstance(piece, Note):
            return f"{_short(piece.text)}{self.circumstance(piece)}"
        return _short(self._said(piece))

    def value(self, value: object) -> str:
        """Word a field's value."""
        match value:
            case None | () | "":
                return "“未写”"
            case bool():
                return "“是”" if value else "“否”"
            case StrEnum():
                return f"“{CHOICES.get(value, str(value))}”"
            case Mapping():
                return f"“{self.condition(value)}”"
            case Piece():
                return f"“{_short(self._said(value))}”"
            case tuple():
                return f"“{_short('、'.join(self._part(part) for part in value))}”"
            case date():
                return f"“{value.isoformat()}”"
        return f"“{_short(str(value))}”"

    def _part(self, part: object) -> str:
        if isinstance(part, Piece):
            return self.title(part)
        return self._items.get(str(part), str(part))

    def _said(self, piece: Piece) -> str:
        """List what a piece says, field by field, without its bookkeeping."""
        words = [
            self.value(getattr(piece, field))[1:-1]
            for field in type(piece).model_fields
            if field not in ("id", "source", "confidence", "checked_on", "confirmed_by")
            and getattr(piece, field) not in (None, (), {}, "")
        ]
        return "，".join(words) or "未写"


def _short(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"


def _shared_changes(old: KnowledgeBase, new: KnowledgeBase) -> Iterator[str]:
    """Compare what stands beside the entries."""
    tables: tuple[tuple[str, Mapping[str, Piece], Mapping[str, Piece]], ...] = (
        ("共用材料", old.materials, new.materials),
        ("部门", old.departments, new.departments),
        ("区县", {d.id: d for d in old.districts}, {d.id: d for d in new.districts}),
        ("大厅", old.places, new.places),
        ("临时通知", {n.id: n for n in old.notices}, {n.id: n for n in new.notices}),
        ("证照种类", old.certificates, new.certificates),
        ("指路", old.signposts, new.signposts),
    )
    plain = _Wording()
    for sort, olds, news in tables:
        yield from _table(sort, olds, news, plain)
    yield from _told("不收的问法", old.out_of_scope, new.out_of_scope, str, str)
    for key in dict.fromkeys((*old.sayings, *new.sayings)):
        sort = f"“{key}”的检索例句"
        yield from _told(sort, old.sayings.get(key, ()), new.sayings.get(key, ()), str, str)


def _table(
    sort: str, olds: Mapping[str, Piece], news: Mapping[str, Piece], plain: _Wording
) -> Iterator[str]:
    for key, piece in news.items():
        if key not in olds:
            yield f"新增{sort}“{plain.title(piece)}”"
        elif olds[key] != piece:
            title = f"{sort}“{plain.title(olds[key])}”的"
            fields = tuple(type(piece).model_fields)
            yield from _differences(title, olds[key], piece, fields, plain, plain)
    for key, piece in olds.items():
        if key not in news:
            yield f"删去{sort}“{plain.title(piece)}”"


def entry_changes(old: ServicePackage, new: ServicePackage) -> tuple[str, ...]:
    """Return the differences between two versions of one entry, in words."""
    return tuple(_within_entry(old, new))
