import hashlib
import io
from datetime import timedelta

import pypdfium2
import pytest
from django.contrib import admin
from django.contrib.messages.storage.fallback import FallbackStorage
from django.core.files.storage import default_storage
from django.test import RequestFactory
from django.urls import reverse
from pypdf import PdfReader

from orders.admin.base import WalledAdmin
from orders.models import Order, ShippingAddress
from orders.roles import Role
from shipping.admin.printing import print_both, print_labels, print_slips
from shipping.documents import runs
from shipping.documents.runs import NothingToPrint, render_run, stalled_runs, start_run
from shipping.models import PrintRun, Shipment
from shipping.status import Stage
from tests.factories import NOW, make_order, make_shipment, make_user

LATER = NOW + timedelta(minutes=3)


@pytest.fixture
def shipments(merchant):
    return [make_shipment(merchant) for _ in range(5)]


@pytest.fixture
def run(merchant, alice, shipments):
    return begin(merchant, alice, shipments)


@pytest.fixture
def two_a_chunk(monkeypatch):
    monkeypatch.setattr(runs, "CHUNK", 2)


def begin(merchant, user, shipments, kind="slips") -> PrintRun:
    return start_run(merchant=merchant, user=user, kind=kind, shipment_ids=[s.pk for s in shipments], now=NOW)


def finish(run: PrintRun, now=NOW) -> PrintRun:
    render_run(run.pk, now=now, clock=lambda: now)
    run.refresh_from_db()
    return run


def text_of(run: PrintRun) -> list[str]:
    return [
        page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(run.file.open("rb").read())
    ]


def states(run: PrintRun) -> list[str]:
    return list(run.items.order_by("position").values_list("state", flat=True))


def test_a_run_keeps_the_order_given_and_takes_only_its_merchants_parcels(merchant, other, alice, shipments):
    foreign = make_shipment(other)
    run = begin(merchant, alice, [shipments[3], foreign, shipments[0], shipments[3]])
    assert list(run.items.values_list("shipment_id", flat=True)) == [shipments[3].pk, shipments[0].pk]
    assert run.total == 2
    with pytest.raises(NothingToPrint):
        begin(merchant, alice, [foreign])


def test_a_finished_run_has_its_pdf_and_the_orders_are_under_way(run, shipments, two_a_chunk):
    finish(run)
    data = run.file.open("rb").read()
    assert (run.state, run.pages, run.finished_at) == ("done", 5, NOW)
    assert run.sha256 == hashlib.sha256(data).hexdigest()
    assert len(PdfReader(io.BytesIO(data)).pages) == 5
    for text, shipment in zip(text_of(run), shipments, strict=True):
        assert shipment.code in text
    assert set(Shipment.objects.values_list("printed_at", flat=True)) == {NOW}
    assert set(Order.objects.values_list("status", flat=True)) == {"processing"}
    assert Order.objects.first().events.get(kind="status").actor == "alice"
    assert default_storage.listdir("prints/parts")[1] == []


def test_printing_again_leaves_a_later_status_alone(merchant, alice, shipments):
    Order.objects.update(status="shipped")
    finish(begin(merchant, alice, shipments[:1]))
    assert set(Order.objects.values_list("status", flat=True)) == {"shipped"}


def test_a_run_is_taken_by_one_worker_only(run, monkeypatch):
    PrintRun.objects.filter(pk=run.pk).update(state="running", touched_at=NOW)
    finish(run, NOW + timedelta(seconds=90))
    assert (run.state, states(run)) == ("running", ["waiting"] * 5)
    assert stalled_runs(NOW + timedelta(seconds=90)) == []
    assert stalled_runs(LATER) == [run.pk]
    finish(run, LATER)
    assert run.state == "done"
    monkeypatch.setattr(runs, "papers_pdf", None)
    finish(run, LATER)
    assert run.state == "done"


def test_a_worker_that_was_given_up_stops(run, two_a_chunk, monkeypatch):
    real, seen = runs.papers_pdf, []

    def slow(kind, papers):
        seen.append(len(papers))
        PrintRun.objects.filter(pk=run.pk).update(touched_at=LATER)  # another worker took over
        return real(kind, papers)

    monkeypatch.setattr(runs, "papers_pdf", slow)
    finish(run)
    assert (seen, run.state, states(run)) == ([2], "running", ["waiting"] * 5)


def test_a_killed_worker_costs_only_its_chunk(run, two_a_chunk, monkeypatch):
    real, rendered = runs.papers_pdf, []

    def dies(kind, papers):
        if len(rendered) == 2:
            raise KeyboardInterrupt
        rendered.append([paper.shipment_id for paper in papers])
        return real(kind, papers)

    monkeypatch.setattr(runs, "papers_pdf", dies)
    with pytest.raises(KeyboardInterrupt):
        finish(run)
    assert states(run) == ["done"] * 4 + ["waiting"]
    assert stalled_runs(LATER) == [run.pk]

    again = []
    monkeypatch.setattr(
        runs, "papers_pdf", lambda kind, papers: again.append(len(papers)) or real(kind, papers)
    )
    finish(run, LATER)
    assert again == [1]
    assert (run.state, run.pages) == ("done", 5)
    assert len(set(text_of(run))) == 5


def test_a_part_lost_from_the_disk_is_made_again(run, two_a_chunk, monkeypatch):
    monkeypatch.setattr(runs, "_finish", lambda *args: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        finish(run)
    default_storage.delete(f"prints/parts/{run.pk}-2.pdf")
    monkeypatch.undo()
    monkeypatch.setattr(runs, "CHUNK", 2)
    finish(run, LATER)
    assert (run.state, run.pages) == ("done", 5)


def test_one_bad_parcel_does_not_lose_the_run(run, shipments):
    ShippingAddress.objects.filter(order=shipments[1].order).delete()
    Shipment.objects.filter(pk=shipments[2].pk).update(stage=Stage.VOID)
    finish(run)
    assert (run.state, run.pages) == ("done", 4)
    assert states(run) == ["done", "failed", "failed", "done", "done"]
    reasons = list(run.items.filter(state="failed").values_list("error", flat=True))
    assert "ship_to" in reasons[0]
    assert reasons[1] == "The parcel has been cancelled."
    last = text_of(run)[-1]
    assert "Not printed" in last
    for shipment in shipments[1:3]:
        assert shipment.order.number in last
        assert shipment.code in last
    printed = set(Shipment.objects.filter(printed_at=NOW).values_list("pk", flat=True))
    assert printed == {shipments[index].pk for index in (0, 3, 4)}


def test_a_run_of_bad_parcels_only_fails_and_says_so(merchant, alice, shipments):
    Shipment.objects.update(stage=Stage.VOID)
    run = finish(begin(merchant, alice, shipments))
    assert (run.state, run.error, run.pages) == ("failed", "None of the parcels could be printed.", 1)
    assert set(Order.objects.values_list("status", flat=True)) == {"pending"}


def test_a_run_that_never_ends_is_given_up(run):
    finish(run, NOW + timedelta(days=2))
    assert run.state == "failed"
    assert stalled_runs(NOW + timedelta(days=3)) == []


# --- the admin ------------------------------------------------------------------------------------------


class Printing(WalledAdmin):
    actions = [print_slips, print_labels, print_both]


def act(user, action, rows):
    """Choose the action for these rows on a change list that offers it."""
    request = RequestFactory().post("/", {"action": action, "_selected_action": [row.pk for row in rows]})
    request.user, request.session = user, {}
    request._messages, request._dont_enforce_csrf_checks = FallbackStorage(request), True
    return Printing(type(rows[0]), admin.site).changelist_view(request)


@pytest.mark.parametrize(
    ("action", "kind"), [("print_slips", "slips"), ("print_labels", "labels"), ("print_both", "both")]
)
def test_people_who_pack_print_chosen_parcels(
    bob, shipments, action, kind, monkeypatch, django_capture_on_commit_callbacks
):
    sent = []
    monkeypatch.setattr(
        "shipping.tasks.render_print_run.apply_async", lambda *args, **kwargs: sent.append(kwargs["args"])
    )
    with django_capture_on_commit_callbacks(execute=True):
        answer = act(bob, action, shipments[:3])
    run = PrintRun.objects.get()
    assert (run.kind, run.total, run.started_by) == (kind, 3, bob)
    assert answer.url == reverse("admin:shipping_printrun_change", args=[run.pk])
    assert sent == [(run.pk,)]


def test_orders_print_their_open_parcels(bob, merchant, shipments):
    gone = make_order(merchant)
    gone.shipments.update(stage=Stage.HANDED_OVER, handed_over_at=NOW)
    act(bob, "print_slips", [shipments[0].order, gone])
    assert list(PrintRun.objects.get().items.values_list("shipment_id", flat=True)) == [shipments[0].pk]
    act(bob, "print_slips", [gone])
    assert PrintRun.objects.count() == 1


def test_an_unreachable_broker_leaves_the_run_to_the_sweep(
    bob, shipments, monkeypatch, django_capture_on_commit_callbacks
):
    def down(*args, **kwargs):
        raise ConnectionError("no broker")

    monkeypatch.setattr("shipping.tasks.render_print_run.apply_async", down)
    with django_capture_on_commit_callbacks(execute=True):
        assert act(bob, "print_slips", shipments).status_code == 302
    assert stalled_runs(NOW) == [PrintRun.objects.get().pk]


def test_one_run_for_each_merchant(merchant, other, shipments):
    boss = make_user("boss", is_superuser=True)
    act(boss, "print_slips", [shipments[0], make_shipment(other)])
    assert set(PrintRun.objects.values_list("merchant_id", "total")) == {(merchant.pk, 1), (other.pk, 1)}


def test_someone_who_may_only_look_cannot_print(merchant, shipments):
    user = make_user("vera", merchant, Role.VIEWER)
    act(user, "print_slips", shipments)
    assert not PrintRun.objects.exists()


def test_a_viewer_of_one_shop_and_packer_of_another_prints_only_the_others(
    client, merchant, other, shipments
):
    user = make_user("max", merchant, Role.VIEWER)
    user.memberships.create(merchant=other, role=Role.WAREHOUSE)
    client.force_login(user)
    act(user, "print_slips", [shipments[0], make_shipment(other)])
    assert [run.merchant for run in PrintRun.objects.all()] == [other]
    run = begin(merchant, None, shipments[:1])
    assert client.post(reverse("admin:shipping_printrun_reprint", args=[run.pk])).status_code == 403


def pages_of(run):
    return [
        reverse(f"admin:shipping_printrun_{name}", args=[run.pk])
        for name in ("change", "progress", "pdf", "reprint")
    ]


def test_the_page_shows_progress_then_the_pdf(client, bob, run, shipments):
    client.force_login(bob)
    page, progress, pdf, _ = pages_of(run)
    waiting = client.get(page).content.decode()
    assert f'data-print-run="{progress}"' in waiting
    assert "js/print-run.js" in waiting
    assert "0 of 5" in waiting
    assert "style=" not in waiting.split('id="content-main"')[1].split("</main>")[0]
    assert client.get(progress).json() == {
        "state": "queued",
        "label": "Waiting",
        "handled": 0,
        "total": 5,
        "finished": False,
    }
    assert client.get(pdf).status_code == 404
    Shipment.objects.filter(pk=shipments[2].pk).update(stage=Stage.VOID)
    finish(run)
    ready = client.get(page).content.decode()
    assert pdf in ready
    assert "The parcel has been cancelled." in ready
    assert client.get(progress).json()["finished"] is True
    answer = client.get(pdf)
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert hashlib.sha256(answer.getvalue()).hexdigest() == run.sha256
    assert "5 / 5" in client.get(reverse("admin:shipping_printrun_changelist")).content.decode()


def test_reprint_takes_all_or_only_what_failed(client, bob, run, shipments):
    Shipment.objects.filter(pk=shipments[2].pk).update(stage=Stage.VOID)
    finish(run)
    client.force_login(bob)
    again = reverse("admin:shipping_printrun_reprint", args=[run.pk])
    assert client.get(again).status_code == 405
    client.post(again)
    client.post(again, {"only": "failed"})
    assert list(PrintRun.objects.exclude(pk=run.pk).order_by("pk").values_list("total", flat=True)) == [5, 1]


def test_another_merchants_run_does_not_exist(client, charlie, run):
    finish(run)
    client.force_login(charlie)
    page, progress, pdf, again = pages_of(run)
    assert [client.get(url).status_code for url in (page, progress, pdf)] == [404, 404, 404]
    assert client.post(again).status_code == 404
    assert str(run) not in client.get(reverse("admin:shipping_printrun_changelist")).content.decode()
    assert PrintRun.objects.count() == 1
    client.logout()
    assert client.get(pdf).status_code == 302
