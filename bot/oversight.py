"""The job of 电子监察: one sweep over the cases, and what the group robots hear of it."""

from __future__ import annotations

from sqlite_utils import Database

from bot.database import transaction
from bot.desk import Desk
from bot.dialogue import CITY, Recipient, Role, Scope
from bot.records.roster import Roster
from bot.settings import RobotSettings
from reminders import outbox
from reminders.alerts import Alert
from reminders.sweep import Sweep, sweep_overdue

ROBOT = "robot"
"""The kind of an outbox row for a group robot; its fact `robot` names which."""


def run_overdue(desk: Desk, db: Database) -> Sweep:
    """Sweep the cases over a connection and put what robots say; at rest hours nothing."""
    now = desk.now()
    swept = sweep_overdue(
        db,
        desk.calendar,
        desk.settings.oversight.rules(),
        now=now,
        transaction=transaction,
        staffing=Roster(db),
    )
    at = now.isoformat()
    alerts = [a for robot in desk.settings.robots for a in _for_robot(robot, swept, at)]
    if alerts:
        with transaction(db):
            outbox.put(db, alerts, now=now)
    return swept


def _for_robot(robot: RobotSettings, swept: Sweep, at: str) -> list[Alert]:
    """Return a row for a robot, none where the run told nobody about its districts.

    A later run of the same hours decides only what is new, so a group hears each thing once.
    """
    if swept.slot_at is None or not any(
        not robot.districts or decision.case.scope.district in robot.districts
        for decision in swept.decisions
    ):
        return []
    # A row needs a recipient; the loop hands this one to the robot that its fact names.
    scope = Scope(robot.districts[0]) if len(robot.districts) == 1 else CITY
    return [
        Alert(
            kind=ROBOT,
            recipient=Recipient(role=Role.SUPERVISOR, scope=scope),
            facts={"robot": robot.name, "slot_at": swept.slot_at.isoformat()},
            dedupe_key=f"{ROBOT}:{robot.name}:{at}",
        )
    ]
