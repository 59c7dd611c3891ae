"""What the admin's lists say beside Django's own: which filters are on, and the column's name in each cell."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import template
from django.contrib.admin.options import IS_FACETS_VAR, IS_POPUP_VAR, TO_FIELD_VAR
from django.contrib.admin.views.main import ALL_VAR, ORDER_VAR, SEARCH_VAR, ChangeList
from django.core.exceptions import FieldDoesNotExist
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()
_CELL = re.compile(r'^<td class="(field-[\w-]*)')
_NOTHING = re.compile(r"^<td[^>]*>\s*(?:–|-|&nbsp;)?\s*</td>\s*$")
_OTHER = {ALL_VAR, ORDER_VAR, SEARCH_VAR, IS_FACETS_VAR, IS_POPUP_VAR, TO_FIELD_VAR}
_SIGNS = {"gte": "from", "gt": "after", "lte": "up to", "lt": "before", "isnull": "missing", "in": "one of"}


@dataclass(frozen=True)
class Chip:
    """A filter that is on, and the address of the list without it."""

    title: str
    value: str
    off: str


@register.simple_tag
def active_filters(cl: ChangeList) -> list[Chip]:
    """Those chosen in the drawer, then those that came with a link and have no place there."""
    chips: list[Chip] = []
    known: set[str] = set()
    for spec in cl.filter_specs:
        known.update(name for name in spec.expected_parameters() if name)
        choices = list(spec.choices(cl))
        chosen = [choice for choice in choices[1:] if choice["selected"]]
        if chosen:
            value = ", ".join(str(choice["display"]) for choice in chosen)
            chips.append(Chip(str(spec.title), value, str(choices[0]["query_string"])))
    for name, value in cl.params.items():
        if name not in _OTHER and name not in known:
            chips.append(Chip(_title(cl, name), str(value), cl.get_query_string(remove=[name])))
    return chips


@register.simple_tag
def choices_of(cl: ChangeList, name: str) -> list[Any]:
    """The choices of one filter of the list, to be shown outside the drawer as well."""
    return next(
        (list(spec.choices(cl)) for spec in cl.filter_specs if name in spec.expected_parameters()), []
    )


def _title(cl: ChangeList, lookup: str) -> str:
    """A lookup in words: `delivered_at__gte` is “delivered at from”."""
    path = lookup.split("__")
    try:
        words = str(cl.opts.get_field(path[0]).verbose_name)  # type: ignore[union-attr]
    except (FieldDoesNotExist, AttributeError):
        words = path[0].replace("_", " ")
    sign = _SIGNS.get(path[-1], "") if len(path) > 1 else ""
    return f"{words} {sign}".strip()


@register.simple_tag
def cells(result: Iterable[SafeString], headers: list[dict[str, Any]]) -> SafeString:
    """A row's cells, each with its column's name for the phone, where the head of the table is not shown."""
    return mark_safe(  # noqa: S308 - Django made the cells; what is added is escaped
        "".join(_named(cell, header) for cell, header in zip(result, headers, strict=False))
    )


def _named(cell: str, header: dict[str, Any]) -> str:
    if not _CELL.match(cell):
        return cell
    label = escape(str(header["text"]).capitalize() if str(header["text"]).islower() else header["text"])
    empty = " is-empty" if _NOTHING.search(cell) else ""
    return _CELL.sub(rf'<td data-label="{label}" class="\1{empty}', cell, count=1)


@dataclass(frozen=True)
class Here:
    title: str
    url: str = ""


@register.simple_tag(takes_context=True)
def room_of(context: dict[str, Any], opts: Any) -> Here:
    """What the navigation calls the list of these rows, and where it is; only its name for who has no such room."""
    ending = f"/{opts.app_label}/{opts.model_name}/"
    doors = (door for group in context.get("rooms") or () for door in group.doors)
    default = Here(str(opts.verbose_name_plural).capitalize())
    return next((Here(door.title, door.url) for door in doors if door.url.endswith(ending)), default)
