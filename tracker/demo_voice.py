"""What the demo's customers thought of their deliveries."""

import random
from datetime import datetime, timedelta

from orders.models import Merchant
from shipping.models import Shipment
from shipping.status import Direction, TrackingStatus
from shipping.voice import rate

SCORES = [5, 5, 5, 5, 4, 4, 4, 3, 2, 1]
WORDS = {
    5: ["", "", "Quick and well packed.", "とても丁寧な梱包でした。", "Чудово, дякую"],
    4: ["", "", "All fine, the box was a bit large."],
    3: ["", "It took longer than I thought."],
    2: ["The driver left it in the rain."],
    1: ["The box was torn open and one piece is missing."],
}


def fill(merchant: Merchant, now: datetime) -> None:
    """About two of three delivered parcels are rated, some hours after they came."""
    draw = random.Random(f"{merchant.slug}-voice")
    arrived = Shipment.objects.for_merchant(merchant).filter(
        tracking_status=TrackingStatus.DELIVERED, direction=Direction.OUTBOUND, delivered_at__isnull=False
    )
    for parcel in arrived.select_related("merchant", "order__ship_to").order_by("pk"):
        score, later = draw.choice(SCORES), timedelta(hours=draw.uniform(1, 30))
        comment = draw.choice(WORDS[score])
        if draw.random() < 0.65 and parcel.delivered_at:
            rate(parcel, score=score, comment=comment, now=min(parcel.delivered_at + later, now))
