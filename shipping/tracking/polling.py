"""Carriers asked about parcels under way.

beat -> enrol     parcels handed over get a row that says who is asked
     -> dispatch  each account with parcels due, once a TICK whoever dispatches: so many as its limit allows,
                  claimed by conditional UPDATE, one task for the account
task -> ask       one batch after the other; answers enter by `record`, like every carrier's

What a carrier cannot answer as a whole is asked again in smaller and smaller parts, so that the one bad number among thirty
is found; what goes wrong with one parcel keeps no other from its answer.

A claim names the worker; it takes the claim over under a name of its own before it asks, so that a message
delivered twice asks once. A dead worker's claim is free again after LEASE.
"""

import logging
import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from shipping.carriers.base import Answer, Carrier, CarrierError, Reading, Wanted
from shipping.carriers.registry import adapter
from shipping.models import CarrierAccount, PollState, Shipment
from shipping.models.shipment import OPEN
from shipping.status import Stage, TrackingStatus
from shipping.tracking.match import SLACK
from shipping.tracking.record import record
from shipping.tracking.schedule import back_off, given_up, next_poll

log = logging.getLogger(__name__)
TICK = timedelta(seconds=15)
LEASE = timedelta(minutes=10)
REFUSED = timedelta(hours=6)
"""How long an account whose credentials are refused is left alone; new credentials end it."""


def enrol(*, now: datetime, limit: int = 1000) -> int:
    """Give parcels under way their row. Returns how many got one."""
    accounts: dict[int, list[CarrierAccount]] = {}
    for account in CarrierAccount.objects.exclude(credentials="").order_by("pk"):
        accounts.setdefault(account.merchant_id, []).append(account)
    parcels = Shipment.objects.filter(
        OPEN, merchant__in=accounts, stage=Stage.HANDED_OVER, poll_state__isnull=True
    ).exclude(tracking_number="")
    rows = [
        PollState(shipment=parcel, account=found, next_at=now if found else None)
        for parcel in parcels.order_by("-pk")[:limit]
        for found in [account_for(parcel, accounts[parcel.merchant_id])]
    ]
    PollState.objects.bulk_create(rows, ignore_conflicts=True)
    heard = PollState.objects.filter(given_up_at__isnull=False).exclude(
        shipment__tracking_status=TrackingStatus.EXPIRED
    )
    heard.update(given_up_at=None, next_at=now)  # a parcel given up on that its carrier spoke of after all
    return len(rows)


def account_for(parcel: Shipment, accounts: Iterable[CarrierAccount]) -> CarrierAccount | None:
    """The carrier itself before a provider of many carriers. A direct carrier is asked when the parcel names it,
    or names none and the number is in its format."""
    others = None
    named = "".join(parcel.carrier.lower().split())
    for account in accounts:
        carrier = adapter(account.provider)
        if carrier is None or not carrier.capabilities.polling:
            continue
        label = "".join(carrier.capabilities.label.lower().split())
        if not carrier.capabilities.webhooks:
            if named.startswith(label) or (not named and carrier.detect(parcel.tracking_number)):
                return account
        elif others is None:
            others = account
    return others


def forget(account: CarrierAccount) -> None:
    """The account's credentials changed: it may be asked at once, and parcels that had nobody are looked at again."""
    CarrierAccount.objects.filter(pk=account.pk).update(poll_after=None, poll_error="")
    mine = PollState.objects.for_merchant(account.merchant)
    mine.filter(account__isnull=True).delete()
    if not account.credentials:
        mine.filter(account=account).delete()


def dispatch(*, now: datetime) -> list[tuple[int, str]]:
    """Claim what is due. Returns (account, claim) of each task to run."""
    free = Q(poll_after__isnull=True) | Q(poll_after__lte=now)
    due = PollState.objects.filter(_free(now), next_at__lte=now).order_by("next_at", "pk")
    tasks = []
    for account in CarrierAccount.objects.filter(free).exclude(credentials="").order_by("pk"):
        carrier = adapter(account.provider)
        mine = due.filter(account=account)
        if carrier is None or not mine.exists():
            continue
        if not CarrierAccount.objects.filter(free, pk=account.pk).update(poll_after=now + TICK):
            continue  # another dispatcher was faster
        ids = list(mine.values_list("pk", flat=True)[: _calls(carrier) * carrier.capabilities.batch])
        claim = uuid.uuid4()
        if PollState.objects.filter(_free(now), pk__in=ids).update(claim=claim, claimed_at=now):
            tasks.append((account.pk, str(claim)))
    return tasks


def _calls(carrier: Carrier) -> int:
    """How many may be made in one TICK."""
    return max(1, int(carrier.capabilities.per_minute * TICK.total_seconds() // 60))


def _free(now: datetime) -> Q:
    return Q(claim__isnull=True) | Q(claimed_at__lt=now - LEASE)


def ask(account_id: int, claim: str, *, now: datetime) -> int:
    """Ask about the claimed parcels. Returns how many were answered; 0 when another worker has the claim."""
    mine = uuid.uuid4()
    if not PollState.objects.filter(claim=claim).update(claim=mine, claimed_at=now):
        return 0
    account = CarrierAccount.objects.select_related("merchant").get(pk=account_id)
    carrier = adapter(account.provider)
    rows = list(PollState.objects.filter(claim=mine).select_related("shipment").order_by("next_at", "pk"))
    answered = 0
    try:
        for batch in list(batches(rows, carrier.capabilities.batch))[: _calls(carrier)] if carrier else ():
            if not _ask_batch(carrier, account, batch, now=now):  # type: ignore[arg-type]
                break
            answered += len(batch)
    finally:
        PollState.objects.filter(claim=mine).update(claim=None, claimed_at=None)
    return answered


def batches(rows: Sequence[PollState], most: int) -> Iterator[list[PollState]]:
    """Those that failed before in parts of half the size for each time, down to one by one."""
    waiting: dict[int, list[PollState]] = {}
    for row in rows:
        size = max(1, most >> min(row.failures, 10))
        batch = waiting.setdefault(size, [])
        batch.append(row)
        if len(batch) == size:
            yield waiting.pop(size)
    yield from waiting.values()


def _ask_batch(carrier: Carrier, account: CarrierAccount, rows: list[PollState], *, now: datetime) -> bool:
    """False when the account must rest: the carrier refuses it, or is not there."""
    wanted = [Wanted(row.shipment.tracking_number, row.shipment.carrier) for row in rows]
    try:
        answers = {one.number: one for one in carrier.poll(wanted, account.opened_with(), now=now)}
    except CarrierError as error:
        return _failed(error, account, rows, now=now)
    except Exception as error:
        log.exception("what %s answered could not be read", account)
        unread = CarrierError(f"The answer could not be read ({type(error).__name__}).", permanent=True)
        return _failed(unread, account, rows, now=now)
    CarrierAccount.objects.filter(pk=account.pk).exclude(poll_error="").update(poll_error="")
    for row in rows:
        try:
            _answered(row, answers.get(row.shipment.tracking_number), account, now=now)
        except Exception as error:
            log.exception("what was answered of parcel %s could not be recorded", row.pk)
            unkept = CarrierError(f"It could not be recorded ({type(error).__name__}).", permanent=True)
            _failed(unkept, account, [row], now=now)
    return True


def _failed(error: CarrierError, account: CarrierAccount, rows: list[PollState], *, now: datetime) -> bool:
    refused = error.status in (401, 403)
    for row in rows:
        row.failures = min(row.failures + 1, 1000)
        row.error, row.polled_at = str(error)[:200], now
        row.next_at = now + back_off(row.failures, retry_after=error.retry_after)
    PollState.objects.bulk_update(rows, ["failures", "error", "polled_at", "next_at"])
    if error.permanent and not refused:
        return True  # about these numbers only
    rest = REFUSED if refused else back_off(rows[0].failures, retry_after=error.retry_after)
    CarrierAccount.objects.filter(pk=account.pk).update(poll_after=now + rest, poll_error=str(error)[:200])
    return False


def _answered(row: PollState, answer: Answer | None, account: CarrierAccount, *, now: datetime) -> None:
    """One parcel's answer. Words from before the parcel was made are of another parcel under the same number."""
    parcel = row.shipment
    said = [] if answer is None else list(answer.readings)
    mine = [reading for reading in said if reading.occurred_at >= parcel.created_at - SLACK]
    label = account.provider
    with transaction.atomic():
        record(mine, merchant=account.merchant, now=now, actor=label)
        parcel.refresh_from_db()
        since = parcel.handed_over_at or parcel.created_at
        quiet = now - max(since, parcel.last_event_at or since)
        if given_up(parcel.tracking_status, quiet=quiet):
            record([_expired(parcel, quiet, now)], merchant=account.merchant, now=now, actor=label)
            row.given_up_at = now
            wait = None
        else:
            wait = next_poll(parcel.tracking_status, age=now - since, quiet=quiet)
        row.next_at = now + wait if wait else None
        row.polled_at, row.failures, row.error = now, 0, answer.error[:200] if answer else ""
        row.save(update_fields=["next_at", "polled_at", "failures", "error", "given_up_at"])


def _expired(parcel: Shipment, quiet: timedelta, now: datetime) -> Reading:
    return Reading(
        status=TrackingStatus.EXPIRED,
        occurred_at=now,
        carrier=parcel.carrier,
        tracking_number=parcel.tracking_number,
        shipment_id=parcel.pk,
        source="poll",
        code="given-up",
        message=f"No news for {quiet.days} days: we have stopped asking.",
        payload={"quiet_days": quiet.days},
    )
