"""Turn characters and typed pinyin into syllables that sound alike to a Kaifeng ear.

zh, ch, sh count as z, c, s and -ng as -n, since that is how they are confused in typing.
"""

import json
import re
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from knowledge.normalise import is_han
from knowledge.search.language import language

_TONES = str.maketrans("āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüńňǹḿê", "aaaaeeeeiiiioooouuuuvvvvvnnnme")

_INITIALS = ("zh", "ch", "sh", *"bpmfdtnlgkhjqxrzcsyw", "")
_FINALS = (
    "a o e i u v ai ei ui ao ou iu ie ve ue er an en in un vn ang eng ing ong ia ian iang iao "
    "iong ua uai uan uang uo"
).split()


@lru_cache(maxsize=1)
def _table() -> dict[str, str]:
    """Read each character's usual reading from the table that pypinyin carries.

    Importing the package costs 0.1 s and 12 MiB (55 with its phrases) at every start; its
    table, cut to the characters in use, costs a fraction. Our own `polyphones` replace the phrases.
    """
    found = find_spec("pypinyin")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("pypinyin")
    raw = json.loads(Path(found.origin).with_name("pinyin_dict.json").read_text("utf-8"))
    return {
        character: sounds.split(",")[0].translate(_TONES)
        for code, sounds in raw.items()
        if is_han(character := chr(int(code)))
    }


@lru_cache(maxsize=1)
def known_syllables() -> frozenset[str]:
    """List every syllable that some character is read by."""
    made = {start + end for start in _INITIALS for end in _FINALS}
    common = {one for one in _table().values() if one in made and one.isascii()}
    return frozenset(
        common - {"n", "m", "ng", "hm", "hng", "o"} | {"lve", "nve", "lue", "nue", "fen"}
    )


@lru_cache(maxsize=8192)
def fuzzy(syllable: str) -> str:
    """Merge what is confused in typing: shi -> si, jing -> jin, lue -> lve."""
    if syllable[:2] in ("zh", "ch", "sh"):
        syllable = syllable[0] + syllable[2:]
    if syllable.endswith("ng"):
        syllable = syllable[:-1]
    if syllable in ("lue", "nue", "lu:", "nu:"):
        syllable = syllable[0] + "v" + syllable[2:]
    return syllable


@lru_cache(maxsize=8192)
def reading(character: str) -> str:
    """Give the usual reading of one character, fuzzy; empty for anything else."""
    own = language().polyphones.get(character)
    if own is not None:
        return fuzzy(own)
    return fuzzy(_table().get(character, ""))


@lru_cache(maxsize=1)
def _phrases() -> tuple[re.Pattern[str], dict[str, list[str]]]:
    phrases = {
        word: [fuzzy(one) for one in sound.split(" ")]
        for word, sound in language().polyphones.items()
        if len(word) > 1
    }
    longest_first = sorted(phrases, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first))), phrases


def readings(text: str) -> list[str]:
    """Read a text character by character, minding words with an unusual reading."""
    sounds = [reading(one) for one in text]
    pattern, phrases = _phrases()
    for found in pattern.finditer(text):
        sounds[found.start() : found.end()] = phrases[found.group()]
    return sounds


def _is_syllable(part: str) -> bool:
    known = known_syllables()
    return part in known or part.replace("v", "u") in known


@lru_cache(maxsize=2048)
def segment(letters: str) -> tuple[str, ...] | None:
    """Split typed pinyin into syllables, the fewest possible; None where it is no pinyin.

    Between equally short ways the one whose later syllables start with a consonant wins:
    `fangan` is fan-gan, since nobody types fang-an without a mark.
    """
    best: list[tuple[float, tuple[str, ...]] | None] = [None] * (len(letters) + 1)
    best[0] = (0.0, ())
    for end in range(1, len(letters) + 1):
        for start in range(max(0, end - 6), end):
            before = best[start]
            part = letters[start:end]
            if before is None or not _is_syllable(part):
                continue
            cost = before[0] + 1.0 + (0.3 if start and part[0] in "aoe" else 0.0)
            if best[end] is None or cost < best[end][0]:  # type: ignore[index]  # checked before
                best[end] = (cost, (*before[1], part))
    found = best[-1]
    return tuple(fuzzy(one) for one in found[1]) if found and found[1] else None
