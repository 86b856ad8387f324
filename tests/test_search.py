"""The search as others use it, on a small material it was trained on."""

from dataclasses import replace
from pathlib import Path

import pytest

from knowledge.search.engine import Search, build_search
from knowledge.search.material import SearchEntry, SearchMaterial
from knowledge.search.understanding import About, Outcome
from knowledge.search.warnings import alias_warnings, close_entries
from tests.search_material import ENTRIES, small_material


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("search")


@pytest.fixture(scope="module")
def search(cache: Path) -> Search:
    built = build_search(small_material(), cache_dir=cache)
    built.train()
    return built


@pytest.mark.parametrize(
    ("question", "entry"),
    [
        ("俺家娃的户口咋报嘞", "newborn"),
        ("公司开不下去想注销", "deregister"),
        ("jiehun dengji", "marriage"),
        ("tuixiu shouxu", "retire"),
        ("護照丟了要補辦", "passport"),
        ("护熙丢了", "passport"),
        ("公机金怎么提取", "housing_fund_withdraw"),
        ("withdraw my housing fund", "housing_fund_withdraw"),
        ("我在郑州上班没时间回来,孩子刚出生户口还没落,要带什么", "newborn"),
        ("不想注销,就是把经营范围里的餐饮去掉", "info_change"),
        ("什么破地方,办个退休跑三趟,到底要啥", "retire"),
    ],
)
def test_the_right_entry_stands_first(search: Search, question: str, entry: str) -> None:
    assert search.understand(question).candidates[0].entry_id == entry


def test_a_known_wording_is_sure(search: Search) -> None:
    assert search.understand("娃上户口").outcome is Outcome.SURE


def test_there_are_at_least_three_candidates_best_first(search: Search) -> None:
    for question in ("娃上户口", "今天天气怎么样", "", "!!!"):
        scores = [candidate.score for candidate in search.understand(question).candidates]

        assert len(scores) >= 3
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 1 for score in scores)


def test_two_topics_are_both_answered(search: Search) -> None:
    found = search.understand("娃上户口和办护照都要啥")

    assert found.outcome is Outcome.SEVERAL
    assert {one.entry_id for one in found.candidates[:2]} == {"newborn", "passport"}


@pytest.mark.parametrize(
    "question", ["明天会下雨吗", "讲个笑话吧", "帮我写首诗歌", "", "   ", "🎉🎉"]
)
def test_what_is_not_ours_is_refused(search: Search, question: str) -> None:
    assert search.understand(question).outcome is Outcome.NOTHING


@pytest.mark.parametrize(
    ("question", "door"),
    [
        ("你好", "greeting"),
        ("转人工", "human"),
        ("我真的不想活了", "self_harm"),
        ("退休金也没有,不想活了", "self_harm"),
        ("我被骗了五千块钱", "fraud"),
    ],
)
def test_the_right_door_is_shown(search: Search, question: str, door: str) -> None:
    found = search.understand(question)

    assert found.outcome is Outcome.NOTHING
    assert found.door == door


def test_a_shop_that_cannot_go_on_is_no_crisis(search: Search) -> None:
    assert search.understand("公司活不下去了,咋注销").door is None


def test_a_question_without_a_topic_follows_the_last_entry(search: Search) -> None:
    found = search.understand("那要几份复印件", last_entry="passport")

    assert found.outcome is Outcome.SURE
    assert found.followed
    assert found.candidates[0].entry_id == "passport"
    assert found.about is About.COPIES


def test_a_new_topic_is_not_swallowed(search: Search) -> None:
    found = search.understand("公司注销要带什么", last_entry="passport")

    assert not found.followed
    assert found.candidates[0].entry_id == "deregister"


def test_a_question_without_a_topic_and_nothing_before_is_not_sure(search: Search) -> None:
    assert search.understand("要几份复印件").outcome is not Outcome.SURE


def test_an_unknown_last_entry_is_ignored(search: Search) -> None:
    assert search.understand("娃上户口", last_entry="gone").candidates[0].entry_id == "newborn"


def test_the_situation_is_read_from_the_words(search: Search) -> None:
    assert search.understand("没领证生的娃上户口").answers == {"married": "no"}
    assert search.understand("四十平的面馆要办食品证").answers == {"area": "small"}


def test_the_reasons_name_a_known_wording(search: Search) -> None:
    assert any("属于新生儿出生" in line for line in search.understand("刚出生的娃报户口").explain)


def test_weights_come_back_from_the_cache(search: Search, cache: Path) -> None:
    again = build_search(small_material(), cache_dir=cache)

    assert again.is_trained
    question = "孩子的护照咋办"
    assert again.understand(question).candidates[0].entry_id == "passport"


def test_another_material_does_not_take_the_cached_weights(search: Search, cache: Path) -> None:
    other = replace(small_material(), out_of_scope=("别的",))

    assert not build_search(other, cache_dir=cache).is_trained


def test_a_spoilt_cache_is_built_anew(tmp_path: Path) -> None:
    build_search(small_material(), cache_dir=tmp_path)
    for kept in tmp_path.iterdir():
        kept.write_bytes(b"spoilt")

    again = build_search(small_material(), cache_dir=tmp_path)

    assert again.understand("娃上户口").outcome is Outcome.SURE


def test_before_training_known_wordings_are_answered() -> None:
    untrained = build_search(small_material())

    assert not untrained.is_trained
    assert untrained.understand("公司注销").outcome is Outcome.SURE
    assert untrained.understand("公司注销怎么弄").candidates[0].entry_id == "deregister"
    assert untrained.understand("世界杯").outcome is Outcome.NOTHING


def test_an_empty_base_refuses_politely() -> None:
    empty = build_search(SearchMaterial(()))

    assert empty.understand("娃上户口").outcome is Outcome.NOTHING


@pytest.mark.parametrize(
    "question", ["中" * 10_000, "\u202eabc", "<b>'; DROP TABLE x;--", "\x00\x01", "a" * 5000]
)
def test_odd_input_is_survived(search: Search, question: str) -> None:
    assert len(search.understand(question).candidates) >= 3


def test_a_stray_alias_is_named() -> None:
    stray = replace(ENTRIES[7], aliases=(*ENTRIES[7].aliases, "公司注销登记"))
    untrained = build_search(SearchMaterial((*ENTRIES[:7], stray)))

    found = [(one.entry_id, one.given_to) for one in alias_warnings(untrained)]

    assert ("passport", "deregister") in found


def test_good_aliases_bring_no_warning(search: Search) -> None:
    assert alias_warnings(search) == ()


def test_entries_too_alike_are_named() -> None:
    twin = SearchEntry("wedding", "婚姻登记", ("领结婚证去", "扯证去", "办个结婚证", "登记结婚去"))
    untrained = build_search(SearchMaterial((*ENTRIES, twin)))

    pairs = [{pair.first, pair.second} for pair in close_entries(untrained)]

    assert {"wedding", "marriage"} in pairs


def test_words_that_help_tell_two_entries_apart(search: Search) -> None:
    words = search.telling_words(2, 3, 8)

    assert any("注销" in word for word in words)


def test_too_little_to_learn_from_is_left_untrained() -> None:
    tiny = build_search(SearchMaterial((SearchEntry("a", "甲事", ("甲",)),)))

    tiny.train()

    assert not tiny.is_trained
    assert tiny.understand("甲事").candidates[0].entry_id == "a"
