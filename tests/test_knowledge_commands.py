"""The editor's commands, over a small rule book of the test's own."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from openpyxl import load_workbook

from bot.__main__ import main
from bot.clock import LOCAL
from bot.database import FILE_NAME, open_database
from bot.dialogue import Channel, Role, Scope
from bot.records import people
from bot.records.knowledge_edits import State, edits_in
from bot.records.people import Address
from bot.settings import SHIPPED_KNOWLEDGE, Settings
from tests.test_gaps import small_knowledge

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=LOCAL)
CLOCK = ("--clock", "2026-11-22T10:00")


def run(*arguments: str, given: str | None = None) -> Result:
    return CliRunner().invoke(
        main, ["knowledge", *arguments, *CLOCK], input=given, catch_exceptions=False
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with a small rule book that one person may change."""
    monkeypatch.chdir(tmp_path)
    small_knowledge(tmp_path / "k")
    config = "knowledge_dir: k\nknowledge: {two_person: false}\n"
    (tmp_path / "config.yaml").write_text(config, encoding="utf-8")
    return tmp_path


def edit_book(path: Path, change: Callable[[object], None]) -> None:
    book = load_workbook(path)
    change(book)
    book.save(path)


def with_short_alias(text: str) -> Callable[[object], None]:
    """Add an alias to the death entry."""

    def change(book: object) -> None:
        book["别名"].append(["death", "", text])  # type: ignore[index]

    return change


def aliases_of(folder: Path) -> str:
    return (folder / "k/packages/death.yaml").read_text("utf-8")


class TestInit:
    def test_the_copy_is_whole_and_an_old_one_is_not_overwritten(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)

        first, second = run("init", "mine"), run("init", "mine")

        assert first.exit_code == 0
        assert second.exit_code == 2
        assert {p.name for p in (tmp_path / "mine").glob("packages/*.yaml")} == {
            p.name for p in SHIPPED_KNOWLEDGE.glob("packages/*.yaml")
        }


class TestImport:
    def test_an_unchanged_export_changes_nothing(self, folder: Path) -> None:
        run("export", "a.xlsx")

        result = run("import", "a.xlsx", "--yes")

        assert "没有要改的" in result.stdout

    def test_a_dry_run_tells_and_writes_nothing(self, folder: Path) -> None:
        run("export", "a.xlsx")
        edit_book(folder / "a.xlsx", with_short_alias("俺爹走了咋弄"))

        result = run("import", "a.xlsx", "--dry-run")

        assert "新增群众的说法“俺爹走了咋弄”" in result.stdout
        assert "俺爹走了咋弄" not in aliases_of(folder)

    @pytest.mark.parametrize(("said", "written"), [("n\n", False), ("y\n", True)])
    def test_nothing_is_written_before_a_yes(self, folder: Path, said: str, written: bool) -> None:
        run("export", "a.xlsx")
        edit_book(folder / "a.xlsx", with_short_alias("俺爹走了咋弄"))

        run("import", "a.xlsx", given=said)

        assert ("  - 俺爹走了咋弄\n" in aliases_of(folder)) is written

    def test_a_clash_comes_back_as_a_comment_and_nothing_is_written(self, folder: Path) -> None:
        run("export", "a.xlsx")
        edit_book(folder / "a.xlsx", with_short_alias("给娃上户口"))
        before = aliases_of(folder)

        result = run("import", "a.xlsx", "--yes")

        sheet = load_workbook(folder / "a-有误.xlsx")["别名"]
        assert result.exit_code == 1
        assert sheet.cell(sheet.max_row, 3).comment is not None
        assert aliases_of(folder) == before

    def test_the_confirmation_round_ends_in_the_files(self, folder: Path) -> None:
        run("export", "--confirm", "--department", "卫健委", "b.xlsx")

        def confirm(book: object) -> None:
            page = book["请确认"]  # type: ignore[index]
            titles = {c.value: c.column for c in page[2]}
            row = next(r[0].row for r in page.iter_rows(min_row=3) if r[2].value == "步骤")
            page.cell(row, titles["属实"]).value = "√"
            page.cell(row, titles["确认人"]).value = "王"

        edit_book(folder / "b.xlsx", confirm)

        result = run("import", "b.xlsx", "--yes")

        written = "".join(p.read_text("utf-8") for p in (folder / "k/packages").iterdir())
        assert result.exit_code == 0, result.stderr
        assert written.count("confirmed_by: 开封市卫生健康委员会") == 1
        assert "checked_on: 2026-11-22" in written
        assert "确认人" not in written

    def test_a_file_that_is_no_workbook_says_so(self, folder: Path) -> None:
        (folder / "a.xlsx").write_text("<html><table></table></html>", encoding="utf-8")

        result = run("import", "a.xlsx", "--yes")

        assert result.exit_code == 1
        assert "网页" in result.stderr

    def test_the_shipped_knowledge_is_not_written(self, folder: Path) -> None:
        (folder / "config.yaml").write_text("web: {port: 0}\n", encoding="utf-8")
        run("export", "a.xlsx")

        result = run("import", "a.xlsx", "--yes")

        assert result.exit_code == 2
        assert "knowledge init" in result.stderr

    def test_an_unknown_unit_is_told_which_there_are(self, folder: Path) -> None:
        result = run("export", "--confirm", "--department", "火星局", "b.xlsx")

        assert result.exit_code == 2
        assert "开封市卫生健康委员会" in result.stderr


class TestTwoPersons:
    @pytest.fixture
    def strict(self, folder: Path) -> Path:
        """Return the folder with two persons asked for and one editor bound."""
        (folder / "config.yaml").write_text("knowledge_dir: k\n", encoding="utf-8")
        data = folder / Settings().data_dir
        db = open_database(data / FILE_NAME)
        person = people.person_at(db, Address(Channel.TERMINAL, "qian"), now=NOW)
        people.set_role(db, person, Role.EDITOR, Scope())
        db.execute("UPDATE people SET name = '钱' WHERE id = ?", [person.id])
        db.close()
        return folder

    def test_an_import_waits_with_what_citizens_read_before_and_after(self, strict: Path) -> None:
        run("export", "a.xlsx")

        def change(book: object) -> None:
            page = book["材料"]  # type: ignore[index]
            titles = {c.value: c.column for c in page[2]}
            row = next(r for r in page.iter_rows(min_row=3) if r[0].value == "death")
            page.cell(row[0].row, titles["名称"]).value = "死亡证明换了名字"

        edit_book(strict / "a.xlsx", change)

        result = run("import", "a.xlsx", "--yes", "--editor", "钱")

        db = open_database(strict / "data" / FILE_NAME)
        [edit] = edits_in(db, State.WAITING)
        db.close()
        assert "等第二位编辑" in result.stdout
        assert "改后：" in edit.proposal.preview
        assert "死亡证明换了名字" in edit.proposal.preview
        assert "死亡证明换了名字" not in aliases_of(strict)

    def test_nobody_may_hand_in_without_a_name(self, strict: Path) -> None:
        run("export", "a.xlsx")
        edit_book(strict / "a.xlsx", with_short_alias("俺爹走了咋弄"))

        assert run("import", "a.xlsx", "--yes").exit_code == 2
        assert run("import", "a.xlsx", "--yes", "--editor", "无名").exit_code == 2


class TestShowing:
    def test_the_table_counts_every_entry(self, folder: Path) -> None:
        result = run("table")

        assert result.exit_code == 0
        assert "合计" in result.stdout
        assert "newborn" in result.stdout

    def test_a_diagram_is_mermaid(self, folder: Path) -> None:
        assert run("diagram", "newborn").stdout.startswith("flowchart TD\n")

    def test_an_unknown_entry_is_wrong_use(self, folder: Path) -> None:
        result = run("diagram", "nosuch")

        assert result.exit_code == 2
        assert "newborn" in result.stderr


def test_one_cannot_approve_ones_own_change_even_in_the_database() -> None:
    db = open_database(None)
    person = people.person_at(db, Address(Channel.TERMINAL, "qian"), now=NOW)

    with pytest.raises(sqlite3.IntegrityError):
        db.execute(
            """INSERT INTO knowledge_edits (origin, edits, told, preview, made_by, made_at, state,
                   decided_by) VALUES ('chat', '[]', '[]', '', ?, '', 'approved', ?)""",
            [person.id, person.id],
        )
