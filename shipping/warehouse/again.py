"""A late parcel sent again from its case: both happen, or neither."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from orders.lifecycle import lock_order
from shipping.lateness import handle
from shipping.models import LateCase, Shipment
from shipping.status import CaseEntryKind, LateOutcome
from shipping.warehouse.reship import reship


@dataclass(frozen=True)
class Again:
    """`new` is None where it was refused; `missing` counts the pieces that are not in stock for it."""

    done: handle.Done
    new: Shipment | None = None
    missing: int = 0

    @property
    def words(self) -> str:
        short = f"; {self.missing} of its pieces are not in stock" if self.missing else ""
        return f"New parcel {self.new.code}{short}" if self.new else ""


@transaction.atomic
def send_again(case_id: int, *, author: str, now: datetime, version: int | None, text: str = "") -> Again:
    """Refused if somebody has closed or changed the case meanwhile: a customer who has the money back gets no second parcel.
    Raises NoReship, and then keeps nothing."""
    lock_order(LateCase.objects.values_list("shipment__order_id", flat=True).get(pk=case_id))
    case = LateCase.objects.select_for_update().get(pk=case_id)
    if refused := handle.refused(case, version):
        handle.note(case_id, text, author=author, now=now)
        return Again(handle.Done(case, refused))
    new, missing = reship(case.shipment_id, now=now)
    made = Again(handle.Done(case), new, missing)
    handle.note(case_id, made.words, author=author, now=now, kind=CaseEntryKind.RESHIP)
    handle.settle(case_id, LateOutcome.RESHIPPED, author=author, now=now, text=text)
    return made
