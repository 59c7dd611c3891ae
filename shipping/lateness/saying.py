"""Days, hours and numbers as the explanations of alarms write them (pure). Moments are told by the shop's clock: its people
read them, and it was its day that ended."""

from datetime import date, datetime

from shipping.lateness.facts import Facts


def day_said(day: date) -> str:
    return f"{day.day} {day:%b}"


def on(at: datetime, facts: Facts) -> str:
    return day_said(at.astimezone(facts.clock))


def at_hour(at: datetime, facts: Facts) -> str:
    local = at.astimezone(facts.clock)
    return f"{day_said(local)} {local:%H:%M}"


def quoted(facts: Facts) -> str:
    """The carrier's word, to be put after what is wrong."""
    return f": “{facts.words}”" if facts.words else ""


def counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def spanned(hours: float) -> str:
    return counted(round(hours), "hour") if hours < 48 else counted(round(hours / 24), "day")
