"""The shop's morning mail: all that is late, the worst first, what has changed since the last one, and links into the queue.
Owners and managers get the whole of it, whoever else owns cases gets theirs. At most one a day and person, whoever asks."""

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse

from notifications import letters
from orders.brand import text_on
from orders.models import Membership, Merchant, User
from orders.roles import Role
from shipping.lateness.blame import PART_NAMES, PARTS
from shipping.lateness.rules import SEVERITY
from shipping.models import LateCase, LatePolicy
from shipping.status import LateRule

log = logging.getLogger(__name__)
SHOWN = 500  # cases in one mail; a longer list says how many more there are and where
WORTH = timedelta(hours=20)
WHOLE = (Role.OWNER, Role.MANAGER)


@dataclass
class Digest:
    """`cases` worst first; `rules` are (name, how many, link), worst rule first."""

    cases: Sequence[LateCase]
    total: int
    new: int
    worse: int
    closed: int
    since: datetime
    rules: list[tuple[str, int, str]] = field(default_factory=list)
    blame: list[tuple[str, str]] = field(default_factory=list)
    own: bool = False


def send_due(*, now: datetime) -> int:
    """Send every shop's mail whose hour has come today, by the shop's clock. Returns how many mails were written."""
    sent = 0
    for merchant in Merchant.objects.filter(
        Q(late_policy__isnull=True) | Q(late_policy__digest=True)
    ).order_by("pk"):
        policy, _ = LatePolicy.objects.get_or_create(merchant=merchant)
        policy.refresh_from_db()  # times as times, also where the row is new
        if now.astimezone(merchant.tz).time() < policy.digest_at:
            continue
        try:
            sent += _send_once(merchant, policy, now)
        except (
            Exception
        ):  # one shop's trouble is not the others'; the claim is undone, the next beat tries again
            log.exception("the morning mail of %s was not written", merchant.slug)
    return sent


@transaction.atomic
def _send_once(merchant: Merchant, policy: LatePolicy, now: datetime) -> int:
    """The day's claim and its mails are kept together or not at all."""
    before = policy.digest_sent_at
    midnight = now.astimezone(merchant.tz).replace(hour=0, minute=0, second=0, microsecond=0)
    mine = LatePolicy.objects.filter(
        Q(digest_sent_at__isnull=True) | Q(digest_sent_at__lt=midnight), pk=policy.pk
    )
    if not mine.update(digest_sent_at=now):
        return 0
    return send(merchant, policy, since=before or now - timedelta(days=1), now=now)


def send(merchant: Merchant, policy: LatePolicy, *, since: datetime, now: datetime) -> int:
    day = now.astimezone(merchant.tz).date()
    whole = digest_of(merchant, since=since, now=now)
    monday = policy.all_clear == LatePolicy.AllClear.WEEKLY and day.weekday() == 0
    sent = 0
    for person, role in people(merchant):
        mine = digest_of(merchant, since=since, now=now, owner=person)
        said = whole if role in WHOLE else mine
        if not said.total and not (monday and role in WHOLE):
            continue
        sent += _write(merchant, person, said, mine, day.isoformat(), now)
    return sent


def people(merchant: Merchant) -> list[tuple[User, str]]:
    """Who has an address and a place in the shop."""
    rows = Membership.objects.filter(merchant=merchant, user__is_active=True).exclude(user__email="")
    return [(row.user, row.role) for row in rows.select_related("user").order_by("user")]


def digest_of(merchant: Merchant, *, since: datetime, now: datetime, owner: User | None = None) -> Digest:
    every = LateCase.objects.for_merchant(merchant)
    if owner is not None:
        every = every.filter(owner=owner)
    awake = every.filter(Q(snoozed_until__isnull=True) | Q(snoozed_until__lte=now), closed_at__isnull=True)
    counts: Counter[str] = Counter(awake.order_by().values_list("rule", flat=True))
    cases = awake.select_related(
        "shipment__order__ship_to", "shipment__order__purchase__supplier", "owner"
    ).order_by("-score", "pk")[:SHOWN]
    found = Digest(
        cases=list(cases),
        total=sum(counts.values()),
        new=awake.filter(opened_at__gt=since).count(),
        worse=awake.filter(opened_at__lte=since, worsened_at__gt=since).count(),
        closed=every.filter(closed_at__gt=since, closed_at__lte=now).count(),
        since=since,
        own=owner is not None,
    )
    mine = {"owner": owner.pk} if owner else {}
    worst_first = sorted(counts, key=lambda rule: -SEVERITY[LateRule(rule)])
    found.rules = [
        (str(LateRule(rule).label), counts[rule], queue_link(merchant, rule=rule, **mine))
        for rule in worst_first
    ]
    found.blame = _blame(awake.order_by().values_list("blame", flat=True))
    return found


def queue_link(merchant: Merchant, **filters: object) -> str:
    path = reverse("admin:shipping_latecase_changelist")
    return f"{settings.BASE_URL}{path}?{urlencode({'merchant': merchant.pk, **filters})}"


def _blame(cases: Iterable[dict[str, int]]) -> list[tuple[str, str]]:
    sums: Counter[str] = Counter()
    for shares in cases:
        sums.update(shares)
    return [(PART_NAMES[part], f"{sums[part] / 86_400:.1f}") for part in PARTS if sums[part] >= 4_320]


def _write(merchant: Merchant, person: User, said: Digest, mine: Digest, day: str, now: datetime) -> int:
    subject = f"{merchant.name}: nothing is late"
    if said.total:
        subject = f"{merchant.name}: {said.total} parcel{'' if said.total == 1 else 's'} to look at"
    if said.new:
        subject += f", {said.new} new"
    context = {
        "merchant": merchant,
        "on_brand": text_on(merchant.colour),
        "subject": subject,
        "said": said,
        "mine": mine,
        "more": max(0, said.total - len(said.cases)),
        "queue": queue_link(merchant, **({"state": "mine"} if said.own else {})),
        "my_queue": queue_link(merchant, state="mine"),
        "base": settings.BASE_URL,
        "now": now,
        "zone": merchant.tz,
        "person": person,
        "settings_link": settings.BASE_URL + reverse("admin:shipping_latepolicy_changelist"),
    }
    key = f"digest:{day}:{person.pk}"
    letter = letters.post(
        merchant=merchant,
        to=person.email,
        subject=subject,
        text=render_to_string("notifications/digest.txt", context),
        html=render_to_string("notifications/digest.html", context),
        about="digest",
        key=key,
        now=now,
        worth=WORTH,
    )
    return int(letter.created_at == now)
