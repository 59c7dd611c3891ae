"""Every script on paper: no box for a letter, nothing cut off, nothing over its neighbour, and it reads back."""

import csv
import io
import json
import unicodedata
from collections import Counter
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from pypdf import PdfReader

from orders.incoming import IncomingLine
from orders.models import Merchant
from orders.models.base import AddressColumns
from shipping.documents.addresses import address_lines, language_of
from shipping.documents.contexts import Brand, LabelContext, Recipient, contexts_for
from shipping.documents.engine import render_pdf
from shipping.documents.label import label_page, small_label
from shipping.documents.page import Page
from shipping.documents.sheets import papers_pdf
from shipping.documents.typesetting import missing_letters, runs_left, width, wrap
from shipping.documents.words import _TABLE, LANGUAGES, say
from tests.factories import make_merchant, make_shipment
from tests.scripts import SAMPLES

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "addresses"
MM = 25.4 / 72


def letters(text: str) -> Counter:
    """What a text is made of, whichever way it runs and however its letters join (NFKC: Arabic shapes)."""
    plain = unicodedata.normalize("NFKC", text)
    return Counter(char for char in plain if unicodedata.category(char)[0] in "LN")


def read_back(data: bytes) -> Counter:
    return letters("".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages))


def label_of(lines: tuple[str, ...], language: str = "") -> LabelContext:
    return LabelContext(
        brand=Brand("Kiosk", "#1f4e8c", "", "", ""), order="KIO-1", to=Recipient(lines[0], lines, language),
        sender=("Kiosk", "Berlin"), carrier="DHL", service="", weight="", parcel=1, parcels=1, tracking_number="",
        code="P0123456789A",
    )  # fmt: skip


@pytest.fixture
def shop(db) -> Merchant:
    return make_merchant()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.script)
def test_slip_and_label_in(sample, shop):
    address = {"name": sample.name, "line1": sample.line1, "city": sample.city, "postal_code": sample.postal_code,
               "country": sample.country}  # fmt: skip
    lines = (IncomingLine("S1", 1, sample.item), IncomingLine("S2", 2, sample.item * 6))
    shipment = make_shipment(shop, address=address, lines=lines, gift_message=sample.item)
    papers = contexts_for(shop, [shipment.pk])
    pdf = papers_pdf("both", papers)
    found = read_back(pdf.data)
    for text in (*papers[0].slip.to.lines, sample.item):
        assert not missing_letters(text), text
        lost = letters(text) - found
        assert not lost, (text, lost)
    slip, label = pypdfium2.PdfDocument(pdf.data)
    for page, count in ((slip, 2), (label, 1)):
        dots = page.render(scale=203 / 72).to_pil()
        assert len(zxingcpp.read_barcodes(dots)) == count
    for page in (slip, label):
        inside(page)


def inside(page: pypdfium2.PdfPage) -> None:
    texts, wide, high = page.get_textpage(), page.get_width(), page.get_height()
    for index in range(texts.count_chars()):
        if texts.get_text_range(index, 1).strip():
            left, bottom, right, top = texts.get_charbox(index, loose=False)
            assert left >= 0
            assert right <= wide
            assert bottom >= 0
            assert top <= high


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.script)
def test_lines_neither_leave_their_room_nor_touch_each_other(sample):
    """The ink of a line is within its room and ends where the next begins, or at most 0.2 mm below that."""
    for size, leading in ((20, 1.3), (13, 1.35), (9.5, 4.2 / (9.5 * MM))):
        lines = wrap(" ".join([sample.line1] * 4), 84, size)
        assert len(lines) > 1
        below = 0.0
        for index, line in enumerate(lines):
            page = Page(120, 200)
            page.write(["", *[""] * index, line], 10, 10, size, leading=leading, room=84, align="start")
            left, top, right, bottom = ink_of(page)
            assert left >= 9.2
            assert right <= 94.8
            assert top >= below - 0.2, (size, line)
            below = bottom
            assert width(line, size) <= 84.3


def ink_of(page: Page) -> tuple[float, ...]:
    """The box around all that is dark on a page, in millimetres."""
    picture = pypdfium2.PdfDocument(render_pdf([page], title="x").data)[0].render(scale=203 / 72).to_pil()
    box = picture.convert("L").point(lambda grey: 255 if grey < 128 else 0).getbbox()
    assert box is not None
    return tuple(edge / 203 * 25.4 for edge in box)


def test_a_text_from_right_to_left_stands_at_the_right():
    page = Page(100, 40)
    page.write("יעל בן־דוד", 10, 10, 12, room=80, align="start")
    left, _, right, _ = ink_of(page)
    assert right == pytest.approx(90, abs=1)
    assert left > 50
    assert runs_left("שלום 123") and not runs_left("123 Main")


def test_thai_breaks_between_words_and_khmer_never_inside_a_letter():
    lines = wrap("ภาษาไทยเป็นภาษาที่ไม่มีช่องว่างระหว่างคำ" * 3, 60, 12)
    assert len(lines) > 1
    assert not any(unicodedata.category(line[0]) == "Mn" for line in lines)
    for line in wrap("ព្រះរាជាណាចក្រកម្ពុជាភ្នំពេញ" * 6, 60, 12):
        assert unicodedata.category(line[0]) not in ("Mn", "Mc")


def test_all_known_addresses_print_whole(db):
    """181 addresses of 40 countries, a label and a small sticker of each."""
    if not DATA.exists():
        pytest.skip("the addresses are not on this machine")
    samples = json.loads((DATA / "formatted_addresses.json").read_text("utf-8"))
    pages, wanted = [], Counter()
    for sample in samples:
        lines = tuple(filter(None, sample["expected"].split("\n")))
        country = sample["components"].get("country_code", "").upper()
        label = label_of(lines, language_of(country))
        pages += [label_page(label), small_label(label, 63.5, 38.1)]
        for line in lines:
            wanted += letters(line) + letters(line)
            assert not missing_letters(line), line
    pdf = render_pdf(pages, title="Addresses")
    assert pdf.pages == 2 * len(samples)
    lost = wanted - read_back(pdf.data)
    assert not lost


def test_common_names_of_all_countries_have_glyphs():
    if not DATA.exists():
        pytest.skip("the names are not on this machine")
    text = set()
    for name in ("common-forenames-by-country.csv", "common-surnames-by-country.csv"):
        with (DATA / name).open(encoding="utf-8", newline="") as file:
            text |= {char for row in csv.reader(file) for cell in row for char in cell}
    assert len(text) > 500
    assert not missing_letters("".join(sorted(text)))


def test_every_word_on_paper_is_there_in_every_language():
    assert all(len(row) == len(LANGUAGES) and all(row) for row in _TABLE.values())
    for language in LANGUAGES:
        assert not missing_letters(say("return_how", language) + say("reasons", language))
    assert say("page", "de-AT", x=1, y=2) == "Seite 1 von 2"
    assert say("slip", "xx") == "Packing slip"


def test_a_slip_speaks_the_customers_language(shop):
    shipment = make_shipment(shop, locale="fr")
    text = (
        PdfReader(io.BytesIO(papers_pdf("slips", contexts_for(shop, [shipment.pk])).data))
        .pages[0]
        .extract_text()
    )
    assert "BON DE LIVRAISON" in text
    assert "4 mars 2026" in text


def test_addresses_are_formed_for_the_place_they_go_to():
    address = AddressColumns.__subclasses__()[0](
        name="김서연", line1="세종대로 110", city="서울특별시", postal_code="04524", country="KR"
    )
    assert address_lines(address)[-1] == "SOUTH KOREA"
