"""The way back from a path inside a file to its line, and a report that uses it."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import yaml

from knowledge.problems import Problem, Severity, sort_problems
from knowledge.yaml_text import UnreadableError, compose, decode

KeyPath: TypeAlias = tuple[str | int, ...]
# Trees of nodes are large and problems come file by file.
KEPT_TREES = 16
PACKAGES = "packages"


def entry_file(entry_id: str) -> str:
    """Return the file of an entry, relative to the knowledge folder."""
    return f"{PACKAGES}/{entry_id}.yaml"


class Positions:
    """Finds the line of a path in a file, reading the file again only when asked."""

    def __init__(self, folder: Path | None) -> None:
        """Look in this folder; with none, nothing has a line."""
        self._folder = folder
        self._trees: dict[str, yaml.Node | None] = {}

    def line(self, file: str, path: KeyPath = ()) -> int | None:
        """Return the line of the deepest part of the path that stands in the file.

        A number selects from a list by place, a word by `id` or by being that word.
        """
        if not path:
            return None if self._folder is None else 1
        node = self._tree(file)
        if node is None:
            return None
        line = node.start_mark.line + 1
        for part in path:
            found = _child(node, part)
            if found is None:
                break
            line, node = found
        return line

    def _tree(self, file: str) -> yaml.Node | None:
        if self._folder is None:
            return None
        if file not in self._trees:
            while len(self._trees) >= KEPT_TREES:
                del self._trees[next(iter(self._trees))]
            self._trees[file] = _compose_file(self._folder / file)
        return self._trees[file]


class Report:
    """Collects the problems that rules find, each with its line."""

    def __init__(self, positions: Positions) -> None:
        """Find lines with these positions."""
        self._positions = positions
        self._problems: list[Problem] = []

    def error(self, file: str, path: KeyPath, text: str) -> None:
        """Note what forbids using the files."""
        self._add(Severity.ERROR, file, path, text)

    def warning(self, file: str, path: KeyPath, text: str) -> None:
        """Note what an editor should mend or decide."""
        self._add(Severity.WARNING, file, path, text)

    def place(self, file: str, path: KeyPath) -> str:
        """Word a place for use inside a problem's text."""
        line = self._positions.line(file, path)
        return file if line is None else f"{file} 第 {line} 行"

    def problems(self) -> tuple[Problem, ...]:
        """Return what was found, in order."""
        return sort_problems(self._problems)

    def _add(self, severity: Severity, file: str, path: KeyPath, text: str) -> None:
        line = self._positions.line(file, path)
        self._problems.append(Problem(file, line, severity, text))


def _compose_file(path: Path) -> yaml.Node | None:
    try:
        return compose(decode(path.read_bytes()))
    except (OSError, UnreadableError):
        return None


def _child(node: yaml.Node, part: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, child in node.value:
            if key.value == part:
                return key.start_mark.line + 1, child
    if isinstance(node, yaml.SequenceNode):
        for place, child in enumerate(node.value):
            if place == part or (isinstance(part, str) and _is_called(child, part)):
                return child.start_mark.line + 1, child
    return None


def _is_called(node: yaml.Node, word: str) -> bool:
    if isinstance(node, yaml.ScalarNode):
        return bool(node.value.strip() == word)
    if isinstance(node, yaml.MappingNode):
        return any(key.value == "id" and child.value == word for key, child in node.value)
    return False
