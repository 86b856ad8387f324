"""One change to a knowledge file, as plain values: what an editor wants, before any YAML."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from knowledge.positions import KeyPath
from knowledge.yaml_text import Raw


class Act(StrEnum):
    """What is done at a path.

    `SET` gives a key a value, `ADD` appends to a list what it does not hold yet, `REMOVE` takes a
    key or a list's member away. All three change nothing where they have been done before.
    """

    SET = "set"
    ADD = "add"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Edit:
    """One change in one file; in the path a number selects by place, a word by id or text."""

    file: str
    act: Act
    path: KeyPath
    value: Raw = None


def to_json(edits: Iterable[Edit]) -> str:
    """Write edits as text that can wait in a table."""
    rows = [[edit.file, edit.act, list(edit.path), edit.value] for edit in edits]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def from_json(text: str) -> tuple[Edit, ...]:
    """Read what to_json wrote."""
    return tuple(
        Edit(file, Act(act), tuple(path), value) for file, act, path, value in json.loads(text)
    )
