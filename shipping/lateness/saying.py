"""Days, hours and numbers as the explanations of alarms write them (pure)."""

from shipping.lateness.facts import Facts


def quoted(facts: Facts) -> str:
    """The carrier's word, to be put after what is wrong."""
    return f": “{facts.words}”" if facts.words else ""


def counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def spanned(hours: float) -> str:
    return counted(round(hours), "hour") if hours < 48 else counted(round(hours / 24), "day")
