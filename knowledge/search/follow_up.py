"""Tell whether a question goes on about the entry last discussed."""

from enum import StrEnum

from knowledge.search.corpus import Corpus
from knowledge.search.reading import Reading

OWN_TOPIC = 0.3
LAST_BONUS = 30.0
"""How much the entry last discussed is favoured over a new one."""

TALK_BONUS = 5.0
SWITCH_RIGHT = 0.6
SWITCH_BELIEF = 0.6
SURELY_OUTSIDE = 0.93
NEAR_OUTSIDE = 0.55


class Turn(StrEnum):
    """How a question stands to the one before."""

    SAME = "same"  # names the same entry again
    FOLLOWS = "follows"  # names no topic of its own
    NEW = "new"


def turn_of(reading: Reading, last: int, corpus: Corpus) -> Turn:
    """Judge the turn: a new topic must be named clearly, and so must a question outside."""
    if reading.order[0] == last and reading.ours >= OWN_TOPIC:
        return Turn.SAME
    belief = reading.belief
    stays, talk = float(belief[last]), float(belief[-2])
    near_outside = float(reading.nearest[corpus.entries :].max())
    near_inside = max(float(reading.nearest[last]), float(reading.nearest[corpus.talk]))
    if near_outside > NEAR_OUTSIDE and near_outside > near_inside + 0.1:
        return Turn.NEW
    leaves = max((float(belief[at]) for at in reading.order if at != last), default=0.0)
    is_named = reading.right >= SWITCH_RIGHT and leaves >= SWITCH_BELIEF
    if is_named and stays * LAST_BONUS + talk * TALK_BONUS < leaves:
        return Turn.NEW
    outside = float(belief[corpus.entries : -2].sum() + belief[-1])
    if outside > SURELY_OUTSIDE and talk < 0.03 and stays < 0.02:
        return Turn.NEW
    return Turn.FOLLOWS
