"""The program as people start it: a process of its own, over a folder of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.database import FILE_NAME

START_SECONDS = 60
_SETTLED = """SELECT
    (SELECT count(*) FROM job_runs WHERE job = 'overdue' AND slot_at = ? AND ended_at NOT NULL),
    (SELECT count(*) FROM outbox
     WHERE kind = 'case_digest' AND sent_at IS NULL AND failed_at IS NULL
       AND failure IS NOT 'nobody')"""
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Program:
    """A running program, its page's address and everything it has printed."""

    folder: Path
    process: subprocess.Popen[str]
    printed: list[str] = field(default_factory=list)

    def address(self) -> str:
        """Return the page's address once it is printed, without its last slash."""
        return self.wait_for_line("一口清：").split("：", 1)[1].strip().rstrip("/")

    def wait_for_line(self, beginning: str, seconds: float = START_SECONDS) -> str:
        """Return the first printed line that begins so."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for line in list(self.printed):
                if line.startswith(beginning):
                    return line
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError(f"no line {beginning!r}; printed: {self.printed}")

    def command(self, *arguments: str) -> Any:
        """Run another command beside the program and return its JSON."""
        return json.loads(run_command(self.folder, *arguments).stdout)

    def settles(self, slot_at: datetime) -> None:
        """Wait until the sweep of a slot has run and every digest it put is sent or given up."""
        file = self.folder / "data" / FILE_NAME
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as db:
                done, waiting = db.execute(_SETTLED, [slot_at.isoformat()]).fetchone()
            if done and not waiting:
                return
            time.sleep(0.05)
        raise AssertionError(f"the run of {slot_at} has not settled; printed: {self.printed}")

    def kill(self) -> None:
        """Kill the process as a power cut would."""
        self.process.kill()
        self.process.wait()


def free_port() -> int:
    """Return a port that nobody listens on, for a program that must come back on the same one."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run_command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one command in a folder and return what it said."""
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def environment(**more: str) -> dict[str, str]:
    """Return this process's environment with the tree on the path and no token of its own."""
    kept = {k: v for k, v in os.environ.items() if k != "TELEGRAM_BOT_TOKEN"}
    return {**kept, "PYTHONPATH": str(ROOT), "NO_PROXY": "127.0.0.1,localhost", **more}


@contextmanager
def running_program(folder: Path, *arguments: str, token: str | None = None) -> Iterator[Program]:
    """Run the program in a folder until the block ends; then stop it as a service manager does."""
    program = start_program(folder, arguments, token=token)
    try:
        yield program
    finally:
        if program.process.poll() is None:
            program.process.send_signal(signal.SIGTERM)
            program.process.wait(30)


def start_program(folder: Path, arguments: Sequence[str], *, token: str | None = None) -> Program:
    """Start the program; whoever calls this ends it."""
    more = {"TELEGRAM_BOT_TOKEN": token} if token else {}
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "run", *arguments],
        cwd=folder,
        env=environment(**more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    program = Program(folder, process)
    threading.Thread(target=_read, args=(program,), daemon=True).start()
    return program


def _read(program: Program) -> None:
    assert program.process.stdout is not None
    with program.process.stdout as printed:
        for line in printed:
            program.printed.append(line.rstrip("\n"))


def write_config(folder: Path, text: str = "") -> None:
    """Write a config.yaml on a free port, with whatever else is wanted."""
    shared_cache = f"data_dir: {folder / 'data'}\n"
    (folder / "config.yaml").write_text(
        shared_cache + ("web: {port: 0}\n" if "web:" not in text else "") + text,
        encoding="utf-8",
    )
