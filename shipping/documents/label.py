"""The label, 4 x 6 inches for thermal printers: black only, codes on the printer's dots (8 a millimetre)."""

from typing import Any

from shipping.documents.codes import code128
from shipping.documents.contexts import LabelContext
from shipping.documents.engine import Ink
from shipping.documents.measure import fit, wrap

WIDTH = 101.6
SIZES = (20, 18, 16, 14, 12.5, 11, 10, 9, 8, 7, 6, 5, 4)
MODULES = (0.5, 0.375, 0.25)  # four, three or two dots


def label_of(label: LabelContext) -> dict[str, Any]:
    """What the template shows."""
    to_size, _ = fit(list(label.to.lines), 91, 44, SIZES, leading=1.3, bold=True)
    from_size, sender = fit(list(label.sender), 50, 17, (7, 6.5, 6, 5, 4), leading=1.3)
    carrier_size, carrier = fit(
        [label.carrier or "Parcel"], 40, 8, (17, 15, 13, 11, 9, 7, 6), leading=1.2, bold=True
    )
    service_size, service = fit([label.service], 40, 9, (10, 9, 8, 7, 6, 5), leading=1.3)
    order_size, order = fit([label.order], 48, 9, (13, 11, 9, 7, 6), leading=1.2, bold=True)
    tracking_size, tracking = fit(
        [label.tracking_number], 91, 6, (13, 11, 9, 7, 6, 5), leading=1.2, bold=True
    )
    return {
        "to": [
            (line, text == label.to.name)
            for text in label.to.lines
            for line in wrap(text, 91, to_size, bold=True)
        ],
        "to_size": to_size,
        "language": label.to.language,
        "from": "\n".join(sender),
        "from_size": from_size,
        "carrier": "\n".join(carrier),
        "carrier_size": carrier_size,
        "service": "\n".join(service),
        "service_size": service_size,
        "order": "\n".join(order),
        "order_size": order_size,
        "parcel": f"{label.parcel} of {label.parcels}",
        "weight": label.weight or "–",
        "tracking": "\n".join(tracking),
        "tracking_size": tracking_size,
        "code": label.code,
    }


def ink_of(label: dict[str, Any]) -> list[Ink]:
    """What the label has that is not text: rules across, and the code on whole dots."""
    bars = code128(label["code"])
    module = next((size for size in MODULES if bars.width * size <= 84), MODULES[-1])
    left = round((WIDTH - bars.width * module) / 2 * 8) / 8
    rules = tuple(
        (0.0, top, WIDTH, 0.5)
        for top in ((26.0, 79.0, 94.0, 139.0) if label["tracking"] else (26.0, 79.0, 94.0))
    )
    return [Ink(rules, 0, 0), Ink.code(bars, left=left, top=98, width=bars.width * module, height=29)]
