"""In which order one walks past the bins."""

import re


def walk_key(place: str) -> list[tuple[int, int, str]]:
    """Sorts places as people count: A-2 before A-10. Runs of digits go by their number."""
    parts = re.findall(r"\d+|\D+", place.upper())
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]
