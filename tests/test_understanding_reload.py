"""A change that drops a golden question is refused, by the check and by a reload."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.commands.check import check
from bot.reloading import read_again
from bot.settings import Settings
from knowledge.load import load_knowledge
from knowledge.train import SHIPPED_KNOWLEDGE
from tests.conftest import FRIDAY_MORNING

LOST = "公司不想干了去哪里注销呢"


@pytest.fixture
def edited(tmp_path: Path) -> Path:
    """Return a copy of the shipped knowledge in which one golden question is not understood.

    Nothing is learned from golden questions, so the shipped weights still fit.
    """
    folder = tmp_path / "knowledge"
    shutil.copytree(SHIPPED_KNOWLEDGE, folder)
    entry = folder / "packages" / "passport.yaml"
    text = entry.read_text(encoding="utf-8")
    assert "golden:\n" in text
    entry.write_text(text.replace("golden:\n", f"golden:\n  - {LOST}\n", 1), encoding="utf-8")
    return folder


def test_a_reload_that_drops_a_golden_question_is_refused(edited: Path, tmp_path: Path) -> None:
    old, _ = load_knowledge(SHIPPED_KNOWLEDGE)
    assert old is not None
    settings = Settings(data_dir=tmp_path / "data", knowledge_dir=edited)

    reloaded = read_again(old, settings, today=FRIDAY_MORNING.date())

    assert reloaded.fresh is None
    told = "\n".join(reloaded.told)
    assert LOST in told
    assert "注销" in told.split("现在", 1)[1]


def test_the_check_names_the_line_of_a_golden_question(edited: Path) -> None:
    found = CliRunner().invoke(check, [str(edited)])

    assert found.exit_code != 0
    (line,) = [line for line in found.output.splitlines() if LOST in line]
    file, number = line.split("  ", 1)[0].split(":")
    written = (edited / file).read_text(encoding="utf-8").splitlines()
    assert LOST in written[int(number) - 1]


def test_a_reload_without_harm_is_taken(tmp_path: Path) -> None:
    old, _ = load_knowledge(SHIPPED_KNOWLEDGE)
    assert old is not None

    reloaded = read_again(old, Settings(data_dir=tmp_path), today=FRIDAY_MORNING.date())

    assert reloaded.fresh is not None
    assert reloaded.fresh.search.is_trained
