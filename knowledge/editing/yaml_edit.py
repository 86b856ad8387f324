"""Change a YAML text where it must change and nowhere else: comments, order and quotes stay.

Block lists and mappings are changed line by line, since a round trip would move the comments
that stand between their members; what is written in brackets goes through ruamel.yaml.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import date
from typing import Any

import yaml
from ruamel.yaml import YAML

from knowledge.editing.edits import Act, Edit
from knowledge.positions import KeyPath
from knowledge.yaml_text import Raw, compose

ENDLESS = 1_000_000
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
BLOCK_STYLES = ("|", ">")


class NotThereError(Exception):
    """What an edit speaks of does not stand in the file."""

    def __init__(self, path: KeyPath) -> None:
        """Keep the path."""
        super().__init__("/".join(map(str, path)))
        self.path = path


def apply_edit(text: str, edit: Edit) -> str:
    """Return the text with one edit done; raise NotThereError where its place is missing."""
    root = compose(text)
    if root is None:
        raise NotThereError(edit.path)
    match edit.act:
        case Act.SET:
            return _set(text, root, edit.path, edit.value)
        case Act.ADD:
            return _add(text, root, edit.path, edit.value)
        case Act.REMOVE:
            return _remove(text, root, edit.path)


def _set(text: str, root: yaml.Node, path: KeyPath, value: Raw) -> str:
    parent, key = _at(root, path[:-1]), path[-1]
    if not isinstance(parent, yaml.MappingNode):
        raise NotThereError(path)
    found = _pair(parent, key)
    if found is None:
        if value is None:
            return text
        if parent.flow_style:
            return _round_trip(text, path, value)
        return _insert(text, _last_line(parent), _rendered({str(key): value}, _indent(parent)))
    name, node = found
    if _plain(node) == value:
        return text
    simple = isinstance(node, yaml.ScalarNode) and node.style not in BLOCK_STYLES
    if not simple or isinstance(value, dict | list):
        return _round_trip(text, path, value)
    return _replace_scalar(text, name, node, _scalar(value))


def _add(text: str, root: yaml.Node, path: KeyPath, value: Raw) -> str:
    parent, key = (_at(root, path[:-1]), path[-1]) if path else (None, None)
    found = _pair(parent, key) if isinstance(parent, yaml.MappingNode) and key else None
    node = root if not path else found[1] if found else None
    if node is None or not isinstance(node, yaml.SequenceNode):
        return _set(text, root, path, [value])
    if any(_same(child, value) for child in node.value):
        return text
    if node.flow_style or not node.value:
        return _round_trip(text, path, [*_list(node), value])
    indent = node.value[0].start_mark.column - 2
    return _insert(text, _last_line(node), _rendered([value], max(indent, 0)))


def _remove(text: str, root: yaml.Node, path: KeyPath) -> str:
    parent, last = _at(root, path[:-1]), path[-1]
    if isinstance(parent, yaml.MappingNode):
        found = _pair(parent, last)
        if found is None:
            return text
        first, node = found
    else:
        member = _member(parent, last)
        if member is None:
            return text
        first = node = member
    alone = isinstance(parent, yaml.SequenceNode) and len(parent.value) == 1
    if parent.flow_style or alone:
        return _round_trip_without(text, path)
    return _without_lines(text, first.start_mark.line, _last_line(node))


def _at(root: yaml.Node, path: KeyPath) -> Any:
    node: yaml.Node | None = root
    for place, part in enumerate(path):
        if isinstance(node, yaml.MappingNode):
            found = _pair(node, part)
            node = found[1] if found else None
        else:
            node = _member(node, part)
        if node is None:
            raise NotThereError(path[: place + 1])
    return node


def _pair(node: yaml.MappingNode, key: object) -> tuple[yaml.Node, yaml.Node] | None:
    return next(((k, v) for k, v in node.value if k.value == key), None)


def _member(node: yaml.Node | None, part: str | int) -> yaml.Node | None:
    if not isinstance(node, yaml.SequenceNode):
        return None
    if isinstance(part, int):
        return node.value[part] if part < len(node.value) else None
    return next((child for child in node.value if _is_called(child, part)), None)


def _is_called(node: yaml.Node, word: str) -> bool:
    if isinstance(node, yaml.ScalarNode):
        return bool(node.value == word)
    if isinstance(node, yaml.MappingNode):
        return any(key.value in ("id", "code") and child.value == word for key, child in node.value)
    return False


def _same(node: yaml.Node, value: Raw) -> bool:
    if isinstance(value, dict):
        name = value.get("id") or value.get("code")
        return isinstance(name, str) and _is_called(node, name)
    return _plain(node) == value


def _plain(node: yaml.Node) -> Raw:
    """Return a scalar as the loader reads it; anything else is told apart by identity."""
    if not isinstance(node, yaml.ScalarNode):
        return {}
    match node.tag.rsplit(":", 1)[-1]:
        case "null":
            return None
        case "bool":
            return bool(node.value.lower() == "true")
        case "int":
            return int(node.value)
    return str(node.value)


def _list(node: yaml.SequenceNode) -> list[Raw]:
    return [_plain(child) for child in node.value]


def _indent(node: yaml.MappingNode) -> int:
    return int(node.value[0][0].start_mark.column)


def _last_line(node: yaml.Node) -> int:
    """Return the last line with content of a node; its end mark lies behind what follows it."""
    if isinstance(node, yaml.ScalarNode):
        if node.style in BLOCK_STYLES:
            return int(node.end_mark.line) - 1
        return int(node.end_mark.line)
    assert isinstance(node, yaml.CollectionNode), "a node is a scalar or a collection"
    if node.flow_style or not node.value:
        return int(node.end_mark.line)
    last = node.value[-1]
    return _last_line(last[1] if isinstance(last, tuple) else last)


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _insert(text: str, after: int, snippet: Sequence[str]) -> str:
    lines, newline = _lines(text), _newline(text)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += newline
    return "".join(
        [*lines[: after + 1], *(line + newline for line in snippet), *lines[after + 1 :]]
    )


def _without_lines(text: str, first: int, last: int) -> str:
    lines = _lines(text)
    return "".join([*lines[:first], *lines[last + 1 :]])


def _replace_scalar(text: str, name: yaml.Node, node: yaml.Node, written: str) -> str:
    lines = _lines(text)
    start, end = node.start_mark, node.end_mark
    if (start.line, start.column) == (end.line, end.column):  # `key:` with nothing behind it
        line = lines[name.end_mark.line]
        colon = line.index(":", name.end_mark.column) + 1
        lines[name.end_mark.line] = f"{line[:colon]} {written}{line[colon:]}"
        return "".join(lines)
    joined = f"{lines[start.line][: start.column]}{written}{lines[end.line][end.column :]}"
    return "".join([*lines[: start.line], joined, *lines[end.line + 1 :]])


def _scalar(value: Raw) -> str:
    return _rendered({"k": value}, 0)[0].removeprefix("k:").strip()


def _writer() -> YAML:
    writer = YAML()
    writer.preserve_quotes = True
    writer.width = ENDLESS
    writer.allow_duplicate_keys = True
    writer.indent(mapping=2, sequence=4, offset=2)
    writer.representer.add_representer(type(None), _null)
    return writer


def _null(representer: Any, value: None) -> Any:
    del value
    return representer.represent_scalar("tag:yaml.org,2002:null", "null")


def _rendered(value: Raw, indent: int) -> list[str]:
    """Render a list or mapping as lines at an indent."""
    writer = _writer()
    if isinstance(value, list):
        writer.indent(mapping=2, sequence=2, offset=0)
    stream = io.StringIO()
    writer.dump(_with_dates(value), stream)
    return [" " * indent + line for line in stream.getvalue().splitlines()]


def _with_dates(value: Raw) -> Any:
    """Make dates of what reads like one, so that they are written without quotes."""
    if isinstance(value, dict):
        return {key: _with_dates(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_with_dates(inner) for inner in value]
    if isinstance(value, str) and DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return value
    return value


def _round_trip(text: str, path: KeyPath, value: Raw) -> str:
    writer, loaded = _loaded(text)
    _walk(loaded, path[:-1])[path[-1]] = _with_dates(value)
    return _dumped(writer, loaded, text)


def _round_trip_without(text: str, path: KeyPath) -> str:
    writer, loaded = _loaded(text)
    parent = _walk(loaded, path[:-1])
    del parent[_key(parent, path[-1])]
    return _dumped(writer, loaded, text)


def _loaded(text: str) -> tuple[YAML, Any]:
    writer = _writer()
    if re.search(r"^- ", text, re.MULTILINE):  # the list at the top is not indented
        writer.indent(mapping=2, sequence=2, offset=0)
    return writer, writer.load(text)


def _walk(loaded: Any, path: KeyPath) -> Any:
    for part in path:
        loaded = loaded[_key(loaded, part)]
    return loaded


def _key(parent: Any, part: str | int) -> Any:
    if isinstance(parent, dict) or isinstance(part, int):
        return part
    for place, child in enumerate(parent):
        names = (child.get("id"), child.get("code")) if isinstance(child, dict) else (child,)
        if part in names:
            return place
    raise NotThereError((part,))


def _dumped(writer: YAML, loaded: Any, text: str) -> str:
    stream = io.StringIO()
    writer.dump(loaded, stream)
    return stream.getvalue().replace("\n", _newline(text))
