"""Tell which part of the answer was asked for, and of which paper.

Plain cue words stand in data/synonyms.yaml; here are the cues that need their surroundings,
and the order in which cues win: the narrower question before the wider one.
"""

import re
from functools import lru_cache

from knowledge.search.language import language
from knowledge.search.understanding import About

_PAPER = (
    r"(?:户口本首页|户口本|户口簿|户口页|身份证|结婚证|离婚证|出生证明|出生证|房产证|房本|不动产证|"
    r"社保卡|银行卡|执照|公章|印章|照片|相片|(?:租房|租赁|购房|买卖|劳动|用工)?合同|协议|发票|票据|证明|申请表|表格|章程|复印件|原件|"
    r"委托书|承诺书|病历|诊断书|图纸|护照|居住证|残疾证|退伍证|学历证|毕业证|单据|"
    r"[\u4e00-\u9fff]{0,4}(?:证明|证书|证|书|本|卡|单|件|票))"
)
_PEOPLE = (
    r"(?:我|俺|他|她)?(?:弟弟|弟|哥|姐|妹妹|妹|妈|爸|娘|爹|媳妇|老婆|老公|丈夫|妻子|爱人|对象|"
    r"儿子|闺女|女儿|孩子|家人|家属|朋友|同事|亲戚|会计|财务|员工|别人|他人|人家|家里人|中介|律师|"
    r"爷爷|奶奶|叔|舅|姑|姨|侄子|外甥|孙子)"
)
_CITY = (
    r"(?:外地|异地|外省|外市|省外|别的城市|别的地方|其他城市|其他地方|老家|武汉|北京|上海|广州|深圳|"
    r"郑州|洛阳|新乡|商丘|许昌|周口|南京|杭州|苏州|成都|重庆|西安|天津|济南|合肥|长沙|广东|浙江|"
    r"江苏|山东|河北|安徽|湖北|新疆|国外|海外|境外|兰考|杞县|通许|尉氏|祥符|示范区|鼓楼|龙亭|顺河|"
    r"禹王台|外区|别的区|户口不在)"
)
_ASK = r"(?:吗|不|么|嘛|没|呗|不中|行不|中不|[?])"
_WHAT = r"(?:什么|啥|哪些|哪)"
_DO = r"(?:办|弄|领|交|缴|申请|提|取|登记|买|换|补|用)"

_SURROUNDED: dict[About, tuple[str, ...]] = {
    About.COPIES: (r"[一二两]寸照?片?还是", r"[要用]复印(?!的)", r"复印件(?:行|可以|中|能)"),
    About.AGENT: (
        r"(?<!强制)代办(?!给)",
        r"(?<!顶)替(?:我|俺|他|她|爸|妈|老人|孩子|家人|别人|人)",
        rf"{_PEOPLE}(?:能|可以|可不可以|能不能)?(?:去|来|拿着|帮)(?!世)[^,]{{0,8}}{_ASK}",
        rf"(?:让|叫|找|派){_PEOPLE}[^,]{{0,4}}(?:去|来|办|领|弄|跑|交|取)",
        r"(?:必须|得|一定|非得|要不要|用不用|需要|需不需要|要)[^,]{0,3}(?:本人|亲自)",
        r"本人(?:不|去|到|来|没法|必须|亲)",
        r"(?:孩子|娃|法人|老人|本人|对方|卖方|买方|另一方|爱人|老公|媳妇|股东)(?:能|可以)?不(?:去|来|到场)",
        r"(?:两个人|俩人|两口子|夫妻|双方|父母|全家)[^,]{0,2}(?:都|一起)(?:要|得|必须|用|需要)?(?:去|到|来)",
        r"(?:两个人|两口子|夫妻|双方|父母|都)(?:都)?(?:要|得|必须|用|需要)?(?:到场|都去|一起去|到现场)",
        r"帮(?:我|俺|他|她|老人|爸|妈|家人|别人)[^,]{0,2}[办领弄交取跑][^,]{0,6}(?:吗|不|行|可以|中)",
    ),
    About.ELSEWHERE: (
        rf"{_CITY}[^,人]{{0,6}}(?:能|可以|可不可以|中不中|行不行|可否)[^,]{{0,5}}{_DO}",
        rf"(?:能|可以|可不可以|能否)(?:不能)?[在到去]?{_CITY}[^,]{{0,3}}{_DO}",
        rf"(?:人|我|俺)(?:现在)?在{_CITY}[^,]{{0,8}}(?:办|弄)",
        rf"{_CITY}(?:办|弄|领)理?{_ASK}",
        r"跨(?:省|市|区|县)(?:能|可以)?(?:办|弄)(?:理)?",
        r"户口在[^,]{1,6},?[^,]{0,8}(?:能|可以|中)[^,]{0,3}(?:办|弄)",
        rf"{_CITY}(?:办理)?(?:行|中|可以){_ASK}?$",
    ),
    About.ONLINE: (
        r"手机(?:上|能|可以|办|弄|操作)",
        r"微信(?:上|能|可以|办)",
        r"(?:不|不用)去(?:大厅|窗口|现场)",
        r"在家里?(?:能|就能|可以|办|弄)",
    ),
    About.TIME: (r"(?<![前这过])几天", r"当场(?:能|就|可以|拿|取)"),
    About.FEE: (r"(?<![贷领提取拿补报发])多少钱", r"(?<!研发)费用(?!归集|加计|报销)"),
    About.STEPS: (
        r"先(?:干|办|弄|做|跑|去)(?:啥|嘛|什么|哪|谁|吗)",
        r"从哪(?:里|儿)?(?:开始|下手|弄起)",
        r"程序(?:是|呢|怎么|有|$)",
    ),
    About.PLACE: (
        r"哪个?(?:窗口|大厅|部门|单位|地方|局|柜台|派出所|银行)",
        r"地址(?:在|是|呢|发|$)",
        r"(?:什么|啥|大厅|窗口|办理|具体|详细)地址",
    ),
    About.RESULT: (
        r"(?:办|批|弄|做)(?:下来|完|好|成)(?:了|后|之后)?(?:是|给|能|会|发|有)*个?(?:啥|什么)",
        r"(?:领|拿)到的?是?个?(?:啥|什么)",
        r"给个?(?:啥|什么)(?:证|东西|结果)?",
        r"发个?(?:啥|什么)",
        r"出个?(?:啥|什么)证",
        r"办理结果|结果是",
        r"电子的?还是纸|纸质的?还是电",
        r"what (?:do|will) (?:i|we) (?:get|receive)",
    ),
    About.CONDITIONS: (r"多大(?:岁数|年纪|年龄)?(?:能|才|可以)",),
    About.MATERIALS: (
        rf"(?:要|需|需要|需用|带|拿|交|提供|准备)[些点]?{_WHAT}",
        r"哪些(?:证|资料|东西|文件|手续)",
        r"(?:什么|啥)(?:证件|资料|文件|东西)",
        r"准备好",
    ),
}
_ORDER = (
    About.COPIES,
    About.AGENT,
    About.ELSEWHERE,
    About.ONLINE,
    About.TIME,
    About.FEE,
    About.STEPS,
    About.PLACE,
    About.RESULT,
    About.CONDITIONS,
    About.MATERIALS,
)

# Whether it can be done at all is a question of conditions, where no narrower cue is found.
_MAY = re.compile(
    r"(?:能|可以|可|中|行)(?:不能|不可以|不中|不行|否)[^,]{0,10}$|"
    r"(?:能|可以)[^,]{1,14}(?:吗|不|么)$|有资格|享受不|轮得上|评得上|评上|"
    r"(?:可以|行|中|合格)(?:吗|不|么)$"
)
_HAND_IN = r"(?:带|交|拿|提供|出示|准备|上传)"
_NEEDED = re.compile(
    rf"({_PAPER})[^,]{{0,4}}?(?:要不要|用不用|需不需要|要不用|还要不要)(?:{_HAND_IN}|$|[?])|"
    rf"({_PAPER})[^,]{{0,3}}?(?:还要|还用|也要|需要|必须|要|用|得){_HAND_IN}(?:吗|不|么|没|着|[?]|$)|"
    rf"(?:要不要|用不用|需不需要|需要|还要|还用|必须|得|要|用){_HAND_IN}?[上着有]?"
    rf"({_PAPER})(?:原件)?(?:吗|不|么|没|嘛|不要|[?]|$)|"
    rf"(?:没|没有|不带|缺|少|忘带|忘了带)了?({_PAPER})(?:能|可以|行|中|咋|怎么|会)"
)
# A grievance names the paper a window insisted on; what the list says about it is the answer.
_DEMANDED = re.compile(
    r"(?:还要|非要|又要|非得|硬要|还让|非让|又让|又叫|偏要|老让|总要|一直要)"
    r"(?:我|俺|我们|人|人家|咱)?去?再?(?:交|带|拿|提供|补|出|开|要|办)(?:一?[个份张])?"
    rf"({_PAPER})"
)
_NEEDED_CUE = re.compile(
    r"要不要|用不用|需不需要|吗|不$|么$|没$|嘛|还要|还用|"
    r"(?:没|没有|不带|缺|少|忘带|忘了带)[^,]{0,10}(?:能|可以|行|中|咋|怎么)"
)
_NARROWER = re.compile(r"(?:交|要|收|花|掏)钱|收费|免费")
_NOT_A_PAPER = re.compile(
    r"(?:办|领|补|换|取|开|发)$|^(?:个|这|那|的|什么|啥|哪)|领证$|办证$|手续$|条件$"
)
_TALK = re.compile(
    r"^(?:几份|几张|多少份|我的|我|俺|要|那|这个|这|还要|还|带|交|用|需要|办|的|有|拿|是|只|光|先|和|跟)+"
)
LONG = 40
"""A story ends with its wish: from this length on, the end is asked before the whole."""

STORY_END = 24


def about_of(text: str) -> tuple[About | None, str | None]:
    """Read what was asked about from a folded text: the part, and the paper if one is named."""
    if len(text) > LONG:
        about, subject = _about(text[-STORY_END:])
        if about is not None:
            return about, subject
    about, subject = _about(text)
    return (About.CONDITIONS, None) if about is None and _MAY.search(text) else (about, subject)


def _about(text: str) -> tuple[About | None, str | None]:
    demanded = _DEMANDED.search(text)
    if demanded and (paper := _clean(demanded.group(1))):
        return About.NEEDED, paper
    cues = _cues()
    copies = cues[0][1].search(text)
    needed = _NEEDED.search(text)
    if needed and _NEEDED_CUE.search(text) and not _NARROWER.search(text) and not copies:
        paper = _clean(next(filter(None, needed.groups())))
        if paper:
            return About.NEEDED, paper
    for about, pattern in cues:
        found = pattern.search(text)
        if found:
            return about, _paper_at(text, found.start()) if about is About.COPIES else None
    return None, None


@lru_cache(maxsize=1)
def _cues() -> tuple[tuple[About, re.Pattern[str]], ...]:
    """Join plain and surrounded cues; Latin cues count as whole words."""
    words = language().about

    def pattern(about: About) -> re.Pattern[str]:
        plain = sorted(words.get(about.value, ()), key=len, reverse=True)
        cues = [rf"\b{re.escape(cue)}\b" if cue.isascii() else re.escape(cue) for cue in plain]
        return re.compile("|".join((*cues, *_SURROUNDED.get(about, ()))))

    return tuple((about, pattern(about)) for about in _ORDER)


def _clean(paper: str) -> str | None:
    paper = _TALK.sub("", paper)
    return paper if len(paper) > 1 and not _NOT_A_PAPER.search(paper) else None


def _paper_at(text: str, at: int) -> str | None:
    """Find the paper whose copies were asked for: the last one before the question, else any."""
    papers = re.compile(_PAPER)
    before = [found.group() for found in papers.finditer(text[:at])]
    after = [found.group() for found in papers.finditer(text[at:])]
    named = [paper for paper in map(_clean, [*reversed(before), *after]) if paper]
    own = [paper for paper in named if paper not in _ANY_PAPER]
    return next(iter((*own, *named)), None)


_ANY_PAPER = ("复印件", "原件")
