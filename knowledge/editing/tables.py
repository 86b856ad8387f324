"""The sheets of the round trip: which rows and columns, and where each cell lies in the files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from knowledge.editing.cells import Sort, shown
from knowledge.editing.facts import material_name
from knowledge.model import KnowledgeBase, Piece
from knowledge.positions import KeyPath, entry_file


@dataclass(frozen=True, slots=True)
class Column:
    """A column that may be edited: its title, the way to its field, and what it holds."""

    title: str
    field: KeyPath
    sort: Sort = Sort.TEXT
    required: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A row: the cells that name it, a reminder for the reader, where it lies, what it holds."""

    keys: tuple[str, ...]
    label: str
    file: str
    path: KeyPath
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: keys first, then a label for reading, then what may be edited.

    `home` tells for a row nobody knows yet into which list it goes, or None where none may be
    added; the last key then becomes its `id` (or `code`). Parts named in `may_begin` can be
    written here where there were none; others need a source, which only the files can give.
    """

    title: str
    keys: tuple[str, ...]
    label: str
    columns: tuple[Column, ...]
    rows: Callable[[KnowledgeBase], Iterator[Row]]
    home: Callable[[KnowledgeBase, tuple[str, ...]], tuple[str, KeyPath] | None] | None = None
    key_field: str = "id"
    may_begin: frozenset[str] = frozenset()

    @property
    def titles(self) -> tuple[str, ...]:
        """Return the header."""
        return (*self.keys, self.label, *(column.title for column in self.columns))


MATERIAL_COLUMNS = (
    Column("名称", ("name",)),
    Column("共用材料", ("shared",)),
    Column("交哪种", ("hand_in",), Sort.HAND_IN),
    Column("复印件份数", ("copies",), Sort.WHOLE),
    Column("件数", ("pieces",), Sort.WHOLE),
    Column("可带可不带", ("optional",), Sort.YES_NO),
    Column("谁的", ("holder",)),
    Column("谁出具", ("issuer",)),
    Column("为什么要", ("reason",)),
    Column("备注", ("note",)),
    Column("免提交怎么做", ("exempt", "how"), required=True),
    Column("调不到时怎么办", ("exempt", "fallback"), required=True),
    Column("后补天数", ("deferrable", "days"), Sort.WHOLE),
    Column("逾期不补的后果", ("deferrable", "late")),
    Column("不能承诺的人", ("declarable", "excluded")),
    Column("承诺不实的后果", ("declarable", "consequence")),
    Column("来源编号", ("source",), required=True),
)
PLACE_COLUMNS = (
    Column("名称", ("name",), required=True),
    Column("区县", ("district",)),
    Column("地址", ("address",)),
    Column("电话", ("phone",)),
    Column("办公时间", ("hours", "text")),
    Column("办公时间的依据", ("hours", "source")),
    Column("依据", ("source",)),
    Column("核对日期", ("checked_on",), Sort.DAY),
)
WINDOW_COLUMNS = (
    Column("窗口名称", ("name",), required=True),
    Column("示例", ("sample",), Sort.YES_NO),
)
PHONE_COLUMNS = (Column("电话", ("phone",)),)


def _values(piece: Piece, columns: tuple[Column, ...]) -> tuple[str, ...]:
    return tuple(shown(_field(piece, column.field)) for column in columns)


def _field(piece: object, path: KeyPath) -> object:
    for name in path:
        piece = getattr(piece, str(name)) if piece is not None else None
    return piece


def _material_rows(base: KnowledgeBase) -> Iterator[Row]:
    for entry in base.entries.values():
        for material in entry.materials:
            label = f"{entry.short_name}：{material_name(base, material)}"
            path: KeyPath = ("materials", material.id)
            values = _values(material, MATERIAL_COLUMNS)
            yield Row((entry.id, material.id), label, entry_file(entry.id), path, values)


def _material_home(base: KnowledgeBase, keys: tuple[str, ...]) -> tuple[str, KeyPath] | None:
    return (entry_file(keys[0]), ("materials",)) if keys[0] in base.entries else None


def _place_rows(base: KnowledgeBase) -> Iterator[Row]:
    for place in base.places.values():
        path: KeyPath = ("places", place.id)
        yield Row((place.id,), place.name, "places.yaml", path, _values(place, PLACE_COLUMNS))


def _place_home(base: KnowledgeBase, keys: tuple[str, ...]) -> tuple[str, KeyPath] | None:
    del base, keys
    return "places.yaml", ("places",)


def _window_rows(base: KnowledgeBase) -> Iterator[Row]:
    for place in base.places.values():
        for window in place.windows:
            path: KeyPath = ("places", place.id, "windows", window.code)
            values = _values(window, WINDOW_COLUMNS)
            yield Row((place.id, window.code), place.name, "places.yaml", path, values)


def _window_home(base: KnowledgeBase, keys: tuple[str, ...]) -> tuple[str, KeyPath] | None:
    return ("places.yaml", ("places", keys[0], "windows")) if keys[0] in base.places else None


def _phone_rows(base: KnowledgeBase) -> Iterator[Row]:
    for department in base.departments.values():
        values = _values(department, PHONE_COLUMNS)
        keys = ("部门", department.id)
        yield Row(keys, department.name, "departments.yaml", (department.id,), values)
    for signpost in base.signposts.values():
        values = _values(signpost, PHONE_COLUMNS)
        yield Row(("指路", signpost.id), signpost.name, "signposts.yaml", (signpost.id,), values)
    for entry in base.entries.values():
        for number, location in enumerate(entry.locations):
            label = f"{entry.short_name}：{location.text or location.place or '办理地点'}"
            path: KeyPath = ("locations", number)
            keys = ("办理地点", f"{entry.id}/{number}")
            yield Row(keys, label, entry_file(entry.id), path, _values(location, PHONE_COLUMNS))


SHEETS = (
    Sheet(
        "材料",
        ("条目编号", "材料编号"),
        "哪件事、哪份材料",
        MATERIAL_COLUMNS,
        _material_rows,
        _material_home,
    ),
    Sheet(
        "大厅",
        ("大厅编号",),
        "现在的名称",
        PLACE_COLUMNS,
        _place_rows,
        _place_home,
        may_begin=frozenset({"hours"}),
    ),
    Sheet(
        "窗口",
        ("大厅编号", "窗口代码"),
        "大厅",
        WINDOW_COLUMNS,
        _window_rows,
        _window_home,
        "code",
    ),
    Sheet("电话", ("哪里", "编号"), "名称", PHONE_COLUMNS, _phone_rows),
)
ALIASES = "别名"
ALIAS_TITLES = ("条目编号", "条目", "群众的说法")


def alias_rows(base: KnowledgeBase) -> Iterator[tuple[str, str, str]]:
    """Go through the aliases, one a row: entry, its name, what people say."""
    for entry in base.entries.values():
        yield from ((entry.id, entry.name, alias) for alias in entry.aliases)
