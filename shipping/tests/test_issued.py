"""A carrier's own label on a parcel: added in the admin by its bytes, printed in our label's place, taken away again."""

import hashlib
import io

import pypdfium2
import pytest
import weasyprint.images  # noqa: F401  it makes Pillow forgive truncated pictures
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfWriter

from orders.roles import Role
from shipping.documents.issued import MOST_BYTES, LabelError, kind_of
from shipping.documents.press import render_run
from shipping.documents.runs import start_run
from shipping.models import CarrierLabel, PrintRun, Shipment
from tests.factories import NOW, make_merchant, make_shipment, make_user

ZPL = b"^XA^FO20,20^FDtheirs^FS^XZ\n"


def a_pdf(pages: int = 1, password: str = "") -> bytes:
    writer, out = PdfWriter(), io.BytesIO()
    for _ in range(pages):
        writer.add_blank_page(200, 300)
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    writer.write(out)
    return out.getvalue()


def a_png(wide: int = 80, high: int = 120) -> bytes:
    out = io.BytesIO()
    Image.new("L", (wide, high), 0).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def parcel(db):
    return make_shipment(make_merchant())


@pytest.fixture
def packer(parcel, client):
    client.force_login(make_user("bob", parcel.merchant, Role.WAREHOUSE))
    return client


def url(parcel, step=""):
    return reverse(f"admin:shipping_shipment_label{step}", args=[parcel.pk])


def add(client, parcel, data: bytes, name: str = "label.bin"):
    return client.post(url(parcel), {"file": SimpleUploadedFile(name, data)})


@pytest.mark.parametrize(
    ("data", "kind"), [(a_pdf(), "pdf"), (a_pdf(10), "pdf"), (a_png(), "png"), (ZPL, "zpl")]
)
def test_it_is_known_by_its_bytes_and_not_by_its_name(packer, parcel, data, kind):
    answer = add(packer, parcel, data, "holiday.jpg")
    assert answer.status_code == 302
    label = parcel.carrier_label
    assert (label.kind, label.sha256) == (kind, hashlib.sha256(data).hexdigest())
    assert label.added_by.username == "bob"
    page = packer.get(url(parcel)).content.decode()
    assert label.sha256 in page and "bob" in page
    fetched = packer.get(url(parcel, "_file"))
    assert b"".join(fetched.streaming_content) == data
    assert fetched["Content-Disposition"] == f'attachment; filename="{parcel.code}.{kind}"'
    assert fetched["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(("data", "words"), [
    (b"", "empty"),
    (b"x" * (MOST_BYTES + 1), "over 5 MB"),
    (b"GIF89a....", "no PDF, PNG or ZPL"),
    (b"MZ\x90 setup.exe", "no PDF, PNG or ZPL"),
    (b"%PDF-1.4 rubbish", "damaged"),
    (a_pdf()[:200], "damaged"),
    (a_pdf(11), "11 pages"),
    (a_pdf(0), "no page"),
    (a_pdf(1, "secret"), "password"),
    (a_png()[:60], "damaged"),
    (a_png(6001, 2), "6001"),
    (b"^XA^FDhalf", "cut off"),
    (ZPL + b"^XA", "cut off"),
    (ZPL * 11, "11 labels"),
    (b"^XA^FD\xff\xfe^FS^XZ", "UTF-8"),
    (b"^XA^JUS^XZ", "changes the printer"),
])  # fmt: skip
def test_what_cannot_print_is_refused_in_words_and_changes_nothing(packer, parcel, data, words):
    add(packer, parcel, ZPL)
    before = (parcel.carrier_label.sha256, parcel.carrier_label.file.name)
    answer = add(packer, parcel, data)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    label = CarrierLabel.objects.get(shipment=parcel)
    assert (label.sha256, label.file.name) == before
    assert default_storage.listdir("carrier-labels")[1] == [label.file.name.split("/")[-1]]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([a_pdf(2), a_png(), ZPL]), st.data())
def test_a_damaged_file_is_refused_or_taken_and_never_a_crash(data, draw):
    spot = draw.draw(st.integers(0, len(data) - 1))
    noise = draw.draw(st.binary(max_size=12))
    try:
        kind_of(data[:spot] + noise + data[spot + len(noise) :])
    except LabelError as error:
        assert str(error).endswith(".")


def test_another_takes_its_place_and_the_old_file_goes(packer, parcel, django_capture_on_commit_callbacks):
    add(packer, parcel, ZPL)
    old = parcel.carrier_label.file.name
    with django_capture_on_commit_callbacks(execute=True):
        add(packer, parcel, a_png())
    label = CarrierLabel.objects.get(shipment=parcel)
    assert label.kind == "png" and not default_storage.exists(old)
    with django_capture_on_commit_callbacks(execute=True):
        assert packer.post(url(parcel, "_remove")).status_code == 302
    assert not CarrierLabel.objects.exists() and not default_storage.exists(label.file.name)
    assert packer.post(url(parcel, "_remove")).status_code == 302
    assert packer.get(url(parcel, "_file")).status_code == 404
    assert packer.get(url(parcel, "_remove")).status_code == 405


def test_it_prints_in_its_place_in_a_run(packer, parcel):
    add(packer, parcel, a_pdf(2))
    other = make_shipment(parcel.merchant)
    run = start_run(
        merchant=parcel.merchant,
        user=None,
        kind="labels",
        shipment_ids=[other.pk, parcel.pk],
        now=NOW,
        sort="chosen",
    )
    render_run(run.pk, now=NOW, clock=lambda: NOW)
    run = PrintRun.objects.get(pk=run.pk)
    widths = [round(page.get_width()) for page in pypdfium2.PdfDocument(run.file.open("rb").read())]
    assert widths == [288, 200, 200]


def test_a_file_gone_from_the_disk_is_no_page(packer, parcel):
    add(packer, parcel, ZPL)
    default_storage.delete(parcel.carrier_label.file.name)
    assert packer.get(url(parcel, "_file")).status_code == 404
    assert packer.get(url(parcel)).status_code == 200


def test_a_parcel_that_left_keeps_its_label(packer, parcel):
    add(packer, parcel, ZPL)
    Shipment.objects.filter(pk=parcel.pk).update(stage="handed_over", handed_over_at=NOW)
    answer = add(packer, parcel, a_png())
    assert answer.status_code == 422 and "no label is printed" in answer.content.decode()
    assert CarrierLabel.objects.get().kind == "zpl"


def test_walls_and_rights(client, parcel):
    client.force_login(make_user("vera", parcel.merchant, Role.VIEWER))
    page = client.get(url(parcel))
    assert page.status_code == 200 and b'type="file"' not in page.content
    assert add(client, parcel, ZPL).status_code == 403
    assert client.post(url(parcel, "_remove")).status_code == 403
    client.force_login(make_user("charlie", make_merchant("rival")))
    for answer in (client.get(url(parcel)), add(client, parcel, ZPL), client.get(url(parcel, "_file")),
                   client.post(url(parcel, "_remove"))):  # fmt: skip
        assert answer.status_code == 404
    assert not CarrierLabel.objects.exists()


def test_the_parcels_page_leads_there(packer, parcel):
    page = packer.get(reverse("admin:shipping_shipment_change", args=[parcel.pk])).content.decode()
    assert url(parcel) in page and "ours prints" in page
    add(packer, parcel, ZPL)
    page = packer.get(reverse("admin:shipping_shipment_change", args=[parcel.pk])).content.decode()
    assert "ZPL, prints in the place of ours" in page
