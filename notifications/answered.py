"""Questions that the customer has answered before they were asked."""

from collections.abc import Iterable

from notifications.decide import parcel_of
from notifications.models import Notice
from notifications.status import Milestone
from shipping.models import CustomerReport, Rating
from shipping.status import ReportKind

RATED = "Not sent: the customer has rated the delivery already."
NOT_THERE = "Not sent: the customer has said that the parcel has not arrived."


def answered(notices: Iterable[Notice]) -> dict[int, str]:
    """Why requests to rate among these are not sent, by the notices' ids. Two queries, none where there is no such request."""
    asks = {
        int(parcel_of(notice.subject).removeprefix("shipment:")): notice.pk
        for notice in notices
        if notice.milestone == Milestone.RATING_REQUEST and notice.subject.startswith("shipment:")
    }
    if not asks:
        return {}
    rated = Rating.objects.filter(shipment__in=asks).values_list("shipment", flat=True)
    missed = CustomerReport.objects.filter(shipment__in=asks, kind=ReportKind.NOT_ARRIVED)
    missing = missed.values_list("shipment", flat=True)
    return {asks[pk]: RATED for pk in rated} | {asks[pk]: NOT_THERE for pk in missing}
