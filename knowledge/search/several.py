"""Find two topics in one question, on the two sides of a joint."""

import re
from collections.abc import Iterator

from knowledge.search.language import language
from knowledge.search.reading import Reader, Reading

SHORTEST_PAIR = 24
"""Features that two topics need at least."""

TWO_SURE = 0.75
MOST_SPLITS = 5

_JOINERS = "|".join(map(re.escape, sorted(language().joiners, key=len, reverse=True)))
_JOINT = re.compile(
    rf"[,.;!? ]*(?:{_JOINERS})|、|\+|\b(?:and|then|plus)\b|"
    r"[,.;!?](?=[^,]{0,3}[也还又再都两各])|"
    r"[,.;!?](?=[^,]*(?:都|两样|两件|两边|分别|一趟))"
)


def two_topics(reader: Reader, reading: Reading) -> tuple[int, ...]:
    """Give the two entries asked for, the surer one of the whole first; empty for one topic.

    Both sides must be certain by themselves, and both topics must be seen in the whole too:
    a side detail of a story rarely passes.
    """
    if reading.total < SHORTEST_PAIR:
        return ()
    surest = TWO_SURE
    found: tuple[int, ...] = ()
    for left, right in _splits(reading.folded):
        if reader.glance(left) == reader.glance(right):
            continue
        one = reader.read(left)
        if one.right <= surest:
            continue
        other = reader.read(right)
        tops = {one.order[0], other.order[0]}
        if other.right > surest and len(tops) == 2 and tops <= set(reading.order[:3]):
            surest = min(one.right, other.right)
            found = tuple(at for at in reading.order if at in tops)
    return found


def _splits(folded: str) -> Iterator[tuple[str, str]]:
    """Split a text in two at its joints, the middle ones first."""
    joints = [
        joint.span()
        for joint in _JOINT.finditer(folded)
        if joint.start() >= 2 and len(folded) - joint.end() >= 2
    ]
    joints.sort(key=lambda joint: abs(sum(joint) - len(folded)))
    for start, end in joints[:MOST_SPLITS]:
        yield folded[:start], folded[end:]
