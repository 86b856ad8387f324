"""Tell which part of the answer was asked for, and of which paper."""

import re

from knowledge.search.understanding import About

_PAPER = (
    r"(?:户口本首页|户口本|户口簿|户口页|身份证|结婚证|离婚证|出生证|出生证明|房产证|房本|"
    r"不动产证|社保卡|银行卡|"
    r"执照|公章|印章|照片|相片|合同|协议|发票|票据|证明|申请表|表格|表|章程|复印件|原件|委托书|"
    r"承诺书|"
    r"病历|诊断书|图纸|护照|居住证|残疾证|退伍证|学历证|毕业证|单据|[\u4e00-\u9fff]{0,4}(?:证|"
    r"证书|书|本|卡|单|件|票))"
)  # fmt: skip
_SUBJECT = re.compile(rf"({_PAPER})")

_PEOPLE = (
    r"(?:我|俺|他|她)?(?:弟弟|弟|哥|姐|妹妹|妹|妈|爸|娘|爹|媳妇|老婆|老公|丈夫|妻子|爱人|对象|"
    r"儿子|闺女|女儿|孩子|"
    r"家人|家属|朋友|同事|亲戚|会计|财务|员工|别人|他人|人家|家里人|中介|律师|爷爷|奶奶|叔|舅|"
    r"姑|姨|侄子|外甥|孙子)"
)  # fmt: skip
_CITY = (
    r"(?:外地|异地|外省|外市|省外|别的城市|别的地方|其他城市|其他地方|老家|武汉|北京|上海|广州|"
    r"深圳|郑州|洛阳|新乡|"
    r"商丘|许昌|周口|南京|杭州|苏州|成都|重庆|西安|天津|济南|合肥|长沙|广东|浙江|江苏|山东|"
    r"河北|安徽|湖北|"
    r"新疆|国外|海外|境外|兰考|杞县|通许|尉氏|祥符|示范区|鼓楼|龙亭|顺河|禹王台|外区|别的区|"
    r"户口不在)"
)  # fmt: skip
_ASK = r"(?:吗|不|么|嘛|没|呗|不中|行不|中不|[?？])"

_RULES: tuple[tuple[About, str], ...] = (
    (
        About.COPIES,
        (
            r"几份|多少份|几张|多少张|几寸|复印几|一式几|印几|复印不|复印吗|要复印(?!的)|"
            r"用复印(?!的)|复印件还是|原件还是|"
            r"还是复印件|还是原件|要原件|原件不|原件吗|原件行|复印件(?:行|可以|中|能)|只带复印件|"
            r"how many (?:copies|photos)|copy or original|original or copy"
        ),
    ),
    (
        About.AGENT,
        (
            r"代办|代理|代领|代取|代交|代缴|代签|代为|代替|委托|(?<!顶)替(?:我|俺|他|她|爸|妈|老人|"
            r"孩子|家人|别人|人)|"
            rf"{_PEOPLE}(?:能|可以|可不可以|能不能)?(?:去|来|拿着|帮)(?!世)[^,]{{0,8}}{_ASK}|"
            rf"(?:让|叫|找|派){_PEOPLE}[^,]{{0,4}}(?:去|来|办|领|弄|跑|交|取)|"
            r"(?:必须|得|一定|非得|要不要|用不用|需要|需不需要|要)[^,]{0,3}(?:本人|亲自)|"
            r"本人(?:不去|不到|去|到|来|没法|去不|不在|必须|亲|不能)|"
            r"(?:两个人|两口子|夫妻|双方|父母|都)(?:都)?(?:要|得|必须|用|需要)?(?:到场|都去|一起去|"
            r"到现场)|一个人去|亲自去|"
            r"帮(?:我|俺|他|她|老人|爸|妈|父母|家人|朋友|别人)[^,]{0,2}(?:办|领|弄|交|取|"
            r"跑)[^,]{0,6}(?:吗|不|行|可以|中)|"
            r"on (?:my|his|her|their) behalf|someone else|in person|agent|proxy"
        ),
    ),
    (
        About.ELSEWHERE,
        (
            rf"{_CITY}[^,]{{0,6}}(?:能|可以|可不可以|中不中|行不行|可否)[^,]{{0,5}}(?:办|弄|领|交|"
            rf"缴|申请|提|取|登记|买|换|补|用)|"
            rf"(?:能|可以|可不可以|能否)(?:不能)?(?:在|到|去)?{_CITY}[^,]{{0,3}}(?:办|弄|领|交|缴|"
            rf"申请|登记|换|补)|"
            rf"(?:人|我|俺)(?:现在)?在{_CITY}[^,]{{0,8}}(?:办|弄)|{_CITY}(?:办|弄|领)(?:理)?{_ASK}|"
            rf"{_CITY}(?:办理)?(?:行|中|可以){_ASK}?$|"
            r"跨省通办|全国通办|异地能|异地办|异地可以|跨区能|跨市能|就近办|another (?:city|"
            r"province)|other city"
        ),
    ),
    (
        About.ONLINE,
        (
            r"网上|线上|手机(?:上|能|可以|办|弄|操作)|\bapp\b|小程序|支付宝|微信(?:上|能|可以|办)|"
            r"豫事办|政务服务网|网办|"
            r"不跑腿|不用跑|零跑|不去(?:大厅|窗口|现场)|不用去(?:大厅|窗口|现场)|在家(?:里)?(?:能|"
            r"就能|可以|办|弄)|电脑上|online|internet|on my phone"
        ),
    ),
    (
        About.TIME,
        (
            r"多久|几天|多长时间|多少天|几个工作日|多少个工作日|多长|几个月能|多少日|几日|什么时候|"
            r"啥时候|何时|啥时间|什么时间|"
            r"当天|当场(?:能|就|可以|拿|取)|立等|立马|马上能|多快|时限|几号能|要等|等几|能加急|"
            r"加急|多咋|截止|几月|期限|时效|"
            r"how long|when|how soon|how many days|duomo?jiu|duojiu|duochangshijian|ji tian|jitian"
        ),
    ),
    (
        About.FEE,
        (
            r"(?<!贷)(?<!领)(?<!提)(?<!取)(?<!拿)(?<!补)(?<!报)(?<!发)多少钱|要钱|收钱|收费|费用|"
            r"花多少|花钱|免费|工本费|手续费|几块|"
            r"多少费|贵不|掏钱|掏多少|啥价|什么价|交多少|缴多少|多少税|税率|how much|cost|"
            r"\bfees?\b|price|charge|free of|duoshaoqian|duo shao qian|feiyong"
        ),
    ),
    (
        About.STEPS,
        (
            r"流程|步骤|先干|先办|先弄|先做|先跑|哪一步|第一步|下一步|怎么走|咋走|顺序|分几步|"
            r"程序(?!员)|先后|该先|从哪(?:里|儿)?(?:开始|下手|弄起)|"
            r"跑几趟|几趟|怎么操作|如何操作|咋操作|操作方法|步|steps?|procedure|process|liucheng|"
            r"buzhou"
        ),
    ),
    (
        About.PLACE,
        (
            r"在哪|去哪|到哪|哪里|哪儿|那里办|哪个(?:窗口|大厅|部门|单位|地方|局|柜台|派出所|银行)|"
            r"几楼|几号窗|地址|什么地方|啥地方|"
            r"哪办|哪能办|位置|哪块|找谁|找哪|归谁|哪个口|电话|几点|上班|下班|营业时间|办公时间|"
            r"where|address|zainali|qunali|zai na|qu na"
        ),
    ),
    (
        About.RESULT,
        (
            r"(?:办|批|弄|做)(?:下来|完|好|成)(?:了|后|之后)?(?:是|给|能|会|发|有)*(?:个)?(?:啥|"
            r"什么)|领到(?:的)?(?:是)?(?:个)?(?:啥|什么)|"
            r"给(?:个)?(?:啥|什么)(?:证|东西|结果)?|发(?:个)?(?:啥|什么)|"
            r"拿到(?:的)?(?:是)?(?:个)?(?:啥|什么)|办理结果|结果是|出(?:个)?(?:啥|什么)证|"
            r"what (?:do|will) (?:i|we) (?:get|receive)"
        ),
    ),
    (
        About.CONDITIONS,
        (
            r"条件|资格|符合|够不够|够格|够不着|什么人|啥人|哪些人|谁能|谁可以|多大(?:岁数|年纪|"
            r"年龄)?(?:能|才|可以)|满多少|几岁|"
            r"年龄|门槛|要求|多少岁|适用|对象是|哪种情况|什么情况|啥情况|算不算|eligib|qualif|"
            r"conditions?|tiaojian|zige"
        ),
    ),
    (
        About.MATERIALS,
        (
            r"材料|要啥|要些?(?:什么|什麼|哪些)|需(?:要|用)?(?:些)?(?:什么|啥|哪些)|带(?:些|"
            r"点)?(?:什么|啥|哪些|哪)|拿(?:些|点)?(?:什么|啥|哪些)|"
            r"得(?:带|拿|交|备|准备)(?:些)?(?:什么|啥|哪)|准备(?:些)?(?:什么|啥|哪些|好)|(?:提|递|"
            r"上)?交(?:些)?(?:什么|啥|哪些)|啥手续|什么手续|哪些手续|"
            r"哪些(?:证|资料|东西|文件|手续)|(?:什么|啥)(?:证件|资料|文件|东西|证)|提供(?:什么|啥|"
            r"哪些)|资料|清单|文书|文件|证件|都要|都得|东西|"
            r"material|document|requirements?|paper|bring|what (?:do i|is) need|need(?:ed)? to|"
            r"cailiao|yaosha|yao sha|daisha|xuyao|shenme"
        ),
    ),
    (
        About.CONDITIONS,
        (
            r"(?:能|可以|可|中|行)(?:不能|不可以|不中|不行|否)[^,]{0,10}$|(?:能|"
            r"可以)[^,]{1,14}(?:吗|不|么)$|"
            r"有资格|享受不|轮得上|评得上|评上|(?:可以|行|中|合格)(?:吗|不|么)$"
        ),
    ),
)
_COMPILED = tuple((about, re.compile(pattern)) for about, pattern in _RULES)

_NEEDED = re.compile(
    rf"({_PAPER})[^,]{{0,4}}?(?:要不要|用不用|需不需要|需要不|还要不要|还用|要不用|还要|"
    rf"必须)(?:带|交|拿|提供|出|办|去|有)?|"
    rf"(?:要不要|用不用|需不需要|需要|还要|还用|必须|得|要|用)(?:带|交|拿|提供|出示|有|准备|"
    rf"提交)?(?:上)?(?:着)?({_PAPER})(?:原件)?(?:吗|不|么|没|嘛|不要|[?？]|$)|"
    rf"(?:没|没有|不带|缺|少|忘带|忘了带)(?:了)?({_PAPER})(?:能|可以|行|中|咋|怎么|会)|"
    rf"({_PAPER})(?:要带|用带|得带|需要带|需要|得要|得拿|要拿)(?:吗|不|么|[?？])"
)
# A grievance names the paper a window insisted on; what the list says about it is the answer.
_DEMANDED = re.compile(
    rf"(?:还要|非要|又要|非得|硬要|还让|非让|又让|又叫|偏要|老让|总要|一直要)(?:我|俺|我们|人|人家|咱)?"
    rf"(?:去)?(?:再)?(?:交|带|拿|提供|补|出|开|要|办)(?:个|一个|份|一份|张)?({_PAPER})"
)
_NEEDED_CUE = re.compile(
    r"要不要|用不用|需不需要|吗|不$|么$|没$|嘛|还要|还用|(?:没|没有|不带|缺|少)[^,]{0,10}(?:能|"
    r"可以|行|中|咋|怎么)"
)
_NOT_A_PAPER = re.compile(
    r"(?:办|领|补|换|取|开|发)$|^(?:个|这|那|的|什么|啥|哪)|领证$|办证$|手续$|条件$"
)
_TALK = re.compile(
    r"^(?:几份|几张|多少份|我|俺|要|那|这个|这|还要|还|带|交|用|需要|办|的|有|拿|我的|是|只|光|"
    r"先|和|跟)+"
)


def about_of(text: str) -> tuple[About | None, str | None]:
    """Read what was asked about from a folded text: the part, and the paper if one is named."""
    demanded = _DEMANDED.search(text)
    if demanded and (paper := _clean(demanded.group(1))):
        return About.NEEDED, paper
    needed = _NEEDED.search(text)
    if needed and not _COMPILED[0][1].search(text):
        paper = _clean(next(filter(None, needed.groups())))
        if paper and _NEEDED_CUE.search(text):
            return About.NEEDED, paper
    for about, pattern in _COMPILED:
        found = pattern.search(text)
        if found:
            subject = _paper_before(text, found.start()) if about is About.COPIES else None
            return about, subject
    return None, None


def _clean(paper: str) -> str | None:
    paper = _TALK.sub("", paper)
    return paper if len(paper) > 1 and not _NOT_A_PAPER.search(paper) else None


def _paper_before(text: str, at: int) -> str | None:
    """Find the paper whose copies were asked for: the last one before the question, else any."""
    before = [found.group(1) for found in _SUBJECT.finditer(text[:at])]
    after = [found.group(1) for found in _SUBJECT.finditer(text[at:])]
    named = [paper for paper in map(_clean, [*reversed(before), *after]) if paper]
    return named[0] if named else None
