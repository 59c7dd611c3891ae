"""Where is it, when does it come, what must I do: answered in every state and language, and never by “pending”."""

import re
from datetime import date, timedelta
from html import unescape

import pytest
import time_machine
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext

from orders.access import Tier, pass_for
from orders.models import Order
from shipping.status import PUBLIC, TROUBLE, TrackingStatus
from tests.factories import NOW
from tests.states import Maker, all_of, states
from tracker.tracking_answers import no_day

pytestmark = pytest.mark.django_db
LANGUAGES = [code for code, _ in settings.LANGUAGES]
S = TrackingStatus
NOT_ON_ITS_WAY = TROUBLE | {S.AVAILABLE_FOR_PICKUP, S.CANCELLED}
PENDING = {
    "en": ("pending", "in transit", "in progress"),
    "de": ("ausstehend", "in bearbeitung", "im transit"),
    "fr": ("en attente", "en transit", "en cours"),
    "es": ("pendiente", "en tránsito", "en curso"),
    "pt": ("pendente", "em trânsito", "em curso"),
    "it": ("in sospeso", "in attesa", "in transito"),
    "nl": ("in behandeling", "in afwachting", "in transit"),
    "pl": ("oczekujące", "w toku", "w tranzycie"),
    "ar": ("قيد الانتظار", "قيد المعالجة", "قيد النقل"),
    "ja": ("保留中の注文", "処理中", "輸送中"),
}
"""How other systems fob the reader off."""


@pytest.fixture(autouse=True)
def _wednesday():
    with time_machine.travel(NOW, tick=False):
        yield


def hero(client, order, language):
    """The words of the head of the page by their part; without the step bar, whose later steps have not come."""
    page = client.get(f"/t/{order.public_key}/?lang={language}").content.decode()
    head = page[page.index('<section class="card hero') : page.index("</section>", page.index("card hero"))]
    parts = {"h1": r"<h1.*?</h1>", "when": r'<p class="when.*?</p>', "where": r'<p class="where.*?</p>',
             "next": r'<div class="next.*?</div>'}  # fmt: skip
    found = {name: re.search(pattern, head, re.DOTALL) for name, pattern in parts.items()}
    text = {name: _words(match[0]) if match else "" for name, match in found.items()}
    return text | {"all": _words(head.partition('<ol class="steps"')[0])}


def _words(html):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def test_every_state_answers_all_three_in_every_language(client):
    made = all_of("de", NOW)
    assert set(TrackingStatus.values) <= made.keys() and len(made) >= 27
    for language in LANGUAGES:
        for state, order in made.items():
            said = hero(client, order, language)
            assert all(said.values()), (language, state, said)
            assert len(said["next"].split()) > 1 or language == "ja", (language, state, said)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_has_gone_wrong_is_never_called_pending_or_in_transit(client, language):
    maker = Maker("de", NOW)
    made = {status: maker.status(status) for status in NOT_ON_ITS_WAY}
    with translation.override(language):
        fobs = {*PENDING[language], gettext("In transit"), gettext("On its way")}
    for status, order in made.items():
        said = hero(client, order, language)["all"].casefold()
        assert not [word for word in fobs if word.casefold() in said], (status, said)


def test_each_exception_has_a_next_step_that_leads_somewhere(client):
    maker = Maker("en", NOW)
    leads = {}
    for status in NOT_ON_ITS_WAY:
        order = maker.status(status)
        page = client.get(f"/t/{order.public_key}/").content.decode()
        there = re.findall(r'<p class="acts">.*?</p>', page, re.DOTALL)
        leads[status] = re.findall(r'href="#([a-z]+)', " ".join(there))
        for target in re.findall(r'href="#([^"]+)"', " ".join(there)):
            assert f'id="{target}"' in page, (status, target)
    pk = maker.spec.point
    assert leads.pop(S.DELAYED) == [], "nothing to do but to know the day, which stands above"
    assert (
        leads.pop(S.AVAILABLE_FOR_PICKUP) == []
        and pk in hero(client, _of(S.AVAILABLE_FOR_PICKUP), "en")["next"]
    )
    assert leads.pop(S.ATTEMPT_FAILED) == ["address"]
    assert set(map(tuple, leads.values())) == {("contact",)}, leads


def _of(status):
    return Order.objects.get(shipments__tracking_status=status)


def test_a_promise_that_has_passed_is_not_nothing_to_do(client):
    made = {name: states(Maker("en", NOW))[name]() for name in ("late",)}
    said = hero(client, made["late"], "en")
    assert said["next"].endswith("contact the shop. Contact the shop") and "Was expected" in said["when"]


def test_who_has_told_the_shop_reads_that_and_not_enjoy(client):
    said = hero(client, Maker("en", NOW).rated(), "en")
    assert "You have told the shop that it has not arrived" in said["next"] and "Enjoy" not in said["all"]


def test_the_headline_of_several_says_which_and_how_many(client):
    said = hero(client, Maker("en", NOW).several(), "en")
    assert (
        "Parcel 1 of 3" in said["all"] and "2 of 3 parcels arrived" in said["all"] and "On hold" in said["h1"]
    )


@pytest.mark.parametrize("status", [S.AVAILABLE_FOR_PICKUP, S.EXCEPTION, S.RETURNING, S.ON_HOLD, S.RETURNED])
def test_beside_a_delivered_parcel_the_head_is_about_the_other(client, status):
    maker = Maker("en", NOW)
    first = maker.parcel()
    maker.tell(maker.twin(first, 2), S.DELIVERED, ago=20)
    maker.tell(first, status)
    said = hero(client, first.order, "en")
    assert "Delivered" not in said["when"] and "It has not arrived" not in said["next"]
    assert ("Contact the shop" in said["next"]) == (status != S.AVAILABLE_FOR_PICKUP)


def test_the_day_is_that_of_the_parcel_in_the_headline(client):
    maker = Maker("en", NOW)
    first = maker.parcel()
    maker.tell(maker.twin(first, 2), S.IN_TRANSIT, eta_in=3)
    maker.tell(first, S.AVAILABLE_FOR_PICKUP)
    assert "Waiting for you since" in hero(client, first.order, "en")["when"]


def test_of_several_that_arrived_no_button_picks_one(client):
    said = hero(client, Maker("en", NOW).all_arrived(), "en")["next"]
    assert "Contact the shop" in said and "It has not arrived" not in said


def test_a_parcel_of_a_suppliers_is_nowhere_near_the_shop(client):
    maker = Maker("en", NOW)
    order = maker.dropship()
    order.shipments.filter(supplier=None).update(stage="void")
    said = hero(client, order, "en")
    assert "Not with the carrier yet" in said["where"] and maker.spec.towns[0] not in said["where"]


def test_a_purchase_has_no_page(client):
    purchase = Maker("en", NOW).purchase()
    assert client.get(f"/t/{purchase.order.public_key}/").status_code == 404


@pytest.mark.parametrize("status", TrackingStatus.values)
def test_no_day_is_said_honestly(status):
    today = date(2026, 3, 4)
    for since in (None, today, today - timedelta(days=2)):
        said = no_day(status, since, today)
        assert said or status == S.DELIVERED or (status == S.AVAILABLE_FOR_PICKUP and since is None)
        assert ("today" in said) == (status == S.OUT_FOR_DELIVERY and since == today)
    assert PUBLIC[status].next_step


def test_six_queries_in_every_state_and_tier(client, django_assert_max_num_queries):
    maker = Maker("de", NOW)
    made = {name: make() for name, make in states(maker).items()}
    first = maker.parcel()
    for position in range(2, 13):
        maker.tell(maker.twin(first, position), S.IN_TRANSIT)
    made["twelve"] = first.order
    for tier in Tier:
        for state, order in made.items():
            client.cookies["tracking"] = pass_for(order, tier) if tier > Tier.LINK else ""
            with django_assert_max_num_queries(6):
                assert client.get(f"/t/{order.public_key}/").status_code == 200, state
