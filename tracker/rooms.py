"""The admin's rooms, grouped by work instead of by app. A page that is named nowhere here is found under More.

`words` are what else people call a page; the command search finds it by them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from orders.models import User
from orders.roles import Can


@dataclass(frozen=True)
class Room:
    """A page by its model (`orders.Order`) or by the name of its address."""

    title: str
    icon: str
    model: str = ""
    name: str = ""
    words: str = ""
    right: Can = Can.VIEW


@dataclass(frozen=True)
class Door:
    title: str
    icon: str
    url: str
    words: str = ""
    add_url: str = ""


@dataclass(frozen=True)
class Group:
    title: str
    doors: tuple[Door, ...]
    here: bool = False
    shown: bool = False


GROUPS: tuple[tuple[str, tuple[Room, ...]], ...] = (
    ("Orders", (
        Room("Orders", "list", "orders.Order", words="sales"),
        Room("Import", "upload", "orders.ImportJob", words="csv upload file import jobs", right=Can.EDIT),
        Room("Customers", "person", "orders.Customer", words="buyers people e-mail"),
    )),
    ("Warehouse", (
        Room("Parcels", "box", "shipping.Shipment", words="shipments tracking numbers to pack"),
        Room("Pick", "search", name="waves", words="picking aisle bins", right=Can.SCAN),
        Room("Pack", "scan", name="scan", words="scan pack station", right=Can.SCAN),
        Room("Hand over", "truck", name="handover", words="dock driver loading", right=Can.SCAN),
        Room("Stock", "shop", "orders.Product", words="products sku catalogue inventory shelf"),
        Room("Print runs", "print", "shipping.PrintRun", words="slips labels pdf papers printing"),
        Room("Waves", "list", "shipping.Wave", words="pick lists"),
        Room("Manifests", "label", "shipping.Manifest", words="hand-over carrier loading"),
        Room("Short picks", "alert", "shipping.ShortPick", words="missing not found"),
        Room("Stock moves", "swap", "orders.StockMove", words="ledger counted received"),
        Room("Scans", "scan", "shipping.Scan", words="scanner log"),
    )),
    ("Suppliers", (
        Room("Purchases", "list", "orders.Purchase", words="purchase orders suppliers bought receive inbound"),
        Room("Suppliers", "person", "orders.Supplier", words="vendors manufacturers"),
    )),
    ("Late", (
        Room("Late", "clock", "shipping.LateCase", words="late cases at risk problems queue silent"),
        Room("Scorecard", "star", "shipping.DailyFigure", words="carriers on time report statistics"),
        Room("Rules and morning mail", "clock", "shipping.LatePolicy", words="thresholds digest late settings"),
        Room("What if", "question", "shipping.WhatIf", words="try thresholds simulation"),
        Room("Letters", "mail", "notifications.Letter", words="written to customers carriers"),
        Room("Customers’ words", "alert", "shipping.CustomerReport", words="reports has not arrived address wrong"),
        Room("Ratings", "star", "shipping.Rating", words="satisfaction stars comments"),
    )),
    ("Notices", (
        Room("Notices", "mail", "notifications.Notice", words="e-mails sms messages outbox given up"),
        Room("Letters", "mail", "notifications.Letter", words="mail written by people"),
        Room("Texts", "copy", "notifications.NoticeText", words="texts of notices templates wording"),
        Room("Notice settings", "pause", "notifications.NoticeSettings", words="milestones limits quiet hours"),
        Room("Not written to", "cancel", "notifications.Suppression", words="suppressions bounces addresses unsubscribed"),
        Room("Preferences", "check", "notifications.Preference", words="wishes of customers"),
        Room("Consents", "check", "notifications.Consent", words="proof opt-in"),
    )),
    ("Carriers", (
        Room("Carrier accounts", "truck", "shipping.CarrierAccount", words="connect keys webhook address"),
        Room("Unknown codes", "question", "shipping.CodeMapping", words="code mapping meanings"),
        Room("Quarantine", "pause", "shipping.QuarantinedReading", words="quarantined readings unmatched"),
        Room("Tracking events", "globe", "shipping.TrackingEvent", words="carrier scans correct"),
        Room("Webhooks", "open", "shipping.InboundWebhook", words="inbound"),
        Room("Asked about", "clock", "shipping.PollState", words="parcels asked about polling"),
    )),
    ("Settings", (
        Room("Shop and brand", "shop", "orders.Merchant", words="merchants logo colour time zone cut-off"),
        Room("Addresses", "globe", "orders.Location", words="locations sender returns"),
        Room("People", "lock", "orders.Membership", words="memberships roles team staff"),
        Room("Users", "lock", "orders.User", words="sign in accounts passwords"),
        Room("Groups", "lock", "auth.Group"),
        Room("Boxes", "box", "shipping.Box", words="packaging sizes weight"),
        Room("Label sheets", "label", "shipping.LabelSheet", words="stickers calibration"),
        Room("API tokens", "keyboard", "orders.ApiToken", words="programs access keys"),
    )),
)  # fmt: skip
SHOWN = {"Orders", "Warehouse", "Late"}
"""Groups that stand open in the navigation; the others open when one is in them."""


def rooms_for(user: Any, app_list: list[dict[str, Any]], path: str = "") -> list[Group]:
    """What this person may open, of Django's own list of pages and of ours."""
    if not isinstance(user, User):
        return []
    pages = {
        f"{app['app_label']}.{page['object_name']}": page
        for app in app_list
        for page in app["models"]
        if page.get("admin_url")
    }
    groups = []
    for title, rooms in GROUPS:
        doors = tuple(_doors(rooms, pages, user))
        if doors:
            groups.append(Group(title, doors, any(_in(door.url, path) for door in doors), title in SHOWN))
    rest = tuple(
        Door(str(page["name"]), "list", page["admin_url"], add_url=page["add_url"] or "")
        for page in pages.values()
    )
    if rest:
        groups.append(Group("More", rest, any(_in(door.url, path) for door in rest)))
    return groups


def _doors(rooms: tuple[Room, ...], pages: dict[str, Any], user: User) -> Iterator[Door]:
    for room in rooms:
        page = pages.pop(room.model, None) if room.model else None
        if not user.may(room.right) or (room.model and page is None):
            continue
        url = page["admin_url"] if page else reverse(room.name)
        words = f"{room.words} {page['name']}" if page else room.words
        yield Door(room.title, room.icon, url, words, (page.get("add_url") or "") if page else "")


def _in(url: str, path: str) -> bool:
    return path.startswith(url)
