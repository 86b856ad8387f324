"""What part of the answer is asked for, and about which paper."""

import pytest

from knowledge.normalise import fold
from knowledge.search.about import about_of
from knowledge.search.understanding import About


@pytest.mark.parametrize(
    ("question", "about"),
    [
        ("离婚要准备哪些东西", About.MATERIALS),
        ("开药店要啥", About.MATERIALS),
        ("去派出所改名带什么", About.MATERIALS),
        ("documents for a passport", About.MATERIALS),
        ("残疾证多久能办好", About.TIME),
        ("执照几天下来", About.TIME),
        ("补贴啥时候到账", About.TIME),
        ("补社保卡收费不", About.FEE),
        ("办护照多少钱", About.FEE),
        ("要不要钱", About.FEE),
        ("领证去哪", About.PLACE),
        ("在哪个窗口办", About.PLACE),
        ("开饭店的流程说说", About.STEPS),
        ("先干嘛", About.STEPS),
        ("从哪一步开始", About.STEPS),
        ("办下来是个啥", About.RESULT),
        ("最后给发什么证", About.RESULT),
        ("申请公租房需要符合什么条件", About.CONDITIONS),
        ("我这够不够格", About.CONDITIONS),
        ("让我弟去行不行", About.AGENT),
        ("能不能找人代办", About.AGENT),
        ("必须本人到场吗", About.AGENT),
        ("网上能申请吗", About.ONLINE),
        ("手机上能弄不", About.ONLINE),
        ("我在武汉能办吗", About.ELSEWHERE),
        ("外地可以办理不", About.ELSEWHERE),
        ("结婚登记", None),
        ("养老金 申领", None),
        ("公司不干了咋注销", None),
    ],
)
def test_the_part_asked_for_is_found(question: str, about: About | None) -> None:
    assert about_of(fold(question))[0] is about


@pytest.mark.parametrize(
    ("question", "about", "paper"),
    [
        ("照片要几张", About.COPIES, "照片"),
        ("身份证复印几份", About.COPIES, "身份证"),
        ("户口本要原件吗", About.COPIES, "户口本"),
        ("结婚证要不要带", About.NEEDED, "结婚证"),
        ("办退休用不用带户口本", About.NEEDED, "户口本"),
        ("没有房产证能报名吗", About.NEEDED, "房产证"),
        ("窗口还要我交结婚证", About.NEEDED, "结婚证"),
    ],
)
def test_the_paper_asked_about_is_named(question: str, about: About, paper: str) -> None:
    assert about_of(fold(question)) == (about, paper)


@pytest.mark.parametrize("question", ["公积金能贷多少钱", "失业金能领多少钱"])
def test_how_much_one_gets_is_no_question_of_fees(question: str) -> None:
    assert about_of(fold(question))[0] is not About.FEE


@pytest.mark.parametrize("question", ["外地户口孩子上学", "异地就医备案"])
def test_elsewhere_as_part_of_a_topic_is_no_question_of_place(question: str) -> None:
    assert about_of(fold(question))[0] is not About.ELSEWHERE
