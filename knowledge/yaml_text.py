"""YAML text to plain values, every problem with its line.

Scalars follow YAML 1.2, as editors' YAML servers and ruamel.yaml do: `yes`, `9:00`, `0371` and
`2026-11-22` are texts here, and pydantic makes dates of those that are dates.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, ClassVar, TypeAlias

import yaml

from knowledge.problems import Problem, Severity

if TYPE_CHECKING:
    from yaml import SafeLoader
else:
    # A platform without libyaml reads the same files, only more slowly.
    SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Raw: TypeAlias = "bool | int | float | str | list[Raw] | dict[str, Raw] | None"
Resolvers: TypeAlias = dict[str, list[tuple[str, re.Pattern[str]]]]

TAG = "tag:yaml.org,2002:"
REASONS = (
    (
        "cannot start any token",
        "这里不能用这个符号开头：缩进不能用制表符（Tab），请改成空格；以 @ ` % 开头的文字请加引号",
    ),
    (
        "mapping values are not allowed",
        "冒号的位置不对：文字里有“: ”时请给整段文字加引号，或检查上一行的缩进",
    ),
    ("could not find expected ':'", "少了冒号：写成“键: 值”，冒号用英文的，后面空一格"),
    ("did not find expected key", "这一行和上面对不齐，或上面的引号没配对：请检查缩进和引号"),
    ("did not find expected '-'", "列表没对齐：每一项都要以“- ”开头，并与上一项左对齐"),
    ("did not find expected ',' or ']'", "方括号里的列表没写完：各项用英文逗号隔开，最后用 ] 收尾"),
    ("did not find expected ',' or '}'", "花括号没写完：各项用英文逗号隔开，最后用 } 收尾"),
    ("did not find expected node content", "括号里多了逗号，或少了内容"),
    ("unexpected end of stream", "引号没有收尾：请补上配对的引号"),
    ("found undefined alias", "以 * 开头的文字请加引号"),
    ("duplicate anchor", "以 & 开头的文字请加引号"),
    ("unknown escape character", "双引号里的反斜杠要写两个，或改用单引号"),
    ("but found another document", "一个文件只写一份，请去掉多余的 --- 行"),
    ("block sequence entries are not allowed", "“- ”的位置不对：列表要另起一行写"),
    ("did not find expected tag URI", "以 ! 开头的文字请加引号"),
    ("could not determine a constructor", "以 ! 开头的文字请加引号"),
    ("did not find expected alphabetic", "以 & 或 * 开头的文字请加引号"),
)
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")


class _Loader(SafeLoader):
    """The C loader with YAML 1.2's core scalars in place of YAML 1.1's surprises."""

    # Emptied for the class: what the parent resolves is YAML 1.1.
    yaml_implicit_resolvers: ClassVar[Resolvers] = {}  # type: ignore[misc]  # typed as an instance's


for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", [*"~nN", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", [*"tTfF"]),
    ("int", r"[-+]?(0|[1-9][0-9]{0,17})", [*"-+0123456789"]),
    ("float", r"[-+]?(0|[1-9][0-9]*)\.[0-9]+", [*"-+0123456789"]),
):
    _Loader.add_implicit_resolver(TAG + _tag, re.compile(rf"^(?:{_pattern})$"), _first)


class UnreadableError(Exception):
    """A file that is no YAML at all: the line where reading stopped, and why."""

    def __init__(self, line: int | None, text: str) -> None:
        """Keep the place and the reason."""
        super().__init__(text)
        self.line = line
        self.text = text


def decode(content: bytes) -> str:
    """Decode an editor's file; raise UnreadableError where it is not UTF-8."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UnreadableError(
            line, "文件不是 UTF-8 编码：请在编辑器里另存为 UTF-8 后再试"
        ) from error


def parse(text: str, file: str) -> tuple[Raw, tuple[Problem, ...]]:
    """Read one YAML document and its own problems; raise UnreadableError where it is none."""
    node = compose(text)
    problems: list[Problem] = []
    raw = _Reader(file, problems).value(node) if node is not None else None
    return raw, tuple(problems)


def to_canonical(raw: Raw) -> str:
    """Write the contents so that comments and layout make no difference; order does."""
    return json.dumps(raw, ensure_ascii=False, separators=(",", ":"))


def compose(text: str) -> yaml.Node | None:
    """Return the tree of nodes with their lines; raise UnreadableError where there is none."""
    unseen = CONTROL.search(text)
    if unseen is not None:
        line = text.count("\n", 0, unseen.start()) + 1
        raise UnreadableError(line, "这一行有看不见的控制字符：请删掉，重新输入这一行")
    try:
        loader = _Loader(text)
        node: yaml.Node | None = loader.get_single_node()
    except yaml.YAMLError as error:
        raise UnreadableError(_line(error), _reason(str(error))) from error
    except RecursionError as error:
        raise UnreadableError(None, "括号一层套一层，太深了：请检查有没有多打括号") from error
    return node


def _line(error: yaml.YAMLError) -> int | None:
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        # An open quote is noticed at the end of the file; it must be closed where it began.
        if "unexpected end of stream" in str(error.problem) and error.context_mark is not None:
            mark = error.context_mark
        return None if mark is None else mark.line + 1
    return None


def _reason(english: str) -> str:
    for part, chinese in REASONS:
        if part in english:
            return chinese
    first = english.splitlines()[0]
    return f"YAML 写法有误，请检查这一行和上一行的缩进、引号、冒号（{first}）"


class _Reader:
    """Turns nodes into values and notes what must not be there."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self._file = file
        self._problems = problems
        self._seen: set[int] = set()

    def value(self, node: yaml.Node) -> Raw:
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        # Aliases let a file refer to itself or grow without end; nothing here needs them.
        if id(node) in self._seen:
            self._error(node, "不要用 & 和 * 互相引用，请把内容写全")
            return None
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node)
        return [self.value(child) for child in node.value]

    def _mapping(self, node: yaml.MappingNode) -> dict[str, Raw]:
        values: dict[str, Raw] = {}
        lines: dict[str, int] = {}
        for key, child in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._error(key, "键要写成一个词，不能是列表或括号")
                continue
            if key.value in values:
                self._error(
                    key, f"“{key.value}”写了两次（上一次在第 {lines[key.value]} 行），请删掉一处"
                )
            values[key.value] = self.value(child)
            lines[key.value] = key.start_mark.line + 1
        return values

    def _scalar(self, node: yaml.ScalarNode) -> Raw:
        text: str = node.value
        match node.tag.removeprefix(TAG):
            case "str":
                return text
            case "null":
                return None
            case "bool":
                return text.lower() == "true"
            case "int":
                return int(text)
            case "float":
                return float(text)
        self._error(node, f"不认得的标记 {node.tag}：以 ! 开头的文字请加引号")
        return text

    def _error(self, node: yaml.Node, text: str) -> None:
        line = node.start_mark.line + 1
        self._problems.append(Problem(self._file, line, Severity.ERROR, text))
