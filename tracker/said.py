"""What the tracking page answers to what was sent from it, by the short name in its address."""

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Said(NamedTuple):
    tone: str
    words: str | Promise


SAID = {
    "shown": Said("good", _("Thank you. The page now shows what is in your parcels.")),
    "proof": Said(
        "bad", _("That is not the e-mail, phone number or postcode of this order. Check it and try again.")
    ),
    "often": Said("bad", _("Too many tries. Please wait a little and try again.")),
    "code": Said("good", _("A code is on its way to you. It is good for 15 minutes.")),
    "nocode": Said("bad", _("That code is wrong or too old. Check it, or ask for a new one.")),
    "opened": Said(
        "good", _("Thank you. The page now shows the address and the proof of delivery for an hour.")
    ),
    "renewed": Said("good", _("This is the new address of your page. The old one opens nothing any more.")),
    "rated": Said("good", _("Thank you for your rating.")),
    "told": Said("good", _("Thank you. The shop has been told and will get in touch.")),
    "notnow": Said("bad", _("That does not fit the parcel any more. Look at the page again.")),
}
