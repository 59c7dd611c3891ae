"""Is the paper in one's hand still true? A slip's code is the parcel's code and a short hash of what the slip
said of the parcel; when the order has changed since, the hashes differ."""

import re

from orders.secrets import CROCKFORD
from shipping.documents.contexts import HASH_LENGTH, contexts_for
from shipping.models import Shipment

_CODE = re.compile(rf"(P[{CROCKFORD}]{{11}})([{CROCKFORD}]{{{HASH_LENGTH}}})?")
_LOOK_ALIKES = str.maketrans("OIL", "011")  # letters that are not in the codes' alphabet


def split_code(text: str) -> tuple[str, str]:
    """The parcel's code in what a scanner or a person typed, and the hash if it came from a slip; ("", "")
    when it is no parcel's code."""
    plain = re.sub(r"[\s-]", "", text).upper()
    found = _CODE.fullmatch(plain[:1] + plain[1:].translate(_LOOK_ALIKES))
    return (found[1], found[2] or "") if found else ("", "")


def is_stale(shipment: Shipment, printed: str) -> bool:
    """Whether a slip with this hash says something else than one printed now. Papers without a hash, and
    parcels that have no slip any more, are never stale. Five queries."""
    if not printed:
        return False
    papers = contexts_for(shipment.merchant, [shipment.pk])
    return bool(papers) and papers[0].slip.hash != printed
