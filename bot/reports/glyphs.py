"""Chinese characters as little pictures, so that a chart needs no font and no drawing library.

`glyphs.bin` holds bitmaps of Noto Sans CJK SC (Copyright 2014-2021 Adobe, SIL Open Font License
1.1, https://openfontlicense.org), drawn once by docs/make_glyphs.py; 24 by 24, four shades.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Shades: TypeAlias = npt.NDArray[np.uint8]
FILE = Path(__file__).parent / "glyphs.bin"
UNKNOWN = "？"
SPACE = 8


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The bitmaps by character, each with its width."""

    size: int
    places: dict[str, int]
    widths: tuple[int, ...]
    dots: Shades

    def of(self, character: str) -> Shades:
        """Return a character's shades from 0 to 3; one that is not here becomes a ？."""
        if character.isspace():
            return np.zeros((self.size, SPACE), dtype=np.uint8)
        place = self.places.get(character, self.places[UNKNOWN])
        whole: Shades = self.dots[place]
        return whole[:, : self.widths[place]]


@cache
def read_glyphs() -> Glyphs:
    """Read the bitmaps, once, where a picture is wanted."""
    content = zlib.decompress(FILE.read_bytes())
    length = int.from_bytes(content[:4], "big")
    head = json.loads(content[4 : 4 + length])
    size = head["size"]
    packed = np.frombuffer(content, dtype=np.uint8, offset=4 + length)
    quarters = np.stack([packed >> 6, packed >> 4, packed >> 2, packed], axis=1) & 3
    dots: Shades = quarters.reshape(len(head["chars"]), size, size).astype(np.uint8)
    places = {character: n for n, character in enumerate(head["chars"])}
    return Glyphs(size, places, tuple(head["widths"]), dots)


def text_shades(text: str) -> Shades:
    """Return a line of text as shades from 0 to 3."""
    glyphs = read_glyphs()
    parts = [glyphs.of(character) for character in text]
    if not parts:
        return np.zeros((glyphs.size, 0), dtype=np.uint8)
    return np.concatenate(parts, axis=1)
