import contextlib
import errno
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
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from orders.admin.base import WalledAdmin
from orders.models import Merchant, Order, ShippingAddress
from orders.roles import Role
from shipping.admin.printing import print_both, print_chosen, print_labels, print_slips
from shipping.documents import filing, parts, press, runs
from shipping.documents.filing import clear_old
from shipping.documents.parts import KILLER
from shipping.documents.press import open_run, render_run, stalled_runs, work
from shipping.documents.runs import NothingToPrint, PrintError, read_pages, start_run
from shipping.models import LabelSheet, PrintItem, PrintPart, PrintRun, Shipment
from shipping.status import Stage
from tests.factories import NOW, make_order, make_product, make_shipment, make_user

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


def test_a_finished_run_has_its_pdf_and_the_orders_are_under_way(two_a_chunk, run, shipments):
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


def test_a_part_is_taken_by_one_worker_only(run, monkeypatch):
    open_run(run.pk, now=NOW)
    PrintPart.objects.filter(run=run, number=1).update(state="running", claimed_at=NOW, attempts=1)
    soon = NOW + timedelta(seconds=90)
    assert not work(run.pk, now=soon, clock=lambda: soon)
    run.refresh_from_db()
    assert (run.state, states(run)) == ("running", ["waiting"] * 5)
    assert stalled_runs(NOW + timedelta(seconds=29)) == []
    assert stalled_runs(LATER) == [run.pk]
    finish(run, LATER)
    assert run.state == "done"
    monkeypatch.setattr(parts, "papers_pdf", None)
    finish(run, LATER)
    assert run.state == "done"


def test_a_run_tells_as_many_workers_as_it_can_use(merchant, alice, two_a_chunk, settings, shipments):
    settings.WORKER_PROCESSES = 8
    run = begin(merchant, alice, shipments)
    assert open_run(run.pk, now=NOW) == 2  # three parts, and the one who asks
    assert open_run(run.pk, now=NOW) == 0
    settings.WORKER_PROCESSES = 1
    assert open_run(begin(merchant, alice, shipments).pk, now=NOW) == 0


def test_a_worker_that_was_given_up_marks_nothing_and_leaves_no_file(two_a_chunk, run, monkeypatch):
    real, seen = parts.papers_pdf, []

    def slow(kind, papers, options):
        seen.append(len(papers))
        PrintPart.objects.filter(run=run, number=1).update(claimed_at=LATER, attempts=2)  # another took over
        return real(kind, papers, options)

    monkeypatch.setattr(parts, "papers_pdf", slow)
    finish(run)
    assert (seen, run.state, states(run)) == ([2], "running", ["waiting"] * 5)
    assert default_storage.listdir("prints/parts")[1] == []


def test_a_killed_worker_costs_only_its_part(two_a_chunk, run, monkeypatch):
    real, rendered = parts.papers_pdf, []

    def dies(kind, papers, options):
        if len(rendered) == 2:
            raise KeyboardInterrupt
        rendered.append([paper.shipment_id for paper in papers])
        return real(kind, papers, options)

    monkeypatch.setattr(parts, "papers_pdf", dies)
    with pytest.raises(KeyboardInterrupt):
        finish(run)
    assert states(run) == ["done"] * 4 + ["waiting"]
    assert stalled_runs(LATER) == [run.pk]

    again = []
    monkeypatch.setattr(
        parts,
        "papers_pdf",
        lambda kind, papers, options: again.append(len(papers)) or real(kind, papers, options),
    )
    finish(run, LATER)
    assert again == [1]
    assert (run.state, run.pages) == ("done", 5)
    assert len(set(text_of(run))) == 5


def test_a_parcel_that_kills_its_worker_each_time_is_found_and_left_out(run, shipments, monkeypatch):
    """A crash of the process runs no handler: the culprit must be on record before it is tried."""
    real, bad = parts.papers_pdf, shipments[3].pk

    def crashes(kind, papers, options):
        if bad in [paper.shipment_id for paper in papers]:
            raise KeyboardInterrupt
        return real(kind, papers, options)

    monkeypatch.setattr(parts, "papers_pdf", crashes)
    for attempt in range(3):
        with pytest.raises(KeyboardInterrupt):
            finish(run, NOW + attempt * timedelta(minutes=3))
    finish(run, NOW + timedelta(minutes=9))
    assert run.state == "done"
    assert states(run) == ["done", "done", "done", "failed", "done"]
    assert run.items.get(state="failed").error == KILLER


def test_a_full_disk_is_said_and_the_run_goes_on_by_itself(two_a_chunk, run, monkeypatch):
    real, full = filing.write, [True]

    def write(name, data):
        if full and "-2-" in name:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(name, data)

    monkeypatch.setattr(filing, "write", write)
    finish(run)
    assert (run.state, states(run)) == ("running", ["done"] * 2 + ["waiting"] * 3)
    assert run.error == "There is no room to write the PDF. Make room on the disk; the run goes on by itself."
    assert stalled_runs(NOW + timedelta(seconds=29)) == []
    full.clear()
    assert stalled_runs(LATER) == [run.pk]
    finish(run, LATER)
    assert (run.state, run.error, run.pages) == ("done", "", 5)


def test_a_part_lost_from_the_disk_is_made_again(two_a_chunk, run):
    open_run(run.pk, now=NOW)
    for _ in range(3):
        assert work(run.pk, now=NOW, clock=lambda: NOW)
    default_storage.delete(run.parts.get(number=2).file)
    finish(run)
    assert (run.state, run.pages, states(run)) == ("done", 5, ["done"] * 5)


def test_a_cancelled_run_stops_and_goes_on_where_it_was(two_a_chunk, run, monkeypatch):
    open_run(run.pk, now=NOW)
    assert work(run.pk, now=NOW, clock=lambda: NOW)
    assert runs.cancel(run, now=NOW)
    assert not runs.cancel(run, now=NOW)
    assert not work(run.pk, now=LATER, clock=lambda: LATER)
    assert stalled_runs(NOW + timedelta(days=1)) == []
    run.refresh_from_db()
    assert (run.state, states(run)) == ("cancelled", ["done"] * 2 + ["waiting"] * 3)
    assert runs.resume(run)
    assert not runs.resume(run)
    real, rendered = parts.papers_pdf, []
    monkeypatch.setattr(
        parts,
        "papers_pdf",
        lambda kind, papers, options: rendered.append(len(papers)) or real(kind, papers, options),
    )
    finish(run, LATER)
    assert (run.state, rendered, run.pages) == ("done", [2, 1], 5)


def test_cancelled_while_it_is_bound_it_stays_cancelled(run, monkeypatch):
    real = press.joined

    def cancelled(pdfs):
        runs.cancel(run, now=NOW)
        return real(pdfs)

    monkeypatch.setattr(press, "joined", cancelled)
    finish(run)
    assert (run.state, run.file.name) == ("cancelled", "")
    monkeypatch.undo()
    runs.resume(run)
    finish(run, LATER)
    assert run.state == "done"


def test_a_worker_killed_while_telling_orders_leaves_the_rest_to_the_next(two_a_chunk, run, monkeypatch):
    real, told = press.advance_status, []

    def dies(order, *args, **kwargs):
        if len(told) == 3:
            raise KeyboardInterrupt
        told.append(order.pk)
        return real(order, *args, **kwargs)

    monkeypatch.setattr(press, "advance_status", dies)
    with pytest.raises(KeyboardInterrupt):
        finish(run)
    run.refresh_from_db()
    assert (run.state, Order.objects.filter(status="processing").count()) == ("done", 3)
    monkeypatch.undo()
    assert stalled_runs(LATER) == [run.pk]
    finish(run, LATER)
    assert set(Order.objects.values_list("status", flat=True)) == {"processing"}
    assert set(Shipment.objects.values_list("printed_at", flat=True)) == {NOW}
    assert stalled_runs(LATER + timedelta(hours=1)) == []
    assert Order.objects.first().events.filter(kind="status").count() == 1


def test_the_same_parcels_give_the_same_bytes(merchant, alice, shipments, two_a_chunk):
    first, second = (
        finish(begin(merchant, alice, shipments, "both"), NOW + timedelta(hours=hour)) for hour in (0, 5)
    )
    assert first.pk != second.pk
    assert first.sha256 == second.sha256
    assert first.file.open("rb").read() == second.file.open("rb").read()


def test_each_parcel_knows_its_pages(merchant, alice, shipments, two_a_chunk):
    run = finish(begin(merchant, alice, shipments, "both"))
    assert list(run.items.values_list("first_page", "pages")) == [(n, 2) for n in (1, 3, 5, 7, 9)]
    for item in run.items.select_related("shipment"):
        assert item.shipment.code in text_of(run)[item.first_page - 1]


def sorted_by(merchant, shipments, sort):
    run = start_run(
        merchant=merchant, user=None, kind="slips", shipment_ids=[s.pk for s in shipments], now=NOW, sort=sort
    )
    return list(run.items.order_by("position").values_list("shipment_id", flat=True))


def test_parcels_in_the_order_asked_for(merchant, django_assert_max_num_queries):
    def parcel(sku, place, carrier, day):
        shipment = make_shipment(merchant, carrier=carrier)
        product = make_product(merchant, f"{sku}-{day}", bin=place)
        for line in shipment.order.lines.all():
            line.sku, line.product = sku, product
            line.save()
        Order.objects.filter(pk=shipment.order_id).update(placed_at=NOW - timedelta(days=day))
        return shipment

    a = parcel("S-10", "B-2", "ups", 1)
    b = parcel("S-9", "A-10", "DHL", 2)
    c = parcel("S-9", "A-2", "ups", 3)
    d = parcel("S-1", "", "dhl", 0)
    rows = [a, b, c, d]
    names = {row.pk: name for row, name in zip(rows, "abcd", strict=True)}

    def order(sort):
        return "".join(names[pk] for pk in sorted_by(merchant, rows, sort))

    assert order("chosen") == "abcd"
    assert order("bin") == "cbad"
    assert order("sku") == "dbca"
    assert order("carrier") == "bdca"
    assert order("time") == "cbad"
    with django_assert_max_num_queries(8):
        sorted_by(merchant, rows, "bin")


def test_a_pick_list_over_all_parcels(merchant, alice, shipments, two_a_chunk):
    run = finish(begin(merchant, alice, shipments, "picks"))
    assert (run.state, run.pages) == ("done", 1)
    assert shipments[4].order.number in text_of(run)[0]


def test_labels_on_sheets_from_a_sticker_on(merchant, alice, shipments, two_a_chunk):
    sheet = LabelSheet.objects.create(merchant=merchant, name="Four")
    run = start_run(
        merchant=merchant,
        user=alice,
        kind="labels",
        shipment_ids=[s.pk for s in shipments],
        now=NOW,
        sheet=sheet,
        sheet_start=3,
    )
    finish(run)
    assert run.pages == 2
    assert list(run.items.values_list("first_page", "pages")) == [(1, 1), (1, 1), (2, 1), (2, 1), (2, 1)]
    assert not run.zpl
    first, second = text_of(run)
    for shipment, text in zip(shipments, (first, first, second, second, second), strict=True):
        assert shipment.code in text


def test_labels_come_as_zpl_too(merchant, alice, shipments, two_a_chunk):
    run = finish(begin(merchant, alice, shipments, "labels"))
    zpl = run.zpl.open("rb").read().decode()
    assert zpl.count("^XA") == zpl.count("^XZ") == 5
    at = [zpl.index(shipment.code) for shipment in shipments]
    assert at == sorted(at)


def test_old_pdfs_are_cleared_and_hashes_kept(two_a_chunk, run, settings, merchant, alice, shipments):
    finish(run)
    settings.PRINT_KEEP_DAYS = 0
    assert clear_old(NOW + timedelta(days=400)) == 0
    settings.PRINT_KEEP_DAYS = 30
    assert clear_old(NOW + timedelta(days=29)) == 0
    assert default_storage.exists(run.file.name)
    stopped = begin(merchant, alice, shipments)
    open_run(stopped.pk, now=NOW)
    work(stopped.pk, now=NOW, clock=lambda: NOW)
    runs.cancel(stopped, now=NOW)
    part = stopped.parts.get(number=1).file
    assert default_storage.exists(part)
    assert clear_old(NOW + timedelta(days=31)) == 1
    assert not default_storage.exists(run.file.name)
    assert not default_storage.exists(part)
    run.refresh_from_db()
    assert (run.file.name, len(run.sha256)) == ("", 64)
    assert clear_old(NOW + timedelta(days=31)) == 0
    runs.resume(stopped)
    assert finish(stopped, LATER).pages == 5


def test_a_run_has_an_upper_bound(merchant, alice, shipments, monkeypatch):
    monkeypatch.setattr(runs, "MOST", 4)
    with pytest.raises(PrintError, match="4 parcels at most; you chose 5"):
        begin(merchant, alice, shipments)


@pytest.mark.parametrize(
    ("text", "pages"),
    [("3-7, 12", [3, 4, 5, 6, 7, 12]), ("2", [2]), ("1 - 2;2 3", [1, 2, 3]), ("5–6", [5, 6])],
)
def test_pages_as_people_write_them(text, pages):
    assert read_pages(text, 12) == pages


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Write which pages"),
        ("x", "is no page"),
        ("0", "not among the pages"),
        ("3-99", "which are 1 to 12"),
        ("7-3", "not among"),
        ("²", "is no page"),
        ("9" * 5000, "is no page"),
    ],
)
def test_pages_that_are_none(text, why):
    with pytest.raises(PrintError, match=why):
        read_pages(text, 12)


@given(st.text(max_size=40))
def test_any_text_for_pages_is_read_or_refused(text):
    with contextlib.suppress(PrintError):
        assert set(read_pages(text, 20)) <= set(range(1, 21))


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


def test_a_part_that_never_comes_out_is_given_up(run):
    PrintPart.objects.filter(run=run, number=1).update(attempts=press.LAST_TRY)
    finish(run)
    assert run.state == "failed"
    assert stalled_runs(NOW + timedelta(days=3)) == []


def test_a_run_that_waited_for_days_is_still_printed(run):
    finish(run, NOW + timedelta(days=2))
    assert run.state == "done"


# --- the admin ------------------------------------------------------------------------------------------


class Printing(WalledAdmin):
    actions = [print_slips, print_labels, print_both, print_chosen]


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
        "error": "",
        "pages": 0,
        "pages_per_second": None,
        "seconds_left": None,
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


def test_the_pace_and_what_is_left(two_a_chunk, client, bob, run, merchant, shipments):
    run = begin(merchant, bob, shipments)
    open_run(run.pk, now=timezone.now() - timedelta(seconds=10))
    work(run.pk, now=timezone.now())
    client.force_login(bob)
    said = client.get(pages_of(run)[1]).json()
    assert (said["handled"], said["pages"], said["seconds_left"]) == (2, 2, 20)
    assert said["pages_per_second"] == 0.2


def test_cancel_and_go_on_from_the_page(client, bob, run, merchant):
    client.force_login(bob)
    page = pages_of(run)[0]
    cancel, resume = (
        reverse(f"admin:shipping_printrun_{step}", args=[run.pk]) for step in ("cancel", "resume")
    )
    assert client.get(cancel).status_code == 405
    assert "Call off" in client.get(page).content.decode()
    client.post(cancel)
    assert "Go on" in client.get(page).content.decode()
    client.post(resume)
    run.refresh_from_db()
    assert run.state == "queued"
    client.force_login(make_user("vera", merchant, Role.VIEWER))
    assert client.post(cancel).status_code == 403
    assert "Call off" not in client.get(page).content.decode()


def test_reprint_asks_first_and_names_earlier_prints(client, bob, run, shipments):
    Shipment.objects.filter(pk=shipments[2].pk).update(stage=Stage.VOID)
    finish(run)
    Shipment.objects.filter(pk=shipments[1].pk).update(stage=Stage.PACKED)
    client.force_login(bob)
    again = reverse("admin:shipping_printrun_reprint", args=[run.pk])
    asked = client.get(again).content.decode()
    assert "All 5 parcels, as they are now" in asked
    assert f"{run}</a>, 4 of these" in asked
    assert "1 is packed already" in asked
    assert "1 has been cancelled" in asked
    assert PrintRun.objects.count() == 1
    client.post(again)
    client.post(again, {"what": "failed"})
    made = PrintRun.objects.exclude(pk=run.pk).order_by("pk")
    assert list(made.values_list("total", "reprint_of")) == [(5, run.pk), (1, run.pk)]


def test_chosen_pages_come_once_more_as_they_were(client, bob, merchant, shipments):
    run = finish(begin(merchant, bob, shipments, "both"))
    Shipment.objects.filter(pk=shipments[1].pk).update(stage=Stage.VOID)
    client.force_login(bob)
    again = reverse("admin:shipping_printrun_reprint", args=[run.pk])
    asked = client.get(again, {"what": "pages", "pages": "3-4, 10"}).content.decode()
    assert "3 pages (3-4, 10), as they were" in asked
    client.post(again, {"what": "pages", "pages": "3-4, 10"})
    copy = PrintRun.objects.exclude(pk=run.pk).get()
    assert (copy.state, copy.pages, copy.total, copy.reprint_of) == ("done", 3, 2, run)
    assert copy.sha256 == hashlib.sha256(copy.file.open("rb").read()).hexdigest()
    before, after = text_of(run), text_of(copy)
    assert after == [before[2], before[3], before[9]]
    assert [(i.shipment, i.first_page, i.pages) for i in copy.items.all()] == [
        (shipments[1], 1, 2),
        (shipments[4], 3, 1),
    ]


@pytest.mark.parametrize("pages", ["", "0", "99", "nonsense"])
def test_pages_that_are_not_there_are_refused_in_words(client, bob, run, pages):
    finish(run)
    client.force_login(bob)
    again = reverse("admin:shipping_printrun_reprint", args=[run.pk])
    for ask in (client.get, client.post):
        answer = ask(again, {"what": "pages", "pages": pages}, follow=True)
        assert "messagelist" in answer.content.decode()
    assert PrintRun.objects.count() == 1


def test_pages_of_a_pdf_that_was_cleared_away(client, bob, run):
    finish(run)
    clear_old(NOW + timedelta(days=31))
    client.force_login(bob)
    page = pages_of(run)[0]
    assert "cleared away to save room" in client.get(page).content.decode()
    again = reverse("admin:shipping_printrun_reprint", args=[run.pk])
    answer = client.post(again, {"what": "pages", "pages": "1"}, follow=True)
    assert "Print the whole run again" in answer.content.decode()


def ask(client, **extra):
    said = {
        "kind": "labels",
        "sort": "time",
        "paper": "letter",
        "label_size": "a6",
        "sheet_start": 1,
        "copies": 2,
    }
    return client.post(reverse("admin:shipping_print"), said | extra)


def test_the_print_page_says_how_and_remembers(client, bob, merchant, shipments):
    Merchant.objects.update(label_size="4x6", paper="a4")
    Shipment.objects.filter(pk=shipments[0].pk).update(printed_at=NOW)
    client.force_login(bob)
    url = reverse("admin:shipping_print")
    ids = ",".join(str(s.pk) for s in shipments[:3])
    page = client.get(url, {"parcels": ids}).content.decode()
    assert "Print 3 parcels" in page
    assert "1 of these 3 has been printed before" in page
    assert 'value="a4" selected' in page
    assert PrintRun.objects.count() == 0
    answer = ask(client, parcels=ids)
    run = PrintRun.objects.get()
    assert answer.url == reverse("admin:shipping_printrun_change", args=[run.pk])
    assert (run.kind, run.sort, run.paper, run.label_size, run.copies) == (
        "labels",
        "time",
        "letter",
        "a6",
        2,
    )
    again = client.get(url, {"orders": shipments[4].order_id}).content.decode()
    assert "Print 1 parcel" in again
    assert 'value="letter" selected' in again
    finish(run)
    assert run.pages == 6


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"kind": "manifest"}, "Select a valid choice"),
        ({"copies": 21}, "less than or equal to 20"),
        ({"copies": "x"}, "whole number"),
        ({"sheet_start": 0}, "greater than or equal to 1"),
        ({"sort": "luck"}, "Select a valid choice"),
        ({"sheet": "999999"}, "Select a valid choice"),
    ],
)
def test_the_print_page_refuses_what_cannot_be(client, bob, shipments, wrong, why):
    client.force_login(bob)
    answer = ask(client, parcels=shipments[0].pk, **wrong)
    assert why in answer.content.decode()
    assert PrintRun.objects.count() == 0


def test_a_sheet_is_for_labels_and_its_merchant(client, bob, merchant, other, shipments):
    own = LabelSheet.objects.create(merchant=merchant, name="Four")
    foreign = LabelSheet.objects.create(merchant=other, name="Theirs")
    client.force_login(bob)
    pk = shipments[0].pk
    assert "holds labels only" in ask(client, parcels=pk, sheet=own.pk, kind="both").content.decode()
    assert "has 4 stickers" in ask(client, parcels=pk, sheet=own.pk, sheet_start=5).content.decode()
    assert "Select a valid choice" in ask(client, parcels=pk, sheet=foreign.pk).content.decode()
    ask(client, parcels=pk, sheet=own.pk, sheet_start=4)
    assert PrintRun.objects.get().sheet == own


@pytest.mark.parametrize("parcels", ["", "x", "0", "9" * 30, ",,,", "²"])
def test_a_print_page_of_nothing_leads_back(client, bob, parcels):
    client.force_login(bob)
    url = reverse("admin:shipping_print")
    for answer in (client.get(url, {"parcels": parcels}), client.post(url, {"parcels": parcels})):
        assert answer.url == reverse("admin:shipping_shipment_changelist")


def test_the_print_page_knows_no_strangers_parcels(client, charlie, bob, merchant, shipments):
    url = reverse("admin:shipping_print")
    client.force_login(charlie)
    assert client.get(url, {"parcels": shipments[0].pk}).status_code == 302
    assert ask(client, parcels=shipments[0].pk).status_code == 302
    client.force_login(make_user("vera", merchant, Role.VIEWER))
    assert client.get(url, {"parcels": shipments[0].pk}).status_code == 403
    assert ask(client, parcels=shipments[0].pk).status_code == 403
    assert PrintRun.objects.count() == 0


def test_the_action_for_more_choices_asks_for_the_chosen(bob, shipments):
    answer = act(bob, "print_chosen", [shipments[2], shipments[0]])
    answer.render()
    assert "Print 2 parcels" in answer.content.decode()
    assert PrintRun.objects.count() == 0


def test_a_run_is_found_by_its_number_an_order_or_a_parcel(client, bob, merchant, other, shipments):
    run, second = begin(merchant, bob, shipments[:2]), begin(merchant, bob, shipments[2:])
    foreign = begin(other, None, [make_shipment(other)])
    client.force_login(bob)
    url = reverse("admin:shipping_printrun_changelist")

    def found(term):
        return [row.pk for row in client.get(url, {"q": term}).context["cl"].result_list]

    assert found(shipments[0].code.lower()) == [run.pk]
    assert found(shipments[3].order.number) == [second.pk]
    assert found(f"#{run.pk}") == [run.pk]
    assert found(str(foreign.pk)) == []
    assert found(foreign.items.get().shipment.code) == []
    assert found("nothing") == []


def test_a_long_run_is_shown_page_by_page(client, bob, merchant, django_assert_max_num_queries):
    rows = [make_shipment(merchant) for _ in range(60)]
    run = begin(merchant, bob, rows)
    PrintItem.objects.filter(run=run, position=59).update(state="failed", error="No address.")
    client.force_login(bob)
    page = pages_of(run)[0]
    with django_assert_max_num_queries(16):
        first = client.get(page).content.decode()
    assert rows[0].code in first and rows[55].code not in first
    assert rows[55].code in client.get(page, {"page": 2}).content.decode()
    failed = client.get(page, {"show": "failed"}).content.decode()
    assert "No address." in failed and rows[0].code not in failed


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
