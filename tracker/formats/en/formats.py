"""English here is read in many countries: “30 Nov 2026 06:12”, which nobody takes for another day. What goes into a form, a file or a
program stays ISO 8601."""

DATE_FORMAT = SHORT_DATE_FORMAT = "j M Y"
DATETIME_FORMAT = SHORT_DATETIME_FORMAT = "j M Y H:i"
TIME_FORMAT = "H:i"
MONTH_DAY_FORMAT = "j M"
YEAR_MONTH_FORMAT = "F Y"
