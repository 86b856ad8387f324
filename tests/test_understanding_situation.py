"""The situation is read out of the words, on the entries that are shipped."""

from collections.abc import Mapping

import pytest

from knowledge.load import load_knowledge
from knowledge.normalise import fold
from knowledge.search.gather import search_material
from knowledge.search.material import SearchQuestion
from knowledge.search.situation import answers_in
from knowledge.train import SHIPPED_KNOWLEDGE


@pytest.fixture(scope="module")
def questions() -> Mapping[str, tuple[SearchQuestion, ...]]:
    base, _ = load_knowledge(SHIPPED_KNOWLEDGE)
    assert base is not None
    return {entry.id: entry.questions for entry in search_material(base).entries}


@pytest.mark.parametrize(
    ("entry", "said", "answers"),
    [
        ("newborn", "没领证生的娃咋上户口", {"married": "no"}),
        ("newborn", "未婚生子，娃的户口怎么办", {"married": "no"}),
        ("newborn", "娃随母落户要啥", {"follow": "mother"}),
        ("restaurant", "四十平的面馆要办啥证", {"area": "small"}),
        ("restaurant", "150平的火锅店", {"area": "large"}),
        ("restaurant", "二百六十平的饭店", {"area": "large"}),
        ("restaurant", "一百二十来平的馆子", {"area": "large"}),
        ("restaurant", "六十平的小店", {"area": "small"}),
        ("restaurant", "不是公司，是个体户开的店", {"owner": "individual"}),
        ("restaurant", "个体户还是公司好", {}),
        ("restaurant", "委托我弟去办行不", {"agent": "agent"}),
        ("self_employed", "委托我弟去办个体执照", {"handler": "agent"}),
        ("company_setup", "让会计去跑公司注册", {"handler": "agent"}),
        ("company_setup", "必须本人去吗", {}),
        ("ss_card", "我妈的社保卡丢了，我替她去补办", {"matter": "replace", "agent": "agent"}),
        ("passport", "不是护照，是港澳通行证", {"document": "hk_macao"}),
        ("credit_repair", "不是处罚，是异常名录", {"info": "abnormal"}),
        ("unemployment", "注销失业登记", {"matter": "cancel"}),
        ("transport_company", "四吨半以上的货车", {"kind": "heavy"}),
    ],
)
def test_the_words_answer_the_question(
    questions: Mapping[str, tuple[SearchQuestion, ...]],
    entry: str,
    said: str,
    answers: Mapping[str, str],
) -> None:
    found = answers_in(fold(said), questions[entry])

    assert {key: found[key] for key in answers if key in found} == answers
    if not answers:
        assert found == {}


def test_nothing_else_is_read_into_the_words(
    questions: Mapping[str, tuple[SearchQuestion, ...]],
) -> None:
    assert answers_in(fold("四十平的面馆要办啥证"), questions["restaurant"]) == {"area": "small"}
