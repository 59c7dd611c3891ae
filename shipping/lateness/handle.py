"""What people do with cases. Each change locks its case, checks that nobody else has changed it since it was looked at, and
leaves an entry; a note is kept whatever becomes of the rest."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.db import transaction

from orders.bulk import update_all
from orders.models import Merchant, User
from shipping.models import CaseEntry, CustomerReport, LateCase
from shipping.status import CaseEntryKind, LateOutcome

K = CaseEntryKind
MOST_WORDS = 4_000


@dataclass(frozen=True)
class Done:
    """`refused` says in the user's words why the case was not changed; "" when it was."""

    case: LateCase
    refused: str = ""


def note(case_id: int, text: str, *, author: str, now: datetime, kind: CaseEntryKind = K.NOTE) -> None:
    """Words that change nothing else. Empty ones are not kept."""
    if text := text.strip()[:MOST_WORDS]:
        CaseEntry.objects.create(case_id=case_id, kind=kind, text=text, author=author, at=now)


def own(
    case_id: int,
    owner: User | None,
    *,
    author: str,
    now: datetime,
    version: int | None = None,
    text: str = "",
) -> Done:
    said = f"Owner: {owner.get_full_name() or owner.get_username()}" if owner else "Nobody owns it any more"
    return _change(
        case_id, K.OWNER, said, {"owner": owner}, author=author, now=now, version=version, text=text
    )


def snooze(
    case_id: int,
    until: datetime | None,
    *,
    author: str,
    now: datetime,
    version: int | None = None,
    text: str = "",
) -> Done:
    """Out of the queue until then, unless it gets worse. None: back into it."""
    if until is not None and until <= now:
        note(case_id, text, author=author, now=now)
        return Done(LateCase.objects.get(pk=case_id), "Snooze it until a time that is still to come.")
    said = _snoozed(until) if until else "Back in the queue"
    changes = {"snoozed_until": until}
    return _change(case_id, K.SNOOZE, said, changes, author=author, now=now, version=version, text=text)


def _snoozed(until: datetime) -> str:
    return f"Snoozed until {until.day} {until:%b %Y %H:%M %Z}"


def morning(merchant: Merchant, now: datetime, days: int) -> datetime:
    """Seven o'clock by the shop's clock, so many days from today."""
    day = now.astimezone(merchant.tz).date() + timedelta(days=days)
    return datetime.combine(day, time(7), tzinfo=merchant.tz)


def settle(
    case_id: int, outcome: str, *, author: str, now: datetime, version: int | None = None, text: str = ""
) -> Done:
    """End it with an outcome; the customer's open word about the parcel is answered by that."""
    said = LateOutcome(outcome).label
    changes = {"outcome": outcome, "closed_at": now, "snoozed_until": None}
    with transaction.atomic():
        done = _change(case_id, K.OUTCOME, said, changes, author=author, now=now, version=version, text=text)
        if not done.refused:
            open_words = CustomerReport.objects.filter(
                shipment=done.case.shipment_id, settled_at__isnull=True
            )
            open_words.update(settled_at=now, settled_by=author)
    return done


BATCH = 500


def own_all(case_ids: Sequence[int], owner: User, *, author: str, now: datetime) -> list[Done]:
    said = f"Owner: {owner.get_full_name() or owner.get_username()}"
    return _change_all(case_ids, K.OWNER, lambda _: said, lambda _: {"owner": owner}, author, now)


def snooze_all(case_ids: Sequence[int], *, days: int, author: str, now: datetime) -> list[Done]:
    """Each until a morning by its own shop's clock."""

    def until(case: LateCase) -> datetime:
        return morning(case.merchant, now, days)

    return _change_all(
        case_ids,
        K.SNOOZE,
        lambda case: _snoozed(until(case)),
        lambda case: {"snoozed_until": until(case)},
        author,
        now,
    )


def settle_all(case_ids: Sequence[int], outcome: str, *, author: str, now: datetime) -> list[Done]:
    said = LateOutcome(outcome).label
    changes = {"outcome": outcome, "closed_at": now, "snoozed_until": None}

    def answered(cases: Sequence[LateCase]) -> None:
        told = CustomerReport.objects.filter(
            shipment__in=[case.shipment_id for case in cases], settled_at__isnull=True
        )
        told.update(settled_at=now, settled_by=author)

    return _change_all(case_ids, K.OUTCOME, lambda _: said, lambda _: changes, author, now, answered)


def _change_all(
    case_ids: Sequence[int],
    kind: CaseEntryKind,
    said: Callable[[LateCase], str],
    changes: Callable[[LateCase], dict[str, Any]],
    author: str,
    now: datetime,
    then: Callable[[Sequence[LateCase]], None] = lambda _: None,
) -> list[Done]:
    """What `_change` does to one, to as many as one likes: five statements for every 500."""
    found: list[Done] = []
    for at in range(0, len(case_ids), BATCH):
        with transaction.atomic():
            locked = LateCase.objects.select_for_update(of=("self",)).select_related("merchant")
            rows = list(locked.filter(pk__in=case_ids[at : at + BATCH]).order_by("pk"))
            done = [Done(case, refused(case, None)) for case in rows]
            changed = [one.case for one in done if not one.refused]
            names: set[str] = set()
            for case in changed:
                for name, value in changes(case).items():
                    setattr(case, name, value)
                    names.add(name)
                case.version += 1
            update_all(changed, [*sorted(names), "version"])
            CaseEntry.objects.bulk_create(
                CaseEntry(case=case, kind=kind, text=said(case), author=author, at=now) for case in changed
            )
            then(changed)
        found += done
    return found


@transaction.atomic
def _change(
    case_id: int,
    kind: CaseEntryKind,
    said: str,
    changes: dict[str, Any],
    *,
    author: str,
    now: datetime,
    version: int | None,
    text: str,
) -> Done:
    case = LateCase.objects.select_for_update().get(pk=case_id)
    note(case_id, text, author=author, now=now)
    if why := refused(case, version):
        return Done(case, why)
    for name, value in changes.items():
        setattr(case, name, value)
    case.version += 1
    case.save(update_fields=[*changes, "version"])
    CaseEntry.objects.create(case=case, kind=kind, text=said, author=author, at=now)
    return Done(case)


def refused(case: LateCase, version: int | None) -> str:
    """Why nothing more is done to it, or "". `case` is locked; `version` is the one that was looked at."""
    if case.closed_at:
        how = case.get_outcome_display() if case.outcome else "nothing was wrong any more"
        return f"This case was closed meanwhile: {how.lower()}. Your note is kept."
    if version is None or version == case.version:
        return ""
    last = case.entries.exclude(kind=K.NOTE).first()
    what = f"{last.author or 'the system'}: {last.text}" if last else "somebody"
    return f"This case was changed while you looked at it ({what}). Your note is kept; look again, then act."


def allowed(cases: Sequence[LateCase], user: Any, can: Any) -> tuple[list[LateCase], int]:
    """Those that the person may act on, and how many they may not."""
    mine = [case for case in cases if user.may(can, case.merchant)]
    return mine, len(cases) - len(mine)
