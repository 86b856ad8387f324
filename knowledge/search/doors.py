"""Find the signpost for a question that no entry answers, and people in trouble before all."""

import re
from dataclasses import dataclass

from knowledge.normalise import fold
from knowledge.search.corpus import bare
from knowledge.search.material import SearchDoor

CRISIS = "crisis"
TROUBLE = (CRISIS, "emergency")

# A net under the phrases of the signposts: whoever writes this gets the helpline first, however
# the sentence goes on. Each pattern leads to the crisis door one of whose phrases it also fits.
_SUICIDE = (
    r"不想活|活不下去|活够了|不如死|想死|寻死|自杀|轻生|跳楼|跳河|割腕|喝农药|结束生命|"
    r"了结自己|一了百了|死了算了|活着没(?:意思|劲)|suicid|kill myself|end my life|want to die"
)
_VIOLENCE = (
    r"家暴|(?:老公|丈夫|男人|男朋友|媳妇|老婆|对象|爹|爸|公公|婆婆|前夫)"
    r"(?:又|总|老|经常|天天|喝了?酒)?(?:打我|打人|动手|揍我|打孩子)|"
    r"被(?:老公|丈夫|男朋友|家人|家里人|男人|对象|前夫|公公|婆婆)[^,]{0,4}打|"
    r"domestic violence|husband (?:beats|hits)"
)
_FRAUD = (
    r"(?:短信|电话|微信|陌生人|客服|网友|链接)[^,]{0,14}(?:点链接|点开链接|转账|共享屏幕|验证码|安全账户)|"
    r"被骗(?!子)|被诈骗|电信诈骗|诈骗|骗走|骗了我|骗光|刷单|杀猪盘|转账给了?骗子|scammed"
)
_CRIME = r"被拐|拐卖|被绑|失踪了|走失|被性侵|强奸|猥亵|被虐待|虐待|报警"
_FIRE = r"着火了|失火|煤气中毒"
_RESCUE = r"救命|救护车|快不行了|晕倒"
_TROUBLE = tuple(map(re.compile, (_SUICIDE, _VIOLENCE, _FRAUD, _CRIME, _FIRE, _RESCUE)))
_NOT_TROUBLE = re.compile(
    r"防诈骗|反诈app|打我(?:电话|手机)|(?:店|公司|生意|企业|厂|买卖|门面|"
    r"个体户)[^,]{0,8}活不下去|累死|烦死|笑死|气死|急死|热死|冷死|忙死|想死你"
)


SHORTEST_CRISIS = 4
"""A shorter phrase may stand inside a harmless word; those are left to the patterns."""


@dataclass(frozen=True, slots=True)
class Doors:
    """The signposts, ready to be looked through."""

    doors: tuple[SearchDoor, ...]
    exact: dict[str, int]
    crisis: tuple[tuple[str, int], ...]
    nets: tuple[tuple[re.Pattern[str], int], ...]

    def of_trouble(self) -> tuple[int, ...]:
        """List the doors for people in danger."""
        return tuple(at for at, door in enumerate(self.doors) if door.kind in TROUBLE)

    def trouble(self, folded: str) -> int | None:
        """Give the helpline for somebody in trouble."""
        text = bare(folded)
        if _NOT_TROUBLE.search(text):
            return None
        for phrase, door in self.crisis:
            if phrase in text:
                return door
        return next((door for net, door in self.nets if net.search(folded)), None)


def build_doors(doors: tuple[SearchDoor, ...]) -> Doors:
    """Fold the phrases once."""
    folded = [[fold(phrase) for phrase in door.phrases] for door in doors]
    exact = {bare(one): at for at, phrases in enumerate(folded) for one in phrases}
    troubled = [at for at, door in enumerate(doors) if door.kind in TROUBLE]
    crisis = [
        (bare(one), at)
        for at in troubled
        if doors[at].kind == CRISIS
        for one in folded[at]
        if len(bare(one)) >= SHORTEST_CRISIS
    ]
    nets = []
    for net in _TROUBLE:
        fitting = [(sum(bool(net.search(one)) for one in folded[at]), at) for at in troubled]
        count, at = max(fitting, default=(0, -1), key=lambda pair: pair[0])
        if count:
            nets.append((net, at))
    return Doors(doors, exact, tuple(crisis), tuple(nets))
