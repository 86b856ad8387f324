"""Long lists by pages: what stands on one, its number in words, the buttons that turn it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from bot.dialogue import Button

PER_PAGE = 8

Entry = TypeVar("Entry")


def page_of(
    entries: Sequence[Entry], page: int, verb: str
) -> tuple[Sequence[Entry], tuple[tuple[Button, ...], ...]]:
    """Return what stands on a page, and the row of buttons that turn it, if there are others."""
    page, pages = _bounded(entries, page)
    shown = entries[page * PER_PAGE : (page + 1) * PER_PAGE]
    turns = [Button("上一页", f"{verb}:{page - 1}")] if page > 0 else []
    turns += [Button("下一页", f"{verb}:{page + 1}")] if page < pages - 1 else []
    return shown, (tuple(turns),) if turns else ()


def page_words(entries: Sequence[Entry], page: int) -> str:
    """Say which page it is of how many; nothing where there is one."""
    page, pages = _bounded(entries, page)
    return f"（第 {page + 1} 页，共 {pages} 页）" if pages > 1 else ""


def _bounded(entries: Sequence[Entry], page: int) -> tuple[int, int]:
    pages = max(1, -(-len(entries) // PER_PAGE))
    return min(max(page, 0), pages - 1), pages
