"""Edits to a checked plan, and the plan to the files: nothing is written that does not check."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from knowledge.changes import Change, changes
from knowledge.check import check_folder
from knowledge.editing.edits import Act, Edit
from knowledge.editing.yaml_edit import NotThereError, apply_edit
from knowledge.model import KnowledgeBase
from knowledge.positions import Positions
from knowledge.problems import Problem, Severity, has_error
from knowledge.yaml_text import UnreadableError, decode

BOM = b"\xef\xbb\xbf"


class ChangedMeanwhileError(Exception):
    """A file changed between planning and writing; nothing was written."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What edits come to: new contents, the change in words, and what forbids or worries.

    `lines` tells for each edit on which line of its file it ended, where that can be told.
    """

    edits: tuple[Edit, ...]
    contents: Mapping[str, bytes]
    digests: Mapping[str, str]
    before: KnowledgeBase | None
    after: KnowledgeBase | None
    changed: tuple[Change, ...]
    problems: tuple[Problem, ...]
    lines: tuple[int | None, ...]

    @property
    def may_write(self) -> bool:
        """Tell whether the result passes the checker and anything changes at all."""
        return self.after is not None and bool(self.contents)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """Return what forbids writing."""
        return tuple(p for p in self.problems if p.severity is Severity.ERROR)


def plan_edits(
    folder: Path, edits: Sequence[Edit], *, today: date, cache_dir: Path | None = None
) -> Plan:
    """Apply edits to a copy of the folder and check it; writes nothing to the folder itself.

    Warnings that stood before the edits are left out of the problems.
    """
    before, old = check_folder(folder, today=today, cache_dir=cache_dir)
    if before is None:
        return Plan(tuple(edits), {}, {}, None, None, (), old, ())
    contents, digests, stuck = _edited(folder, edits)
    if stuck or not contents:
        return Plan(tuple(edits), {}, digests, before, None, (), stuck, ())
    with tempfile.TemporaryDirectory(prefix="yikouqing-") as made:
        copy = Path(made) / "knowledge"
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("*.json", ".*"))
        for file, content in contents.items():
            (copy / file).write_bytes(content)
        after, new = check_folder(copy, today=today, cache_dir=cache_dir)
        lines = _lines_of(copy, edits)
    known = {(p.file, p.text) for p in old}
    fresh = tuple(p for p in new if (p.file, p.text) not in known or p.severity is Severity.ERROR)
    changed = changes(before, after) if after is not None else ()
    usable = after if not has_error(new) else None
    return Plan(tuple(edits), contents, digests, before, usable, changed, fresh, lines)


def _edited(
    folder: Path, edits: Iterable[Edit]
) -> tuple[dict[str, bytes], dict[str, str], tuple[Problem, ...]]:
    """Return the contents that change, the digests of what they replace, and what is stuck."""
    texts: dict[str, str] = {}
    original: dict[str, bytes] = {}
    stuck: list[Problem] = []
    for edit in edits:
        try:
            if edit.file not in texts:
                original[edit.file] = (folder / edit.file).read_bytes()
                texts[edit.file] = decode(original[edit.file])
            texts[edit.file] = apply_edit(texts[edit.file], edit)
        except NotThereError as error:
            text = f"找不到要改的地方（{error}）：文件可能改过，请重新导出再改"
            stuck.append(Problem(edit.file, None, Severity.ERROR, text))
        except (OSError, UnreadableError):
            stuck.append(Problem(edit.file, None, Severity.ERROR, "这个文件读不出来：请检查"))
    digests = {file: _digest(content) for file, content in original.items()}
    contents = {file: _encoded(text, original[file]) for file, text in texts.items()}
    changed = {file: new for file, new in contents.items() if new != original[file]}
    return changed, digests, tuple(stuck)


def _encoded(text: str, original: bytes) -> bytes:
    return (BOM if original.startswith(BOM) else b"") + text.encode()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _lines_of(folder: Path, edits: Iterable[Edit]) -> tuple[int | None, ...]:
    positions = Positions(folder)
    return tuple(positions.line(edit.file, _place_of(edit)) for edit in edits)


def _place_of(edit: Edit) -> tuple[str | int, ...]:
    if edit.act is not Act.ADD:
        return edit.path
    name = edit.value.get("id") if isinstance(edit.value, dict) else edit.value
    return (*edit.path, name) if isinstance(name, str) else edit.path


def write_plan(folder: Path, plan: Plan) -> None:
    """Write a plan's files, each whole or not at all; raise where one changed meanwhile."""
    assert plan.may_write, "a plan with errors is never written"
    for file in plan.contents:
        if _digest((folder / file).read_bytes()) != plan.digests[file]:
            raise ChangedMeanwhileError(file)
    parts = {folder / file: (folder / file).with_suffix(".part") for file in plan.contents}
    for (path, part), content in zip(parts.items(), plan.contents.values(), strict=True):
        part.write_bytes(content)
        shutil.copymode(path, part)
    for path, part in parts.items():
        part.replace(path)
