"""How much of an order its public page shows to whom.

NUMBER   who knows a tracking number   its status, on a page of its own
LINK     whoever has the link          status, places, days
PROVEN   and knows the postcode,       + what is in the parcels
         e-mail or phone
CODE     and reads the customer's      + the address, proof of delivery
         own mail or phone
"""

import hmac
import re
from datetime import datetime, timedelta
from enum import IntEnum

from django.core import signing
from django.db import connection, transaction
from django.utils.crypto import salted_hmac

from orders.lifecycle import lock_order
from orders.models import AccessCode, Order, PageView
from orders.numerals import plain_digits
from orders.secrets import public_key


class Tier(IntEnum):
    NUMBER = 0
    LINK = 1
    PROVEN = 2
    CODE = 3


LIVES = {Tier.PROVEN: timedelta(days=7), Tier.CODE: timedelta(hours=1)}
CODE_LIVES = timedelta(minutes=15)
MOST_TRIES = 5
MOST_CODES = 3  # within CODES_IN
CODES_IN = timedelta(hours=1)
_SALT = "tracking page"
_BROWSERS = [("Edg/", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox", "Firefox"),
             ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari")]  # fmt: skip
_SYSTEMS = [("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "Mac"),
            ("Linux", "Linux")]  # fmt: skip


def pass_for(order: Order, tier: Tier) -> str:
    """What the visitor's browser keeps: good for this order's present link only, and for so long only."""
    return signing.dumps([order.public_key, int(tier)], salt=_SALT)


def tier_of(given: str, order: Order) -> Tier:
    """What a pass opens; LINK for none, a forged one, one of another link, or one that has run out."""
    for tier, life in sorted(LIVES.items(), reverse=True):
        try:
            key, granted = signing.loads(given, salt=_SALT, max_age=life)
        except (signing.BadSignature, ValueError, TypeError):
            continue
        if key == order.public_key and granted >= tier:
            return tier
    return Tier.LINK


@transaction.atomic
def ask_code(order_id: int, channel: str, *, now: datetime) -> AccessCode | None:
    """A new code for the order; the one before is good no more. None after too many of them."""
    order = lock_order(order_id)
    lately = AccessCode.objects.filter(order=order, created_at__gt=now - CODES_IN)
    if lately.count() >= MOST_CODES:
        return None
    lately.filter(expires_at__gt=now).update(tries=MOST_TRIES)
    return AccessCode.objects.create(
        order=order, channel=channel, nonce=public_key(), created_at=now, expires_at=now + CODE_LIVES
    )


def digits(code: AccessCode) -> str:
    """The six digits of a code, from its row and the site's secret."""
    number = int.from_bytes(
        salted_hmac("orders.access", f"{code.pk}:{code.nonce}", algorithm="sha256").digest()[:8]
    )
    return f"{number % 1_000_000:06}"


@transaction.atomic
def check_code(order_id: int, given: str, *, now: datetime) -> bool:
    """Each try counts, right or wrong; after five, or once used, or after its time, a code is good no more."""
    order = lock_order(order_id)
    code = AccessCode.objects.filter(order=order).order_by("-pk").first()
    if code is None or code.used_at or code.tries >= MOST_TRIES or code.expires_at <= now:
        return False
    right = hmac.compare_digest(digits(code).encode(), re.sub(r"\D", "", plain_digits(given)).encode())
    code.tries += 1
    code.used_at = now if right else None
    code.save(update_fields=["tries", "used_at"])
    return right


def log_view(order_id: int, *, tier: Tier, address: str, agent: str, now: datetime) -> None:
    """Count a view of the page. One statement."""
    digest = salted_hmac("page view", f"{address} {agent[:400]}", algorithm="sha256").hexdigest()[:16]
    table, moment = PageView._meta.db_table, connection.ops.adapt_datetimefield_value(now)
    day = connection.ops.adapt_datefield_value(now.date())
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (order_id, visitor, day, views, tier, agent, network, first_at, last_at)"  # noqa: S608
            " VALUES (%s, %s, %s, 1, %s, %s, %s, %s, %s) ON CONFLICT (order_id, visitor, day) DO UPDATE SET"
            f" views = {table}.views + 1, last_at = excluded.last_at,"
            f" tier = CASE WHEN excluded.tier > {table}.tier THEN excluded.tier ELSE {table}.tier END",
            [order_id, digest, day, int(tier), agent_words(agent), network_of(address), moment, moment],
        )


def agent_words(agent: str) -> str:
    """“Safari, iPhone”; empty for what calls itself nothing we know."""
    browser = next((said for mark, said in _BROWSERS if mark in agent), "")
    system = next((said for mark, said in _SYSTEMS if mark in agent), "")
    return ", ".join(part for part in (browser, system) if part)


def network_of(address: str) -> str:
    """Enough of an address to recognise one's own, too little to find a person by."""
    if ":" in address:
        return ":".join(address.split(":")[:3]) + "::"
    parts = address.split(".")
    return ".".join(parts[:2]) + ".x.x" if len(parts) == 4 else ""


@transaction.atomic
def renew_link(order_id: int) -> str:
    """A new link; the old one, and every pass for it, opens nothing from now on."""
    order = lock_order(order_id)
    order.public_key = public_key()
    order.save(update_fields=["public_key"])
    AccessCode.objects.filter(order=order, used_at__isnull=True).update(tries=MOST_TRIES)
    return order.public_key
