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
_WHO = (
    r"(?:老公|丈夫|男人|当家的|那口子|男朋友|男友|女朋友|女友|媳妇|老婆|妻子|对象|爹|爸|娘|妈|爷爷|奶奶|"
    r"哥|公公|婆婆|婆家|前夫|前男友|前妻|继父|继母|他|她|儿子)"
)
_POISON = r"(?:农药|安眠药|安定|老鼠药|百草枯|敌敌畏)"
_SUICIDE = (
    r"不想活(?!动|跃)|不想(?:在)?(?:这|这个)?(?:世上|世界上?)|活不下去|活够了|活腻|活着(?:太|真|好)累|"
    r"活着(?:没(?:意思|劲|啥|盼头|用|奔头)|有啥|有什么|还有|就是)|生不如死|不如(?:早点)?死|想死|寻死|寻短|自杀|轻生|了断|绝笔|遗书|"
    r"(?:怎么|咋|怎样|只有|只剩|一头撞|不疼的|没痛苦的)死|死路一条|死法|死了(?:算了|拉倒|干净|一了)|一死了之|"
    r"一了百了|(?:走|没|死|去世)了[^;]{0,6}想跟(?:着|他|她|了)(?:一起|一块)?(?:去|走)|没(?:有)?人在乎(?:我|俺)|结束(?:生命|自己|这一切)|了结自己|跳(?:楼|河|黄河|井|桥)|(?:站在|从)[^,]{1,6}(?:要|想)?(?:上|往下)?跳|"
    rf"割腕|割脉|(?:手腕|胳膊)上?[^,]{{0,6}}(?:划|割)|(?:喝|吃|吞)了?[^,]{{0,6}}{_POISON}(?!的|店|经营)|"
    rf"{_POISON}(?:给|都)?(?:喝|吃|吞)了|想解脱|求解脱|suicid|kill myself|end (?:my life|it all)|"
    r"want to die|(?:not|n'?t) want to live|no reason to live"
)
_VIOLENCE = (
    rf"家暴|{_WHO}[^,的]{{0,16}}(?:打|捶|揍|抽|踹|掐|扇)(?:我|俺|人|孩子|老人|得|了我)(?!工|力|社|民)|"
    rf"{_WHO}[^,]{{0,8}}(?:又|就|老|爱)动手(?!办|做)|动手(?:打|动脚)|打老婆|打媳妇|"
    r"被[^,]{0,6}(?:打(?:了$|了[,.]|得|怕|伤|骂|死)|揍|掐|捶|虐待)|让[^,]{0,6}打(?:怕|得|伤)|"
    r"弄死(?:我|俺)|杀(?:了)?(?:我|俺)|威胁(?:我|俺)(?!们)|(?:老|总|乱|偷|一直)摸(?:我|俺)|"
    r"domestic violence|(?:husband|boyfriend|girlfriend|wife|partner|father|mother|dad|mom)"
    r" (?:beats?|hits?|is beating|is hitting)"
)
_FRAUD = (
    r"(?:短信|电话|微信|陌生人|客服|网友|链接)[^,]{0,14}(?:点链接|点开链接|转账|打钱|汇款|共享屏幕|验证码|安全账户)|"
    r"被骗(?!子|着)|被诈骗|电信诈骗|诈骗|骗子|骗走|骗(?:了)?(?:我|俺)|骗光|刷单|杀猪盘|安全账户|共享屏幕|解冻费|"
    r"(?:叫|让)(?:人|他|她|骗子)给?(?:骗|坑)(?:了|走)|自称(?:是)?(?:公安|警察|民警|社保|医保|法院|检察)|冒充|"
    r"(?:钱|款)[^,]{0,4}(?:转|打|汇|交)(?:了|过去)[^;]{0,6}(?:没影|联系不上|拉黑|跑了|不见)|"
    r"(?:链接|短信|电话)[^;!?]{0,20}(?:真的吗|真的假的|真假|可信|骗人)|(?:银行卡|卡的?)密码|"
    r"(?:卡里|卡上|账上|银行卡)的?[^,]{0,2}钱[^,]{0,3}(?:没了|被转|转走|被刷)|"
    r"(?:要|问|叫|让)(?:我|俺)[^,]{0,8}(?:验证码|转钱|打钱|汇钱)|scam"
)
_CRIME = (
    r"被拐|拐卖|被绑|失踪了|走失|被性侵|强奸|猥亵|报警|撬(?:我家|俺家|门)|拿着?刀|持刀|被抢|抢(?:跑|走)|"
    r"(?:孩子|娃|老人|娘|爹|妈|爸|爷爷|奶奶|闺女|儿子|孙子|孙女)[^,证本卡户照书单]{0,10}"
    r"(?:走丢|跑丢|找不(?:着|到)了|不见了|没回来|没回家)"
)
_FIRE = r"(?<!没)着火(?!了?[^,]{0,6}(?:证|执照|本))|失火|起火|煤气中毒|闻(?:见|到|着)[^,]{0,4}煤气"
_RESCUE = r"救命(?!钱|稻草|药)|救护车|快不行了|晕倒|喘不上气|羊水破"
_TROUBLE = tuple(map(re.compile, (_SUICIDE, _VIOLENCE, _FRAUD, _CRIME, _FIRE, _RESCUE)))
_BUSINESS = r"(?:店|馆|公司|生意|企业|厂|买卖|门面|铺|铺子|个体户|超市|摊)"
_NOT_TROUBLE = re.compile(
    r"防诈骗|反诈app|着火[^,]{0,6}(?:证|执照|本)[^,]{0,4}烧|打(?:我|俺)的?(?:电话|手机|卡|账|银行|微信)|"
    rf"{_BUSINESS}[^,]{{0,8}}(?:活|开|干|撑|做|经营|维持)不下去|"
    r"(?:累|烦|笑|气|急|热|冷|忙|愁|冻|饿)死(?!了?算)|想死你|"
    r"(?:怕|担心|万一|别是|预防|防止)(?:是|被|遇到|碰上|上当)?(?:人)?(?:骗|诈骗)"
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

    def is_business(self, folded: str) -> bool:
        """Tell whether the words sound grave and are not: a shop that cannot go on."""
        return _NOT_TROUBLE.search(bare(folded)) is not None

    def trouble(self, folded: str) -> int | None:
        """Give the helpline for somebody in trouble."""
        text = bare(folded)
        if self.is_business(folded):
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
