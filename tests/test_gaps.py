"""From a question that found nothing to an answer: the editor's chat, over a small rule book."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.database import FILE_NAME, open_database
from bot.desk import Desk, Library, Links, WorkingDays
from bot.dialogue import Channel, Place, Reply, Role, Scope
from bot.editing import put_review_digests, tell_wishers
from bot.handlers.knowledge import alias_clash
from bot.loading import load_current
from bot.records.gaps import Gap, gap_groups, group_alike, open_wishes, record_gap
from bot.records.knowledge_edits import State, edits_in
from bot.records.people import person_by_id
from bot.records.slips import make_slip
from bot.reloading import Reloader
from bot.settings import SHIPPED_KNOWLEDGE, Settings
from bot.views.alerts import render_alert
from knowledge.editing.edits import Act, Edit
from knowledge.editing.yaml_edit import apply_edit
from reminders import outbox
from reminders.outbox import Waiting
from reminders.working_days import load_calendar
from tests.conftest import FRIDAY_MORNING, Clock, Talker

ENTRIES = ("newborn", "marriage", "retire", "death")
ODD = "咋给鹦鹉办寄养手续"
Making = Callable[..., Talker]


def small_knowledge(folder: Path) -> Path:
    """Copy a few entries and what they name."""
    (folder / "packages").mkdir(parents=True)
    for file in ("departments.yaml", "materials.yaml", "places.yaml"):
        shutil.copy(SHIPPED_KNOWLEDGE / file, folder / file)
    for entry in ENTRIES:
        text = (SHIPPED_KNOWLEDGE / "packages" / f"{entry}.yaml").read_text("utf-8")
        # With so few entries the search knows too little for the golden questions.
        text = re.sub(r"^golden:\n(?:  - .*\n)+", "", text, flags=re.MULTILINE)
        (folder / "packages" / f"{entry}.yaml").write_text(text, "utf-8")
    return folder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return settings over a rule book of the test's own."""
    folder = small_knowledge(tmp_path / "knowledge")
    return Settings.model_validate(
        {"data_dir": tmp_path, "knowledge_dir": folder, "knowledge": {"two_person": False}}
    )


@pytest.fixture
def desk(settings: Settings, clock: Clock) -> Desk:
    """Return a desk in memory with the small rule book in force."""
    loaded, problems = load_current(settings, today=FRIDAY_MORNING.date())
    assert loaded is not None, [str(p) for p in problems]
    days = WorkingDays(load_calendar(None)[0])
    return Desk(open_database(None), Library(loaded), days, settings, clock, Links())


def with_two_persons(desk: Desk) -> None:
    """Ask for a second editor from here on."""
    knowledge = desk.settings.knowledge.model_copy(update={"two_person": True})
    object.__setattr__(desk, "settings", desk.settings.model_copy(update={"knowledge": knowledge}))


@pytest.fixture
def qian(somebody: Making) -> Talker:
    """Return 钱编辑, an editor."""
    return somebody("qian", Role.EDITOR)


@pytest.fixture
def sun(somebody: Making) -> Talker:
    """Return 孙编辑, another editor."""
    return somebody("sun", Role.EDITOR)


def asked(desk: Desk, talker: Talker, question: str = ODD, near: str = "death") -> int:
    """Record that somebody's question found nothing."""
    return record_gap(desk.db, talker.person.id, question, (near,), now=desk.now())


def told(desk: Desk, kind: str) -> list[Waiting]:
    return [row for row in everything_told(desk) if row.kind == kind]


def in_words(desk: Desk, waiting: Waiting) -> Reply | None:
    person_id = waiting.recipient.person_id
    person = person_by_id(desk.db, person_id or 1)
    return render_alert(desk, waiting, person, Channel.WEB)


def yaml_of(desk: Desk, entry: str) -> str:
    return (desk.settings.knowledge_dir / "packages" / f"{entry}.yaml").read_text("utf-8")


class TestGroups:
    def test_alike_wordings_come_together_the_most_frequent_first(self) -> None:
        found = [
            Gap(1, "办宠物狗证要啥", 5, ("newborn",)),
            Gap(2, "办宠物狗证要什么", 2, ()),
            Gap(3, "飞机票咋退", 4, ()),
        ]

        groups = group_alike(found)

        assert [[gap.id for gap in group.gaps] for group in groups] == [[1, 2], [3]]
        assert groups[0].times == 7

    def test_traditional_characters_and_width_do_not_part_them(self) -> None:
        found = [Gap(1, "补办ＡＢ证", 1, ()), Gap(2, "補辦AB證", 1, ())]

        assert len(group_alike(found)) == 1

    def test_what_is_settled_is_listed_no_more(
        self, desk: Desk, wang: Talker, qian: Talker
    ) -> None:
        asked(desk, wang)
        qian.says("知识缺口")
        qian.presses("看 1")

        qian.presses("不收")

        assert gap_groups(desk.db) == ()


class TestAlias:
    def test_an_accepted_alias_stands_in_the_file_and_answers_at_once(
        self, desk: Desk, wang: Talker, qian: Talker
    ) -> None:
        asked(desk, wang)
        qian.says("知识缺口")
        qian.presses("看 1")
        qian.presses("加为别名")

        qian.presses("确认加")

        assert f"  - {ODD}\n" in yaml_of(desk, "death")
        assert desk.base.entries["death"].aliases[-1] == ODD, [m.text for m in qian.heard[-3:]]
        assert desk.search.understand(ODD).candidates[0].entry_id == "death"

    def test_the_editor_sees_the_citizens_text_before_and_after(
        self, desk: Desk, wang: Talker, qian: Talker
    ) -> None:
        gap = asked(desk, wang)

        shown = qian.sends_token(f"gapto:{gap}:death")

        assert "没有现成的清单" in shown.text
        assert "共带" in shown.text

    def test_an_alias_of_another_entry_is_refused_with_the_reason(
        self, desk: Desk, wang: Talker, qian: Talker
    ) -> None:
        gap = asked(desk, wang)
        qian.sends_token(f"gapsay:{gap}:death")

        refused = qian.says(desk.base.entries["newborn"].aliases[0])

        assert desk.base.entries["newborn"].name in refused.text
        assert gap_groups(desk.db)

    def test_the_editors_own_wording_is_taken(self, desk: Desk, wang: Talker, qian: Talker) -> None:
        gap = asked(desk, wang)
        qian.sends_token(f"gapsay:{gap}:death")

        qian.says("鹦鹉走了咋办")

        assert desk.base.entries["death"].aliases[-1] == "鹦鹉走了咋办"

    def test_words_find_the_entry(self, desk: Desk, wang: Talker, qian: Talker) -> None:
        gap = asked(desk, wang)
        qian.sends_token(f"gapfind:{gap}")

        qian.says("退休")

        assert any(b.token == f"gapto:{gap}:retire" for row in qian.heard[-1].buttons for b in row)

    def test_too_long_or_too_short_is_no_alias(self, desk: Desk) -> None:
        entry = desk.base.entries["death"]

        assert alias_clash(desk, entry, "啊")
        assert alias_clash(desk, entry, "啊" * 41)
        assert alias_clash(desk, entry, "一种谁也没用过的说法") is None

    def test_citizens_cannot_reach_it(self, desk: Desk, wang: Talker) -> None:
        gap = asked(desk, wang)

        reply = wang.sends_token(f"gapadd:{gap}:death")

        assert "工作人员" in reply.text
        assert ODD not in yaml_of(desk, "death")

    def test_the_shipped_knowledge_is_never_written(
        self, desk: Desk, wang: Talker, qian: Talker
    ) -> None:
        gap = asked(desk, wang)
        shipped = desk.settings.model_copy(update={"knowledge_dir": SHIPPED_KNOWLEDGE})
        object.__setattr__(desk, "settings", shipped)

        reply = qian.sends_token(f"gapadd:{gap}:death")

        assert "knowledge init" in reply.text
        assert gap_groups(desk.db)

    def test_what_the_checker_refuses_opens_the_gap_again(
        self, desk: Desk, wang: Talker, qian: Talker
    ) -> None:
        gap = asked(desk, wang)
        path = desk.settings.knowledge_dir / "packages" / "retire.yaml"
        path.write_text(path.read_text("utf-8") + "nosuch: 1\n", "utf-8")

        qian.sends_token(f"gapadd:{gap}:death")

        assert edits_in(desk.db, State.FAILED)
        assert gap_groups(desk.db)
        assert [row.recipient.person_id for row in told(desk, "edit_failed")] == [qian.person.id]


class TestWish:
    def test_who_asked_is_told_once_when_it_is_answered(
        self, desk: Desk, wang: Talker, qian: Talker
    ) -> None:
        gap = asked(desk, wang)
        wang.sends_token(f"tellme:{gap}")
        wang.sends_token(f"tellme:{gap}")

        qian.sends_token(f"gapadd:{gap}:death")

        [waiting] = told(desk, "gap_answered")
        reply = in_words(desk, waiting)
        assert waiting.recipient.person_id == wang.person.id
        assert reply is not None
        assert reply.buttons[0][0].token == "pick:death"
        assert open_wishes(desk.db) == ()
        assert tell_wishers(desk.db, desk.search, now=desk.now()) == 0

    def test_nobody_is_told_of_anothers_question(
        self, desk: Desk, wang: Talker, li: Talker
    ) -> None:
        gap = asked(desk, wang)

        li.sends_token(f"tellme:{gap}")

        assert open_wishes(desk.db) == ()

    def test_the_reply_to_a_miss_offers_it(self, desk: Desk, wang: Talker) -> None:
        reply = wang.says("xqzw vvkk pplm")

        assert any(b.label == "有答案了告诉我" for row in reply.buttons for b in row)

    def test_a_wanted_entry_keeps_them_waiting(
        self, desk: Desk, wang: Talker, qian: Talker
    ) -> None:
        gap = asked(desk, wang)
        wang.sends_token(f"tellme:{gap}")

        qian.sends_token(f"gapnew:{gap}")

        assert ODD in qian.says("知识缺口").text
        assert len(open_wishes(desk.db)) == 1


class TestTwoPersons:
    def test_a_change_waits_for_another_editor(
        self, desk: Desk, wang: Talker, qian: Talker, sun: Talker
    ) -> None:
        with_two_persons(desk)
        gap = asked(desk, wang)
        qian.sends_token(f"gapadd:{gap}:death")
        [edit] = edits_in(desk.db, State.WAITING)

        own = qian.sends_token(f"changeok:{edit.id}")
        untouched = yaml_of(desk, "death")
        shown = sun.sends_token(f"change:{edit.id}")
        sun.sends_token(f"changeok:{edit.id}")

        assert "另一位编辑" in own.text
        assert ODD not in untouched
        assert "以后看到" in shown.text
        assert ODD in yaml_of(desk, "death")

    def test_one_sent_back_is_not_written_and_its_maker_is_told(
        self, desk: Desk, wang: Talker, qian: Talker, sun: Talker
    ) -> None:
        with_two_persons(desk)
        gap = asked(desk, wang)
        qian.sends_token(f"gapadd:{gap}:death")
        [edit] = edits_in(desk.db, State.WAITING)

        sun.sends_token(f"changeno:{edit.id}")
        late = sun.sends_token(f"changeok:{edit.id}")

        assert "已经有人处理" in late.text
        assert ODD not in yaml_of(desk, "death")
        assert gap_groups(desk.db)
        assert [row.recipient.person_id for row in told(desk, "edit_declined")] == [qian.person.id]

    def test_in_the_demonstration_nobody_waits(
        self, desk: Desk, wang: Talker, qian: Talker
    ) -> None:
        with_two_persons(desk)
        demo = desk.settings.model_copy(update={"demo": True})
        object.__setattr__(desk, "settings", demo)
        gap = asked(desk, wang)

        qian.sends_token(f"gapadd:{gap}:death")

        assert ODD in yaml_of(desk, "death")


class TestPause:
    def test_a_paused_entry_says_where_to_go_at_once(
        self, desk: Desk, wang: Talker, qian: Talker
    ) -> None:
        with_two_persons(desk)
        qian.says("条目 newborn")
        qian.presses("暂停回答")

        qian.presses("政策有变")

        assert "12345" in wang.sends_token("pick:newborn").text
        assert "paused: 政策有变，正在核实" in yaml_of(desk, "newborn")

    def test_it_is_in_force_before_the_file_is_written(
        self, desk: Desk, wang: Talker, qian: Talker
    ) -> None:
        asked_for: list[int] = []
        desk.library.reload_later = asked_for.append

        qian.sends_token("pause:newborn:0")

        assert "暂停回答" in wang.sends_token("pick:newborn").text
        assert asked_for == [qian.person.id]
        assert "paused:" not in yaml_of(desk, "newborn")

    def test_it_holds_though_the_file_cannot_be_written_yet(
        self, desk: Desk, wang: Talker, qian: Talker
    ) -> None:
        other = desk.settings.knowledge_dir / "packages" / "retire.yaml"
        good = other.read_text("utf-8")
        other.write_text(good + "nosuch: 1\n", "utf-8")

        qian.sends_token("pause:newborn:0")
        meanwhile = wang.sends_token("pick:newborn").text
        other.write_text(good, "utf-8")
        qian.says("更新知识")

        assert "暂停回答" in meanwhile
        assert "paused:" in yaml_of(desk, "newborn")
        assert "暂停回答" in wang.sends_token("pick:newborn").text

    def test_a_reason_may_be_written(self, desk: Desk, qian: Talker) -> None:
        qian.sends_token("pause:newborn")

        qian.says("给娃上户口的材料在核对")

        assert desk.base.entries["newborn"].paused == "给娃上户口的材料在核对"

    def test_resuming_takes_the_line_out_again(
        self, desk: Desk, wang: Talker, qian: Talker
    ) -> None:
        before = yaml_of(desk, "newborn")
        qian.sends_token("pause:newborn:0")

        qian.sends_token("resume:newborn")

        assert yaml_of(desk, "newborn") == before
        assert "暂停" not in wang.sends_token("pick:newborn").text


class TestReview:
    def test_it_shows_confirmed_of_all_most_asked_first(
        self, desk: Desk, wang: Talker, qian: Talker
    ) -> None:
        wang.sends_token("pick:retire")

        reply = qian.says("待审")

        assert reply.table is not None
        assert reply.table.rows[0][0] == desk.base.entries["retire"].short_name
        assert reply.table.rows[0][1].startswith("已确认 0 / ")
        assert "开封市卫生健康委员会：已确认 0 / " in reply.text

    def test_owners_are_told_once_two_weeks_before(
        self, desk: Desk, qian: Talker, somebody: Making
    ) -> None:
        entry = desk.base.entries["newborn"]
        soon = entry.model_copy(update={"review_on": FRIDAY_MORNING.date().replace(day=31)})
        base = desk.base.model_copy(update={"entries": {**desk.base.entries, "newborn": soon}})
        desk.library.current = replace(desk.library.current, base=base)

        first = put_review_digests(desk)
        again = put_review_digests(desk)

        rows = told(desk, "review_due")
        assert (first, again) == (2, 0)
        assert {(r.recipient.role, r.recipient.scope) for r in rows} == {
            (Role.EDITOR, Scope()),
            (Role.DEPARTMENT, Scope(None, "health")),
        }
        reply = in_words(desk, rows[0])
        assert reply is not None
        assert entry.name in reply.text


class TestReload:
    def test_it_names_the_slips_that_read_differently_now(
        self, desk: Desk, wang: Talker, qian: Talker
    ) -> None:
        wang.sends_token("pick:death")
        _slip(desk, wang, "death")
        path = desk.settings.knowledge_dir / "packages" / "death.yaml"
        first = desk.base.entries["death"].materials[0]
        path.write_text(_with_copies(path.read_text("utf-8"), first.id), "utf-8")

        reply = qian.says("更新知识")

        assert "告知单有 1 张内容变了" in reply.text
        assert "要告诉" in reply.text

    def test_an_alias_touches_no_slip(self, desk: Desk, wang: Talker, qian: Talker) -> None:
        _slip(desk, wang, "death")
        gap = asked(desk, wang)

        qian.sends_token(f"gapadd:{gap}:death")

        assert "告知单" not in qian.heard[-1].text


class TestBesideTheAnswering:
    """The running program: files are written and read in a thread, with its own connection."""

    @pytest.fixture
    def desk(self, desk: Desk, settings: Settings) -> Iterator[Desk]:
        """Return the desk over a file, which two connections can share."""
        db = open_database(settings.data_dir / FILE_NAME)
        yield replace(desk, db=db)
        db.close()
        gc.unfreeze()  # a reload keeps what it built from the collector for good

    async def reloaded(self, desk: Desk, reloader: Reloader) -> None:
        """Let the reloader run until it has told somebody."""
        running = asyncio.create_task(reloader.run())
        for _ in range(600):
            await asyncio.sleep(0.05)
            if desk.db.execute("SELECT 1 FROM outbox WHERE kind = 'reloaded'").fetchone():
                break
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running

    def test_an_alias_is_written_trained_and_told(
        self, desk: Desk, wang: Talker, qian: Talker
    ) -> None:
        gap = asked(desk, wang)
        wang.sends_token(f"tellme:{gap}")

        async def journey() -> None:
            reloader = Reloader(desk)
            qian.sends_token(f"gapadd:{gap}:death")
            await self.reloaded(desk, reloader)

        asyncio.run(journey())

        assert desk.base.entries["death"].aliases[-1] == ODD
        assert ODD in yaml_of(desk, "death")
        assert {row.kind for row in everything_told(desk)} == {"reloaded", "gap_answered"}

    def test_a_pause_left_over_from_a_stopped_program_holds_at_once(
        self, desk: Desk, wang: Talker, qian: Talker
    ) -> None:
        desk.library.reload_later = lambda _: None
        qian.sends_token("pause:newborn:0")
        loaded, _ = load_current(desk.settings, today=FRIDAY_MORNING.date())
        assert loaded is not None
        desk.library.current = loaded

        async def journey() -> str:
            reloader = Reloader(desk)
            said = wang.sends_token("pick:newborn").text
            await self.reloaded(desk, reloader)
            return said

        said = asyncio.run(journey())

        assert "暂停回答" in said
        assert "paused:" in yaml_of(desk, "newborn")


def everything_told(desk: Desk) -> tuple[Waiting, ...]:
    return outbox.claim(desk.db, now=desk.now(), lease_seconds=1, limit=100)


def _slip(desk: Desk, talker: Talker, entry: str) -> None:
    make_slip(
        desk.db,
        talker.person,
        desk.base.entries[entry],
        {},
        place=Place(),
        knowledge_version=desk.base.version,
        now=desk.now(),
    )


def _with_copies(text: str, material: str) -> str:
    return apply_edit(text, Edit("", Act.SET, ("materials", material, "copies"), 7))
