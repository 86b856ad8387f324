"""How often somebody may ask for the progress of cases: numbers must not be tried out."""

from __future__ import annotations

from datetime import datetime, timedelta

WITHIN = timedelta(minutes=10)


class Lookups:
    """Counts lookups by session over the last minutes; in memory only."""

    def __init__(self) -> None:
        """Start with none."""
        self._at: dict[str, list[datetime]] = {}

    def may_look(self, who: str, most: int, now: datetime) -> bool:
        """Count a lookup; tell whether it is still within what one may ask."""
        self._at = {
            known: recent
            for known, times in self._at.items()
            if (recent := [at for at in times if now - at < WITHIN])
        }
        times = self._at.setdefault(who, [])
        if len(times) >= most:
            return False
        times.append(now)
        return True
