"""The knowledge folder's YAML files to one KnowledgeBase, with every problem of every file at once.

It looks at each file by itself; rules across entries stand in `check.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from knowledge.explain import explain
from knowledge.model import (
    CertificateKind,
    Department,
    District,
    KnowledgeBase,
    Notice,
    Piece,
    Place,
    ServicePackage,
    SharedMaterial,
    Signpost,
)
from knowledge.positions import PACKAGES, Positions, entry_file
from knowledge.problems import Problem, Severity, has_error, meant, nearest, sort_problems
from knowledge.yaml_text import UnreadableError, decode, parse, to_canonical

T = TypeVar("T")
MAX_BYTES = 2_000_000


class Places(Piece):
    """The shape of places.yaml."""

    districts: tuple[District, ...] = ()
    places: tuple[Place, ...] = ()


@dataclass(frozen=True)
class Shape(Generic[T]):
    """What a file must look like, what it stands for when missing, and the models at its top."""

    adapter: TypeAdapter[T]
    empty: T
    models: tuple[type[BaseModel], ...] = ()


MATERIALS = Shape(TypeAdapter(tuple[SharedMaterial, ...]), (), (SharedMaterial,))
DEPARTMENTS = Shape(TypeAdapter(tuple[Department, ...]), (), (Department,))
PLACES = Shape(TypeAdapter(Places), Places(), (Places,))
NOTICES = Shape(TypeAdapter(tuple[Notice, ...]), (), (Notice,))
CERTIFICATES = Shape(TypeAdapter(tuple[CertificateKind, ...]), (), (CertificateKind,))
SIGNPOSTS = Shape(TypeAdapter(tuple[Signpost, ...]), (), (Signpost,))
WORDS: Shape[dict[str, tuple[str, ...]]] = Shape(TypeAdapter(dict[str, tuple[str, ...]]), {})
ENTRY: Shape[ServicePackage | None] = Shape(TypeAdapter(ServicePackage), None, (ServicePackage,))
FILES = (
    "materials.yaml",
    "departments.yaml",
    "places.yaml",
    "notices.yaml",
    "certificates.yaml",
    "signposts.yaml",
    "sayings.yaml",
    "out_of_scope.yaml",
)
# Read by search, not by this loader.
OTHER_FILES = ("synonyms.yaml",)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a folder held: all that could be read, and all that is wrong."""

    readable: KnowledgeBase
    problems: tuple[Problem, ...]
    positions: Positions
    unread: frozenset[str] = frozenset()

    @property
    def base(self) -> KnowledgeBase | None:
        """The knowledge base, or None where an error forbids using it."""
        return None if has_error(self.problems) else self.readable


def load_knowledge(
    folder: Path, *, cache_dir: Path | None = None
) -> tuple[KnowledgeBase | None, tuple[Problem, ...]]:
    """Read a knowledge folder; the base is None where any file has an error."""
    loaded = read_folder(folder, cache_dir=cache_dir)
    return loaded.base, loaded.problems


def read_folder(folder: Path, *, cache_dir: Path | None = None) -> Loaded:
    """Read a knowledge folder, keeping what is readable and the way back to lines."""
    reading = _Reading(folder, cache_dir)
    if not folder.is_dir():
        reading.error(".", None, f"找不到知识库文件夹 {folder.name}：请检查设置里的 knowledge_dir")
    places = reading.read("places.yaml", PLACES)
    base = KnowledgeBase(
        version="",
        entries=reading.entries(),
        materials=reading.by_id("materials.yaml", MATERIALS),
        departments=reading.by_id("departments.yaml", DEPARTMENTS),
        districts=tuple(_by_id(reading, "places.yaml", "districts", places.districts).values()),
        places=_by_id(reading, "places.yaml", "places", places.places),
        notices=tuple(reading.by_id("notices.yaml", NOTICES).values()),
        certificates=reading.by_id("certificates.yaml", CERTIFICATES),
        signposts=reading.by_id("signposts.yaml", SIGNPOSTS),
        sayings=reading.read("sayings.yaml", WORDS),
        out_of_scope=_flat(reading.read("out_of_scope.yaml", WORDS).values()),
    )
    reading.warn_of_strangers()
    reading.sweep_cache()
    return Loaded(
        base.model_copy(update={"version": reading.version()}),
        sort_problems(reading.problems),
        reading.positions,
        frozenset(reading.unread),
    )


def _flat(groups: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(word for group in groups for word in group)


@dataclass
class _Reading:
    """One pass over a folder: collects problems, digests and what the cache still needs."""

    folder: Path
    cache_dir: Path | None
    problems: list[Problem] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    digests: dict[str, str] = field(default_factory=dict)
    cached: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.positions = Positions(self.folder)

    def error(self, file: str, line: int | None, text: str) -> None:
        self.problems.append(Problem(file, line, Severity.ERROR, text))
        self.unread.add(file)

    def entries(self) -> Mapping[str, ServicePackage]:
        """Read every entry; the file's name is the entry's id, so that ids cannot clash."""
        found: dict[str, ServicePackage] = {}
        for path in sorted((self.folder / PACKAGES).glob("*.yaml")):
            file = entry_file(path.stem)
            entry = self.read(file, ENTRY)
            if entry is None:
                continue
            if entry.id != path.stem:
                line = self.positions.line(file, ("id",))
                self.error(file, line, f"id 是“{entry.id}”，文件名却是“{path.stem}”：请改成一样的")
                continue
            found[entry.id] = entry
        if not found and not self.unread:
            self.error(PACKAGES, None, "一个条目也没有：请把条目文件放进 packages 文件夹")
        return found

    def by_id(self, file: str, shape: Shape[tuple[Any, ...]]) -> dict[str, Any]:
        return _by_id(self, file, None, self.read(file, shape))

    def read(self, file: str, shape: Shape[T]) -> T:
        """Read one file; whatever is wrong is noted, and then it counts as empty."""
        try:
            content = (self.folder / file).read_bytes()
        except FileNotFoundError:
            return shape.empty
        except OSError as error:
            self.error(file, None, f"读不出来（{error.strerror}）：请检查文件权限")
            return shape.empty
        try:
            text = self._canonical(file, content)
        except UnreadableError as broken:
            self.error(file, broken.line, broken.text)
            return shape.empty
        if text is None:
            return shape.empty
        self.digests[file] = hashlib.sha256(text.encode()).hexdigest()
        return self._validate(file, text, shape)

    def _canonical(self, file: str, content: bytes) -> str | None:
        """Return the contents as canonical JSON, from the cache where the file has not changed."""
        if len(content) > MAX_BYTES:
            raise UnreadableError(
                None, f"文件超过 {MAX_BYTES // 1_000_000} MB：请拆开，或检查是不是放错了文件"
            )
        name = hashlib.sha256(content).hexdigest() + ".json"
        self.cached.add(name)
        known = _read_cached(self.cache_dir, name)
        if known is not None:
            return known
        raw, problems = parse(decode(content), file)
        if problems:
            self.problems.extend(problems)
            self.unread.add(file)
            return None
        if raw is None:
            raise UnreadableError(1, "文件是空的：请填写，或删掉这个文件")
        text = to_canonical(raw)
        _write_cached(self.cache_dir, name, text)
        return text

    def _validate(self, file: str, text: str, shape: Shape[T]) -> T:
        try:
            return shape.adapter.validate_json(text)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                line = self.positions.line(file, detail["loc"])
                self.error(file, line, explain(detail, shape.models))
            return shape.empty

    def version(self) -> str:
        """Return the hash of all contents, whatever their layout."""
        whole = "\n".join(f"{file} {digest}" for file, digest in sorted(self.digests.items()))
        return hashlib.sha256(whole.encode()).hexdigest()[:12]

    def warn_of_strangers(self) -> None:
        """Name files that look meant for us and are not read."""
        for path in sorted(self.folder.glob("*.y*ml")):
            if path.name in FILES + OTHER_FILES:
                continue
            if nearest(path.name, FILES):
                text = f"这个文件没有读{meant(path.name, FILES)}请改文件名"
                self.problems.append(Problem(path.name, None, Severity.WARNING, text))
        for path in sorted((self.folder / PACKAGES).glob("*.yml")):
            text = "这个文件没有读：扩展名请改成 .yaml"
            self.problems.append(Problem(f"{PACKAGES}/{path.name}", None, Severity.WARNING, text))

    def sweep_cache(self) -> None:
        """Delete what no present file needs, so that the cache does not grow with every edit."""
        if self.cache_dir is None or not self.cache_dir.is_dir():
            return
        for path in self.cache_dir.glob("*.json"):
            if path.name not in self.cached:
                path.unlink(missing_ok=True)


def _by_id(reading: _Reading, file: str, key: str | None, things: tuple[T, ...]) -> dict[str, T]:
    """Index things by id; a second one with the same id is an error that names both lines."""
    found: dict[str, T] = {}
    places: dict[str, int | None] = {}
    for number, thing in enumerate(things):
        name = str(thing.id)  # type: ignore[attr-defined]  # every Piece in these files has an id
        if name in found:
            path = (number, "id") if key is None else (key, number, "id")
            line = reading.positions.line(file, path)
            text = f"id “{name}”用了两次（上一次是第 {places[name]} 项）：请改掉一处"
            reading.error(file, line, text)
            continue
        found[name] = thing
        places[name] = number + 1
    return found


def _read_cached(cache_dir: Path | None, name: str) -> str | None:
    """Return a kept text if it is whole: its first line is its hash."""
    if cache_dir is None:
        return None
    try:
        digest, _, text = (cache_dir / name).read_text(encoding="utf-8").partition("\n")
    except (OSError, UnicodeDecodeError):
        return None
    return text if digest == hashlib.sha256(text.encode()).hexdigest() else None


def _write_cached(cache_dir: Path | None, name: str, text: str) -> None:
    """Keep a copy; a cache that cannot be written costs time, nothing else."""
    if cache_dir is None:
        return
    part = cache_dir / f"{name}.part"
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        part.write_text(f"{hashlib.sha256(text.encode()).hexdigest()}\n{text}", encoding="utf-8")
        part.replace(cache_dir / name)
    except OSError:
        return
