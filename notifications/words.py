"""What a notice says of its fact, in the language in force (pure): a headline, what it means, what to do."""

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from notifications.status import Milestone
from shipping.status import PUBLIC, TrackingStatus

S, M = TrackingStatus, Milestone


class Words(NamedTuple):
    headline: str | Promise
    meaning: str | Promise
    next_step: str | Promise = ""


_OF_ORDER = {
    M.CONFIRMED: Words(_("We have your order"), _("Thank you. You will hear from us when it is on its way.")),
    M.CANCELLED: Words(
        _("Order cancelled"),
        _("The shop has called this order off; nothing more will be sent."),
        _("Did you expect it, or wait for a refund? Contact the shop."),
    ),
    M.RETURNED: Words(
        _("Order returned"),
        _("The goods are back at the shop."),
        _("Contact the shop about your refund or another try."),
    ),
    M.RATING_REQUEST: Words(_("How was the delivery?"), _("The parcel has arrived.")),
}
_AS_STATUS = {
    M.PROCESSING: S.UNKNOWN,
    M.PACKED: S.PRE_TRANSIT,
    M.SHIPPED: S.IN_TRANSIT,
    M.DELAYED: S.DELAYED,
    M.DELIVERED: S.DELIVERED,
}
_QUIET = frozenset({M.PROCESSING, M.PACKED, M.SHIPPED})
"""Nothing to do is not worth a line."""


def words(milestone: str, kind: str, new: str) -> Words:
    """`kind` and `new` are the fact's: the page and the message say the same of a parcel."""
    status = (
        new
        if kind == "shipment" and milestone not in (M.SHIPPED, M.RATING_REQUEST)
        else _AS_STATUS.get(M(milestone))
    )
    if status is None or status not in PUBLIC:
        return _OF_ORDER.get(M(milestone)) or Words(M(milestone).label, "")
    said = PUBLIC[status]
    return Words(said.headline, said.meaning, "" if milestone in _QUIET else said.next_step)
