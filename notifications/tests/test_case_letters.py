"""Writing to customers and carriers from the queue."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications import delivery
from notifications.models import Letter, LetterTemplate, Notice
from orders.roles import Role
from shipping.lateness.blame import PART_NAMES
from shipping.lateness.cases import review
from shipping.models import Claim, LateCase, Shipment
from shipping.status import LateRule
from tests.factories import NOW, make_shipment, make_user

DAY = timedelta(days=1)
WRITE = "/admin/notifications/letter/write/"


@pytest.fixture
def cases(merchant):
    for place in range(3):
        make_shipment(
            merchant,
            carrier="DHL",
            tracking_number=f"T{place}",
            email=f"c{place}@example.com" if place else "",
        )
    review(now=NOW + 20 * DAY)
    Notice.objects.all().delete()
    return list(LateCase.objects.order_by("pk"))


@pytest.fixture
def page(client, alice):
    client.force_login(alice)
    return client


def ids(cases) -> str:
    return ",".join(str(case.pk) for case in cases)


def sent():
    from django.utils import timezone

    while delivery.drain(clock=timezone.now):
        pass
    return mail.outbox


def test_the_queues_action_leads_to_the_letters(page, cases):
    answer = page.post(
        "/admin/shipping/latecase/", {"action": "write", "_selected_action": [case.pk for case in cases]}
    )
    assert answer.url.startswith(f"{WRITE}?to=customer&chosen=")
    html = page.get(answer.url).content.decode()
    assert "c1@example.com" in html and "1 has no address" in html and "Send " not in html


def test_write_preview_send_once(page, cases):
    said = {
        "to": "customer",
        "cases": ids(cases),
        "subject": "News of {order}",
        "body": "Hello {name}, {{x",
        "form_id": "f1",
    }
    html = page.post(WRITE, said | {"preview": "1"}).content.decode()
    assert "Nothing is known of" in html and "Send 2" not in html
    said["body"] = "Hello {name}, it is with {carrier}."
    html = page.post(WRITE, said | {"preview": "1"}).content.decode()
    assert "Hello Ada Lovelace, it is with DHL." in html and "Send 2 letters" in html
    assert not Letter.objects.exists()
    for _ in range(2):
        html = page.post(WRITE, said | {"send": "1"}, follow=True).content.decode()
    assert Letter.objects.count() == 2
    assert [one.to for one in sent()] == [["c1@example.com"], ["c2@example.com"]]
    assert mail.outbox[0].subject == f"News of {cases[1].shipment.order.number}"
    assert cases[1].entries.get(kind="letter").author == "alice"
    assert not cases[0].entries.filter(kind="letter").exists()


def test_a_carrier_is_asked_with_all_data_and_remembered(page, cases):
    Claim.objects.create(case=cases[0], amount=5, pdf=b"%PDF-1.7 claim", created_at=NOW)
    claim = Claim.objects.get()
    said = {"to": "carrier", "cases": ids(cases[:1]), "form_id": "f2", "claim": claim.pk}
    html = page.get(WRITE, said).content.decode()
    assert "Address of" in html and f"claim {claim.pk}" in html
    said |= {"subject": "Parcel {number}", "body": "{facts}\n{events}", "address-0": "nonsense", "send": "1"}
    assert "is no e-mail address" in page.post(WRITE, said).content.decode()
    page.post(WRITE, said | {"address-0": "claims@dhl.example"})
    (one,) = sent()
    assert one.to == ["claims@dhl.example"] and one.subject == "Parcel T0"
    for words in (
        "Tracking number: T0",
        "Hauptstr. 5, 80331 München",
        "Blue mug",
        "Value: ",
        "Sender: Kiosk",
    ):
        assert words in one.body, words
    for ours in (*PART_NAMES.values(), *LateRule.labels):
        assert ours not in one.body, f"{ours} is our own affair"
    assert one.attachments[0][0] == f"claim-{claim.pk}.pdf"
    assert "/t/" not in one.body
    again = page.get(WRITE, {"to": "carrier", "cases": ids(cases[1:2])}).content.decode()
    assert "claims@dhl.example" in again


def test_two_late_parcels_of_one_order_are_one_letter(page, cases):
    order = cases[1].shipment.order
    Shipment.objects.filter(pk=cases[2].shipment_id).update(order=order, position=2)
    said = {"to": "customer", "cases": ids(cases[1:]), "subject": "s", "body": "{number}", "form_id": "f3"}
    page.post(WRITE, said | {"send": "1"})
    letter = Letter.objects.get()
    assert letter.text == "T1, T2"
    assert [case.entries.filter(kind="letter").count() for case in cases] == [0, 1, 1]
    page.post(WRITE, said | {"to": "carrier", "address-0": "a@dhl.example", "send": "1", "form_id": "f4"})
    assert Letter.objects.count() == 3, "a carrier looks for each by itself"


def test_more_than_one_go_comes_one_after_the_other(page, cases, monkeypatch):
    monkeypatch.setattr("notifications.admin.letters.MOST", 2)
    chosen = {"action": "ask_carrier", "_selected_action": [case.pk for case in cases]}
    url = page.post("/admin/shipping/latecase/", chosen).url
    asked = page.get(url)
    assert "The other 1 come on this page after these" in asked.content.decode()
    said = {"to": "carrier", "cases": asked.context["cases"], "subject": "s", "body": "{number}", "send": "1"}
    answer = page.post(WRITE, said | {"address-0": "a@dhl.example", "form_id": "f5"})
    assert Letter.objects.count() == 2
    after = page.get(answer.url)
    assert len(after.context["drafts"]) == 1 and not after.context["rest"]
    page.post(WRITE, said | {"cases": after.context["cases"], "address-0": "a@dhl.example", "form_id": "f6"})
    assert sorted(Letter.objects.values_list("text", flat=True)) == ["T0", "T1", "T2"]


def test_as_many_questions_for_many_carriers_letters(page, cases):
    def asked(some):
        with CaptureQueriesContext(connection) as told:
            assert page.get(WRITE, {"to": "carrier", "cases": ids(some)}).status_code == 200
        return len(told)

    assert asked(cases[:1]) == asked(cases)


def test_a_shops_own_template(page, merchant, other, cases):
    mine = LetterTemplate.objects.create(
        merchant=merchant, name="Sorry", subject="Sorry, {name}", body="Soon."
    )
    theirs = LetterTemplate.objects.create(merchant=other, name="Secret", subject="Secret", body="Secret")
    said = {"to": "customer", "cases": ids(cases), "use": "1", "template": mine.pk}
    html = page.post(WRITE, said).content.decode()
    assert "Sorry, Ada Lovelace" in html and "Secret" not in html
    assert "Secret" not in page.post(WRITE, said | {"template": theirs.pk}).content.decode()


def test_who_may_not(client, merchant, charlie, cases):
    url = f"{WRITE}?to=customer&cases={ids(cases)}"
    client.force_login(charlie)
    assert client.get(url).status_code == 404
    client.force_login(make_user("vera", merchant, Role.VIEWER))
    assert "not write about them" in client.get(url, follow=True).content.decode()
    client.force_login(make_user("root", is_superuser=True))
    assert client.get(f"{WRITE}?to=nobody&cases={ids(cases)}").status_code == 404
    assert client.get(f"{WRITE}?to=customer&cases=x,99999999999999999999").status_code == 404


def test_the_customers_language_for_the_days(page, cases):
    order = cases[1].shipment.order
    order.locale = "de"
    order.save()
    Shipment.objects.filter(pk=cases[1].shipment_id).update(
        promised_from="2026-03-09", promised_to="2026-03-09"
    )
    said = {"to": "customer", "cases": str(cases[1].pk), "subject": "s", "body": "bis {when}", "preview": "1"}
    assert "März" in page.post(WRITE, said).content.decode()
