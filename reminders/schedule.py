"""The few fixed jobs, run by APScheduler on the program's clock. Only here is it imported."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger

log = logging.getLogger(__name__)
ZONE = ZoneInfo("Asia/Shanghai")

# Without a grace limit a run that was missed is made up for; many missed runs become one.
JOB_DEFAULTS = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}


@dataclass(frozen=True, slots=True)
class Job:
    """A job at a time of day, on days of the week in APScheduler's words (mon-fri; None: all)."""

    name: str
    at: str
    work: Callable[[], Awaitable[Any]]
    days: str | None = None


class RehearsalTrigger(BaseTrigger):  # type: ignore[misc] # APScheduler ships no types
    """Another trigger seen through the program's clock, which may stand elsewhere than ours.

    APScheduler reads the real clock itself; so the inner trigger is asked in the program's time
    and its answer moved back by the offset.
    """

    def __init__(self, inner: BaseTrigger, offset: timedelta) -> None:
        """Wrap `inner`; the program's clock is `offset` ahead of the real one."""
        self._inner = inner
        self._offset = offset

    def get_next_fire_time(
        self, previous_fire_time: datetime | None, now: datetime
    ) -> datetime | None:
        """Return the next real instant at which the program's clock shows the job's time."""
        previous = previous_fire_time + self._offset if previous_fire_time else None
        due = self._inner.get_next_fire_time(previous, now + self._offset)
        return due - self._offset if due else None


def start_schedule(jobs: tuple[Job, ...], *, offset: timedelta) -> AsyncIOScheduler:
    """Start the jobs on the running loop; a job that fails is logged and comes again."""
    scheduler = AsyncIOScheduler(timezone=ZONE, job_defaults=JOB_DEFAULTS)
    for job in jobs:
        hour, minute = job.at.split(":")
        cron = CronTrigger(hour=hour, minute=minute, day_of_week=job.days, timezone=ZONE)
        scheduler.add_job(run_job, RehearsalTrigger(cron, offset), args=[job], id=job.name)
    scheduler.start()
    return scheduler


async def run_job(job: Job) -> None:
    """Run a job now; one that fails is logged."""
    try:
        await job.work()
    except asyncio.CancelledError:
        raise
    except Exception:  # a scheduled job: it must come again tomorrow whatever happened today
        log.exception("job %s failed", job.name)
