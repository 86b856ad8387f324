"""Take hard words out of a question, so that what was asked in anger is still heard."""

import re

_HARD = re.compile(
    r"傻[逼比b叉]|煞笔|沙比|他妈的?|你妈的?|妈的|尼玛|特么的?|卧槽|我靠|我操|狗屁|放屁|坑爹|神经病|脑残|混蛋|"
    r"王八蛋?|白痴|不要脸|吃屎|黑心(?:到家|透)?了?|(?:什么|啥)?破(?:系统|地方|玩意儿?|机器人?|程序|单位|部门)|"
    r"骗子(?:部门|单位)|(?:什么|啥)玩意儿?|(?:什么|啥)(?:狗屁)?效率|你们?推来推去|推来推去|踢皮球|快点说|"
    r"跑了[^,]{0,3}[趟次回]|去了[^,]{0,3}[趟次回]|都?说少材料|(?:怎么|为什么|咋)不一次说清|一会儿要这一会儿要那|"
    r"凭什么|凭啥|气死(?:我|人)了?|烦死(?:我|人)了?|fuck(?:ing)?|shit|stupid"
)
_EDGES = " ,.;!?"
SHORTEST = 3


def without_anger(folded: str) -> str:
    """Leave out hard words and complaints, where enough is left to ask."""
    rest = re.sub(r"[,.;!? ]{2,}", ",", _HARD.sub(" ", folded)).strip(_EDGES)
    return rest if len(rest) >= SHORTEST else folded
