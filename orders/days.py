"""Days and times as people write them, in the language in force (pure)."""

from datetime import date, datetime, time
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils import dateformat
from django.utils.translation import get_language

from orders.once import once_a_language


class Style(NamedTuple):
    """Formats as of Django's `date` filter. `brief` is a day whose month is said at the other end of a range: at its last day,
    or at its first where `month_first`. `lower`: Django's own names of days and months have capitals that this language has not.
    """

    day: str
    brief: str
    with_year: str
    dash: str = " – "
    month_first: bool = False
    lower: bool = False
    time: str = "H:i"


_ROMANCE = (r"D, j \d\e F", "D, j", r"D, j \d\e F \d\e Y")
STYLES = {
    "en": Style("D j F", "D j", "D j F Y"),
    "de": Style("D., j. F", "D., j.", "D., j. F Y"),
    "fr": Style("D. j F", "D. j", "D. j F Y", lower=True),
    "es": Style(*_ROMANCE, lower=True),
    "pt": Style(r"D., j \d\e F", "D., j", r"D., j \d\e F \d\e Y", lower=True),
    "it": Style("D j F", "D j", "D j F Y", lower=True),
    "nl": Style("D j F", "D j", "D j F Y", lower=True),
    "pl": Style("D., j E", "D., j", "D., j E Y", lower=True),
    "ar": Style("l، j F", "l، j", "l، j F Y", time="g:i A"),
    "ja": Style("n月j日(D)", "j日(D)", "Y年n月j日(D)", dash="～", month_first=True, time="G:i"),
}
_DAYS_OF_THE_WEEK = {"pl": ("pon", "wt", "śr", "czw", "pt", "sob", "niedz")}
"""Where Django's short names are not the customary ones."""


def zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def zone_label(moment: datetime) -> str:
    """“CET”, or “UTC−3” where the zone has no letters of its own."""
    name = moment.strftime("%Z")
    if not name.startswith(("+", "-")):
        return name
    hours, minutes = name[1:3].lstrip("0") or "0", name[3:]
    return f"UTC{'−' if name[0] == '-' else '+'}{hours}{':' + minutes if minutes and minutes != '00' else ''}"


def time_words(moment: datetime) -> str:
    return _clock(moment.hour, moment.minute)


@once_a_language
def _clock(hour: int, minute: int) -> str:
    return dateformat.format(time(hour, minute), _style()[1].time)


def day_words(day: date, today: date) -> str:
    """“Thu 5 March”; with its year when that is not this one."""
    style = _style()[1]
    return _written(day, style.with_year if day.year != today.year else style.day)


def range_words(first: date, last: date, today: date) -> str:
    """“Thu 5 – Sat 7 March”."""
    if first == last:
        return day_words(last, today)
    style = _style()[1]
    start, end = day_words(first, today), day_words(last, today)
    if (first.year, first.month) == (last.year, last.month):
        if style.month_first:
            end = _written(last, style.brief)
        else:
            start = _written(first, style.brief)
    return f"{start}{style.dash}{end}"


def _style() -> tuple[str, Style]:
    language = (get_language() or "en").partition("-")[0]
    return (language, STYLES[language]) if language in STYLES else ("en", STYLES["en"])


@once_a_language
def _written(day: date, form: str) -> str:
    language, style = _style()
    if names := _DAYS_OF_THE_WEEK.get(language):
        form = form.replace("D", "".join(f"\\{letter}" for letter in names[day.weekday()]), 1)
    if language == "fr" and day.day == 1:
        form = form.replace("j", "j\\e\\r", 1)
    text = dateformat.format(day, form).replace(" ", "\u00a0")  # a day does not break at the end of a line
    return text.lower() if style.lower else text
