"""Small things that several admin lists show."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime


def pill(value: str, label: str) -> SafeString:
    """A status as a coloured word; the colour is the stylesheet's."""
    return format_html('<span class="pill pill-{}">{}</span>', value, label)


def link_to(obj: Any, text: str = "") -> SafeString:
    """A link to a row's admin page, by name so that a lower floor may point at a higher one's."""
    name = f"admin:{obj._meta.app_label}_{obj._meta.model_name}_change"
    return format_html('<a href="{}">{}</a>', reverse(name, args=[obj.pk]), text or str(obj))


def link_list(app_model: str, text: str, **filters: Any) -> SafeString:
    return format_html(
        '<a href="{}?{}">{}</a>', reverse(f"admin:{app_model}_changelist"), urlencode(filters), text
    )


def local(moment: datetime | None, zone: Any) -> str:
    if moment is None:
        return "–"
    there = localtime(moment, zone)
    return f"{date_format(there, 'DATETIME_FORMAT')} {there:%Z}"


def short(moment: datetime | None, zone: Any) -> SafeString | str:
    """Day and time for a narrow column, the year only when it is another; whole on hover and to scripts."""
    if moment is None:
        return "–"
    there = localtime(moment, zone)
    text = date_format(there, "j M H:i" if there.year == localtime(timezone=zone).year else "DATE_FORMAT")
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', there.isoformat(), local(moment, zone), text
    )
