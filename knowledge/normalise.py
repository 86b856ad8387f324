"""Fold text to one form: width, case, traditional characters, invisible characters, spaces.

Folding loses nothing a reader would miss. What carries no topic (greetings, question words)
is stripped elsewhere, since only the search knows which words those are.
"""

import re
import unicodedata
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

MAX_LENGTH = 600
"""Longer questions keep their beginning and their end: the wish stands in one of the two."""

# Opencc's table names one form per character; these were chosen for the words of offices.
_OWN_FORMS = {"乾": "干", "著": "着", "佔": "占", "証": "证", "裏": "里", "甚": "什"}

_SPACES = re.compile(r"\s+")
_UNSEEN = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]"
)
_REPEATED = re.compile(r"([^\w\s])\1+|([啊哈呀嗯哦呵嘿])\2{2,}")


@lru_cache(maxsize=1)
def _simplified() -> dict[int, str]:
    """Read the character table that opencc carries; its phrase engine is not needed here."""
    found = find_spec("opencc")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("opencc-python-reimplemented")
    table = Path(found.origin).with_name("dictionary") / "TSCharacters.txt"
    pairs = (line.split("\t") for line in table.read_text(encoding="utf-8").splitlines() if line)
    forms = {ord(old): new.split(" ")[0] for old, new in pairs if len(old) == 1}
    return forms | {ord(old): new for old, new in _OWN_FORMS.items()}


def simplify(text: str) -> str:
    """Turn traditional characters into simplified ones."""
    return text.translate(_simplified())


def fold(text: str) -> str:
    """Fold a text for matching: ＡＢＣ -> abc, 戶籍 -> 户籍, runs of marks -> one."""
    text = unicodedata.normalize("NFKC", text)
    text = simplify(_UNSEEN.sub(" ", text).lower())
    text = _REPEATED.sub(lambda found: found.group(1) or found.group(2), text)
    text = _SPACES.sub(" ", text).strip()
    if len(text) > MAX_LENGTH:
        half = MAX_LENGTH // 2
        text = f"{text[:half]} {text[-half:]}"
    return text


def is_han(character: str) -> bool:
    """Tell whether a character is a Chinese one."""
    return "\u4e00" <= character <= "\u9fff" or "\u3400" <= character <= "\u4dbf"
