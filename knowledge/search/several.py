"""Find two topics in one question, on the two sides of a joint."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from knowledge.search.features import without_denied
from knowledge.search.language import language
from knowledge.search.reading import Reader, Reading

SHORTEST_PAIR = 24
"""Features that two topics need at least."""

MOST_SPLITS = 6
TELLING_RIGHT = 0.8
COMMA_RIGHT = 0.9
"""How sure each side must be by itself, where words join the two, and at a mere comma."""

TALK_AT_MOST = 0.2

LOUD_ENOUGH = 1e-4
"""At a mere comma, the share of the whole that the weaker topic needs."""

STORY = 45
"""A longer question is a story: its commas separate circumstances from the wish."""

_JOINERS = "|".join(map(re.escape, sorted(language().joiners, key=len, reverse=True)))
_JOINT = re.compile(
    rf"[,.;!? ]*(?:{_JOINERS})|、|\+|\b(?:and|then|plus)\b|[,.;!?]+ ?(?:第二|其次|二是)?|"
    r"(?<=..)一个是?(?=[^,]{2,}$)"
)
_WISH = re.compile(r"[想要咋办哪]|怎么|如何|申请|什么|啥|能不能|多少")
_ASKS = re.compile(r"咋|怎么|如何|要啥|什么|哪|多少")
_HAPPENED = re.compile(r"[了过的]$")
_TOGETHER = re.compile(r"都|两[样件边个]|俩[样件事]|分别|一趟|一起|一块|一并|各")
_TAIL = re.compile(
    r"[,.;!? ]+(?:这|我)?(?:都|两[样件边个]|俩[样件事]|分别|一起|一块|一并|各|要啥|要什么|"
    r"需要|咋|怎么)[^,.;!?]{0,10}$"
)
_PUT_ASIDE = re.compile(r"^不是|先不(?:说|问|管|办)|不算[,.;]|不是问|除了")


@dataclass(frozen=True, slots=True)
class _Split:
    left: str
    right: str
    is_told: bool  # words say that there are two things, not only a comma


def two_topics(reader: Reader, reading: Reading) -> tuple[int, ...]:
    """Give the two entries asked for, the surer one of the whole first; empty for one topic.

    Both sides must be certain by themselves, and both topics must be seen in the whole too:
    a side detail of a story rarely passes.
    """
    text = reading.folded
    if reading.total < SHORTEST_PAIR or _PUT_ASIDE.search(text) or without_denied(text) != text:
        return ()
    surest = 0.0
    found: tuple[int, ...] = ()
    for split in _splits(text):
        if not _are_two(reader, split):
            continue
        least = max(surest, TELLING_RIGHT if split.is_told else COMMA_RIGHT)
        one = reader.read(split.left)
        if one.right <= least or not _has_topic(reader, one):
            continue
        other = reader.read(split.right)
        if other.right <= least or not _has_topic(reader, other):
            continue
        tops = {one.order[0], other.order[0]}
        if len(tops) == 2 and _is_heard(reading, tops, split):
            surest = min(one.right, other.right)
            found = tuple(at for at in reading.order if at in tops)
    return found


def _are_two(reader: Reader, split: _Split) -> bool:
    """Look quickly whether each side may name an entry of its own."""
    left = reader.glance(split.left)
    if left >= len(reader.corpus.curated) + bool(len(reader.corpus.plain)):
        return False
    right = reader.glance(split.right)
    return left != right and right < len(reader.corpus.curated) + bool(len(reader.corpus.plain))


def _has_topic(reader: Reader, side: Reading) -> bool:
    """Tell whether a side is more than question words, such as 都要办哪些证."""
    near_talk = float(side.nearest[reader.corpus.talk])
    return float(side.belief[-2]) < TALK_AT_MOST and near_talk < float(side.nearest[side.order[0]])


def _is_heard(reading: Reading, tops: set[int], split: _Split) -> bool:
    if split.is_told:
        return tops <= set(reading.order)
    quieter = min(float(reading.shares[at]) for at in tops)
    return tops <= set(reading.order[:3]) and quieter > LOUD_ENOUGH


def _splits(text: str) -> Iterator[_Split]:
    """Split a text in two at its joints, the middle ones first; a common tail is left off."""
    is_together = bool(_TOGETHER.search(text))
    text = _TAIL.sub("", text)
    joints = [
        joint
        for joint in _JOINT.finditer(text)
        if joint.start() >= 2 and len(text) - joint.end() >= 2
    ]
    joints.sort(key=lambda joint: abs(sum(joint.span()) - len(text)))
    for joint in joints[:MOST_SPLITS]:
        left, right = text[: joint.start()], text[joint.end() :]
        if joint.group().startswith("一个") and "一个" not in left:
            continue
        is_told = (
            is_together
            or bool(joint.group().strip(",.;!? "))
            or bool(_ASKS.search(left) and _ASKS.search(right))
            or right[:4].find("也") >= 0
        )
        is_wish = bool(_WISH.search(left)) and not _HAPPENED.search(left)
        is_story = len(text) > STORY
        if is_told or (is_wish and not is_story):
            yield _Split(left, right, is_told and not is_story)
