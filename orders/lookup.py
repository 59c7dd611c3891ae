"""Proof of ownership by someone without the link: the order's number and something only its buyer knows."""

import hashlib
import hmac
import re
import unicodedata

from django.db.models.functions import Upper
from phonenumber_field.phonenumber import to_python

from orders.models import Order
from orders.numerals import plain_digits

MAX_SAME_NUMBER = 20
"""Shops number their orders alike; more of one number than this are not looked at."""

_DASHES = re.compile(r"[\u2010-\u2015\u2212\u00ad_]")
_NOISE = re.compile(r"[\x00-\x1f\x7f#]")
NOBODY = (0, "nobody@example.invalid", "+4930000000", "00000", "DE")
"""In place of an order that does not exist: its number and proofs."""


def find(number: str, proof: str) -> Order | None:
    """The order with this number whose e-mail, phone or postcode is `proof`.

    One query whether or not anything is found, of no more than proofs are compared with: whole orders take time to build, and
    that would tell a number that exists from one that does not. Proofs are compared in constant time, and a number that does not
    exist is compared with as many (made up) proofs as one that does. Only the right proof asks for the order itself.
    """
    rows = Order.objects.alias(upper_number=Upper("number")).filter(upper_number__in=spellings(number))
    told = rows.order_by("-placed_at").values_list(
        "pk", "email", "phone", "ship_to__postal_code", "ship_to__country"
    )
    known = list(told[:MAX_SAME_NUMBER])
    found = [pk for pk, *proofs in known or [NOBODY] if _proves(proof, *map(str, proofs))]
    if not found or not known:
        return None
    return Order.objects.select_related("ship_to", "merchant").get(pk=found[0])


def proves(order: Order, proof: str) -> bool:
    """Whether this is the e-mail, phone or postcode that the order was placed with."""
    return _proves(proof, order.email, str(order.phone), order.ship_to.postal_code, order.ship_to.country)


def canonical(number: str) -> str:
    """What is the same for every spelling of a number: its letters and digits, in capitals."""
    return re.sub(r"[\W_]", "", plain_digits(unicodedata.normalize("NFKC", number))).upper()


def spellings(number: str) -> list[str]:
    """How a typed number may be stored: as typed, with plain digits, without spaces, with dashes for spaces or none, with
    a dash between the prefix and the digits. Always six, so that every lookup is the same query."""
    text = _NOISE.sub("", unicodedata.normalize("NFKC", number))
    typed = _DASHES.sub("-", text).strip().upper()
    text, bare = plain_digits(typed), canonical(typed)
    return [
        typed,
        text,
        re.sub(r"\s+", "", text),
        re.sub(r"[\s-]+", "-", text),
        bare,
        re.sub(r"(?<=[^\W\d])(?=\d)", "-", bare, count=1),
    ]


def _proves(proof: str, email: str, phone: str, postcode: str, country: str) -> bool:
    given = plain_digits(unicodedata.normalize("NFKC", proof)).strip()
    pairs = [
        (_plain(given), _plain(email)),
        (_phone(given, country), phone),
        (canonical(given), canonical(postcode)),
        (canonical(given), _five_of_nine(postcode, country)),
    ]
    # Summed, not `any`: every pair is compared whatever the first ones say.
    return sum(_same(told, known) for told, known in pairs) > 0


def _five_of_nine(postcode: str, country: str) -> str:
    """What most people know of an American postcode; "" where there is no such part, and then it is no proof."""
    whole = canonical(postcode)
    return whole[:5] if country == "US" and len(whole) == 9 and whole.isdecimal() else ""


def _same(told: str, known: str) -> bool:
    equal = hmac.compare_digest(_digest(told), _digest(known))
    return equal and len(known) >= 3


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _plain(email: str) -> str:
    return email.strip().casefold()


def _phone(text: str, country: str) -> str:
    """A number in the form orders keep theirs, read as dialled in the order's country; "" if it is none."""
    number = to_python(text[:40], region=country)
    return str(number) if number and number.is_valid() else ""
