"""All pieces of an entry with their paths, gathered once for all rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import get_args

from pydantic import BaseModel

from knowledge.model import Fact, Piece, Question, ServicePackage, When
from knowledge.positions import KeyPath, entry_file


@dataclass(frozen=True, slots=True)
class Inventory:
    """An entry, its file, and every piece inside it."""

    entry: ServicePackage
    file: str
    pieces: tuple[tuple[KeyPath, Piece], ...]

    @property
    def facts(self) -> Iterator[tuple[KeyPath, Fact]]:
        """Every piece that rests on a source."""
        return ((path, piece) for path, piece in self.pieces if isinstance(piece, Fact))

    @property
    def conditions(self) -> Iterator[tuple[KeyPath, Fact | Question, When]]:
        """Every piece that is for some people only, with its condition."""
        for path, piece in self.pieces:
            if isinstance(piece, Fact | Question) and piece.when:
                yield (*path, "when"), piece, piece.when


def take_inventory(entry: ServicePackage) -> Inventory:
    """Gather every piece of an entry."""
    found: list[tuple[KeyPath, Piece]] = []
    _gather(entry, (), found)
    return Inventory(entry, entry_file(entry.id), tuple(found))


def texts(piece: Piece, path: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    """Yield every text inside a piece with its path."""
    for name in type(piece).model_fields:
        yield from _texts_of(getattr(piece, name), (*path, name))


def _texts_of(value: object, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(value, Piece):
        yield from texts(value, path)
    elif isinstance(value, str):
        yield path, value
    elif isinstance(value, tuple):
        for number, part in enumerate(value):
            yield from _texts_of(part, (*path, number))


def _gather(piece: Piece, path: KeyPath, found: list[tuple[KeyPath, Piece]]) -> None:
    for name in _nested_fields(type(piece)):
        value = getattr(piece, name)
        if isinstance(value, tuple):
            for number, part in enumerate(value):
                found.append(((*path, name, number), part))
                _gather(part, (*path, name, number), found)
        elif value is not None:
            found.append(((*path, name), value))
            _gather(value, (*path, name), found)


@cache
def _nested_fields(model: type[BaseModel]) -> tuple[str, ...]:
    return tuple(
        name for name, field in model.model_fields.items() if _holds_pieces(field.annotation)
    )


def _holds_pieces(annotation: object) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, Piece):
        return True
    return any(_holds_pieces(inner) for inner in get_args(annotation))
