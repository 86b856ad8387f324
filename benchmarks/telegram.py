"""CPU per update against an echo bot that makes the same API calls, over real HTTP, in one run.

The journey: one question, three buttons, one rating. First our program is run over the stub and
every call it makes is recorded; then an ordinary python-telegram-bot application answers the same
updates with the same calls. Both are processes of their own; their CPU time is the kernel's.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from knowledge.search.engine import Search
from tests.scenarios.program import ROOT, environment, running_program, write_config
from tests.telegram_stub import TOKEN, Stub, User, running_stub

PEOPLE = 40
PACE_SECONDS = 0.05
QUESTION = "娃上户口要啥"
UPDATES = 5


def main() -> None:
    """Print the figures."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        ours, calls = _ours(folder)
        echo = _echo(folder, calls)
        search = _search_cpu(folder)
    print(f"{PEOPLE} people, {UPDATES} updates each, one every {PACE_SECONDS * 1000:.0f} ms")
    print(f"ours: {ours:.2f} ms CPU per update (search included)")
    print(f"echo with the same calls: {echo:.2f} ms CPU per update")
    print(f"search: {search:.2f} ms CPU per question, {search / UPDATES:.2f} ms per update")
    print(f"ratio with search left out: {(ours - search / UPDATES) / echo:.2f}")


def _journey(stub: Stub, user: User) -> None:
    for act in (
        lambda: user.sends(QUESTION),
        lambda: user.presses("都符合"),
        lambda: user.presses("改条件"),
        lambda: user.presses("回到清单"),
        lambda: user.presses("满意"),
    ):
        _settled(stub, act)
        time.sleep(PACE_SECONDS)


def _settled(stub: Stub, act: Callable[[], int]) -> None:
    update = act()
    done = stub.wait_for(lambda: update not in stub.pending_updates(), seconds=20)
    assert done is not False, f"update {update} was not settled"


def _ours(folder: Path) -> tuple[float, dict[int, list[dict[str, Any]]]]:
    with running_stub() as stub:
        write_config(
            folder,
            f"telegram:\n  base_url: {stub.base_url}\n  base_file_url: {stub.base_file_url}\n",
        )
        with running_program(folder, token=TOKEN) as program:
            program.address()
            warm = stub.user(1)
            warm.starts("")
            time.sleep(12)  # training, once, so that it is not counted
            _journey(stub, warm)
            before = len(stub.calls)
            spent = _measured(stub, psutil.Process(program.process.pid), first=100)
        made = stub.calls[before:]
    return spent, _by_step(made)


def _measured(stub: Stub, process: psutil.Process, *, first: int) -> float:
    used = _cpu(process)
    for number in range(PEOPLE):
        _journey(stub, stub.user(first + number))
    return 1000 * (_cpu(process) - used) / (PEOPLE * UPDATES)


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _by_step(calls: Any) -> dict[int, list[dict[str, Any]]]:
    """Return the calls of one person, by the update they answered."""
    person = next(c.params["chat_id"] for c in calls if c.method == "sendMessage")
    step = 0
    steps: dict[int, list[dict[str, Any]]] = {}
    for call in calls:
        if call.method == "getUpdates":
            continue
        if call.method == "answerCallbackQuery":
            step += 1
            if step >= UPDATES:
                step = UPDATES - 1
            steps.setdefault(step, []).append({"method": call.method})
        elif call.params.get("chat_id") == person:
            steps.setdefault(step, []).append(
                {
                    "method": call.method,
                    "text": call.params.get("text", ""),
                    "markup": call.params.get("reply_markup"),
                }
            )
        if step == UPDATES - 1 and len(steps[step]) > 1:
            break
    return steps


def _echo(folder: Path, steps: dict[int, list[dict[str, Any]]]) -> float:
    script = folder / "steps.json"
    script.write_text(json.dumps(steps, ensure_ascii=False, default=str), encoding="utf-8")
    with running_stub() as stub:
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.echo_bot", stub.base_url, TOKEN, str(script)],
            cwd=ROOT,
            env=environment(),
        )
        try:
            warm = stub.user(1)
            _settled(stub, lambda: warm.starts(""))
            _journey(stub, warm)
            return _measured(stub, psutil.Process(process.pid), first=100)
        finally:
            process.terminate()
            process.wait(20)


def _search_cpu(folder: Path) -> float:
    from datetime import date

    from bot.loading import load_current
    from bot.settings import Settings

    loaded, _ = load_current(Settings(data_dir=folder / "data"), today=date(2025, 1, 24))
    assert loaded is not None
    search: Search = loaded.search
    search.train()
    search.understand(QUESTION)
    began = time.process_time()
    for _ in range(200):
        search.understand(QUESTION)
    return 1000 * (time.process_time() - began) / 200
