import io
import json
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from PIL import Image

from orders.incoming import IncomingLine
from orders.models import OrderLine, ShippingAddress
from shipping.documents.addresses import address_lines
from shipping.documents.contexts import Item, contexts_for, weight_text
from shipping.documents.engine import render_pdf
from shipping.documents.freshness import is_stale, split_code
from shipping.documents.measure import printable
from shipping.documents.page import Page, Picture
from shipping.documents.sheets import papers_pdf
from shipping.documents.typesetting import width, wrap
from shipping.models import Shipment, ShipmentLine
from shipping.status import Stage
from tests.factories import NOW, make_order, make_product, make_shipment

NAUGHTY = [
    "<script>alert(1)</script>", "&lt;b&gt;", "</div></section>", "{{ 7|add:7 }}", "{% include 'x' %}", "'; DROP TABLE x;--",
    "\u202eevil", "\u2066test\u2067", "ﷺ", "الكل في المجمو عة", "שלום hello 123", "田中さんにあげて下さい", "👩‍👩‍👧‍👦🇩🇪❤️", "Ṱ̺̺̕o͞ ̷i̲̬͇̪͙n̝̗͕v̟̜̘̦͟o̶̙̰̠kè͚̮̺̪̹̱̤",
    "ด้้้้้็็็็็้้้้้็็็็็้้้้้้้้็็็็็้้้้้็็็็็", "\u200b\u200b\u200b", "\x00\x07\x1b[31m", "a\u2028b\u2029c\x85d\x0be", "\ud800", "\ufffe",
    "NULL", "-1.00", "../../etc/passwd", "file:///etc/passwd", "\t tab \r\n newline", "ÅÍÎÏ˝ÓÔÒÚÆ☃", "𝕿𝖍𝖊 𝖖𝖚𝖎𝖈𝖐", "\u202a\u202atest\u202a",
]  # fmt: skip


def pages_of(data: bytes) -> list[pypdfium2.PdfPage]:
    return list(pypdfium2.PdfDocument(data))


def text_of(page: pypdfium2.PdfPage) -> str:
    return " ".join(page.get_textpage().get_text_bounded().split())


def image_of(page: pypdfium2.PdfPage, dpi: int = 203) -> Image.Image:
    return page.render(scale=dpi / 72).to_pil().convert("L")


def codes_on(page: pypdfium2.PdfPage) -> dict[str, str]:
    """What a scanner reads at 203 dpi. A slip's code is the parcel's and a hash: here it counts as the parcel's."""
    found = {found.text: str(found.format) for found in zxingcpp.read_barcodes(image_of(page))}
    return {split_code(text)[0] or text: kind for text, kind in found.items()}


def boxes_on(page: pypdfium2.PdfPage) -> list[tuple[str, float, float, float, float]]:
    """Each visible letter with its box in millimetres from the top left."""
    texts, high, mm = page.get_textpage(), page.get_height(), 25.4 / 72
    found = []
    for index in range(texts.count_chars()):
        letter = texts.get_text_range(index, 1)
        if letter.strip():
            left, bottom, right, top = texts.get_charbox(index)
            found.append((letter, left * mm, (high - top) * mm, right * mm, (high - bottom) * mm))
    return found


@pytest.fixture
def shipment(merchant):
    return make_shipment(merchant)


def slip_pdf(merchant, shipment, **changes):
    (papers,) = contexts_for(merchant, [shipment.pk])
    return papers_pdf("slips", [replace(papers, slip=replace(papers.slip, **changes))])


def test_a_slip_says_what_it_should_and_no_price(merchant, shipment, settings):
    settings.BASE_URL = "https://track.kiosk.example"
    pdf = papers_pdf("slips", contexts_for(merchant, [shipment.pk]))
    (page,) = pages_of(pdf.data)
    text = text_of(page)
    order = shipment.order
    for part in ("Kiosk", order.number, "4 March 2026", "Ada Lovelace", "Hauptstr. 5", "80331 MÜNCHEN", "GERMANY", "Lagerweg 1",
                 "Blue mug", "MUG-1", "Green tea", "TEA-7", "1 of 1", "help@kiosk.example", shipment.code, "Page 1 of 1"):  # fmt: skip
        assert part in text
    for price in ("9.5", "4.00", "23", "EUR", "€"):
        assert price not in text.replace(order.public_key, "").replace(shipment.code, "").replace(
            order.number, ""
        )
    codes = codes_on(page)
    assert codes == {
        f"https://track.kiosk.example/t/{order.public_key}/": "QR Code",
        shipment.code: "Code 128",
    }
    (bars,) = (found.text for found in zxingcpp.read_barcodes(image_of(page)) if found.text.startswith("P"))
    assert not is_stale(shipment, split_code(bars)[1])


def test_a_label_says_what_it_should_and_scans(merchant):
    shipment = make_shipment(merchant, carrier="DHL", tracking_number="JD0146000062812307")
    Shipment.objects.filter(pk=shipment.pk).update(weight_g=1840, service="Express")
    (page,) = pages_of(papers_pdf("labels", contexts_for(merchant, [shipment.pk])).data)
    assert (round(page.get_width() / 72, 2), round(page.get_height() / 72, 2)) == (4, 6)
    text = text_of(page)
    for part in ("Ada Lovelace", "80331 MÜNCHEN", "Lagerweg 1", "DHL", "Express", "1.84 kg", shipment.order.number, "1 of 1",
                 "JD0146000062812307", shipment.code):  # fmt: skip
        assert part in text
    assert list(codes_on(page)) == [shipment.code]


def test_slip_and_label_of_each_parcel_follow_each_other(merchant):
    ids = [make_shipment(merchant).pk for _ in range(2)]
    pages = pages_of(papers_pdf("both", contexts_for(merchant, ids)).data)
    assert [round(page.get_width()) for page in pages] == [595, 288, 595, 288]


def test_the_same_papers_are_the_same_bytes(merchant, shipment):
    papers = contexts_for(merchant, [shipment.pk])
    assert papers_pdf("both", papers).data == papers_pdf("both", contexts_for(merchant, [shipment.pk])).data


def test_five_hundred_lines_go_on_over_pages(merchant):
    lines = tuple(
        IncomingLine(f"SKU-{index:03d}", 1, f"Thing {index:03d}", Decimal(1)) for index in range(500)
    )
    shipment = make_shipment(merchant, lines=lines)
    pages = pages_of(papers_pdf("slips", contexts_for(merchant, [shipment.pk])).data)
    texts = [text_of(page) for page in pages]
    assert re.findall(r"Thing (\d{3})", " ".join(texts)) == [f"{index:03d}" for index in range(500)]
    for number, text in enumerate(texts, 1):
        assert f"Page {number} of {len(pages)}" in text
        assert shipment.order.number in text
        assert "Items" in text
        assert "SKU" in text
    for page in pages:
        assert max(bottom for *_, bottom in boxes_on(page)) < 292


def test_long_words_stay_in_their_columns(merchant, shipment):
    item = Item("S" * 80, "W" * 300, 100_000, "BIN-" * 10)
    (page,) = pages_of(slip_pdf(merchant, shipment, items=(item, item)).data)
    boxes = boxes_on(page)
    for letter, left, right in (("W", 37, 129.5), ("S", 129.5, 172)):
        mine = [box for box in boxes if box[0] == letter and 85 < box[2] < 245]
        assert len(mine) >= 160
        assert min(box[1] for box in mine) >= left
        assert max(box[3] for box in mine) <= right
    assert text_of(page).count("W") >= 600


def test_a_name_of_two_hundred_letters_shrinks_and_is_whole(merchant):
    name = ("Wolfeschlegelsteinhausen " * 8)[:199] + "X"
    shipment = make_shipment(
        merchant, address={"name": name, "line1": "W" * 200, "line2": "Q" * 200, "city": "Z" * 120}
    )
    slip, label = pages_of(papers_pdf("both", contexts_for(merchant, [shipment.pk])).data)
    for page, right, bottom in ((slip, 101, 84), (label, 98, 78.5)):
        text = text_of(page).replace(" ", "")
        assert name.replace(" ", "") in text
        for letter, count in (("Q", 200), ("Z", 120)):
            mine = [box for box in boxes_on(page) if box[0] == letter and 25 < box[2] < 90]
            assert len(mine) >= count
            assert max(box[3] for box in mine) <= right
            assert max(box[4] for box in mine) <= bottom
        assert shipment.code in codes_on(page)


@pytest.mark.parametrize("word", NAUGHTY)
def test_naughty_words_are_only_words(merchant, shipment, word):
    item = Item(word, word * 3, 1, word)
    pdf = slip_pdf(merchant, shipment, items=(item,), gift_message=word, service=word)
    (page,) = pages_of(pdf.data)
    assert shipment.code in codes_on(page)
    if word.isascii() and word.isprintable():
        assert word.replace(" ", "") in text_of(page).replace(" ", "")


def test_all_known_naughty_strings_print():
    path = Path(__file__).resolve().parents[3] / "shared" / "data" / "addresses" / "naughty_strings.json"
    if not path.exists():
        pytest.skip("the big list of naughty strings is not on this machine")
    words = json.loads(path.read_text("utf-8"))
    for room, size in ((89, 9.5), (22, 8)):
        for word in words:
            lines = wrap(word, room, size)
            assert "".join("".join(lines).split()) == "".join(printable(word).split())
            assert all(width(line, size) <= room * 1.01 or len(line) < 3 for line in lines)


@pytest.mark.parametrize(
    "what", ["http://127.0.0.1:9/x.png", "file:///etc/hostname", "https://example.com/x.png"]
)
def test_nothing_is_fetched(monkeypatch, what):
    import urllib.request

    asked = []
    monkeypatch.setattr(
        urllib.request.OpenerDirector, "open", lambda self, request, *a, **k: asked.append(request)
    )
    page = Page(100, 100, pictures=[Picture(what, 0, 0, 10, 10)])
    with pytest.raises(ValueError, match="cannot be read"):
        render_pdf([page], title="x")
    assert not asked


def test_query_count_does_not_grow(merchant):
    ids = [make_shipment(merchant).pk for _ in range(20)]
    counts = []
    for chunk in (ids[:1], ids):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert len(contexts_for(merchant, chunk)) == len(chunk)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 5


def test_papers_come_in_the_order_asked_for_and_stay_behind_the_wall(merchant, other):
    first, second, foreign, void = (
        make_shipment(merchant),
        make_shipment(merchant),
        make_shipment(other),
        make_shipment(merchant),
    )
    Shipment.objects.filter(pk=void.pk).update(stage=Stage.VOID)
    papers = contexts_for(merchant, [second.pk, foreign.pk, void.pk, first.pk])
    assert [paper.shipment_id for paper in papers] == [second.pk, first.pk]


def test_other_parcels_are_named(merchant):
    order = make_order(merchant)
    first = order.shipments.get()
    tea = first.lines.get(order_line__sku="TEA-7")
    second = Shipment.objects.create(merchant=merchant, order=order, position=2, ship_by=NOW, created_at=NOW)
    ShipmentLine.objects.filter(pk=tea.pk).update(shipment=second)
    papers = contexts_for(merchant, [first.pk, second.pk])
    assert [(p.slip.parcel, p.slip.parcels) for p in papers] == [(1, 2), (2, 2)]
    assert [item.sku for item in papers[0].slip.items] == ["MUG-1"]
    (page, _) = pages_of(papers_pdf("slips", papers).data)
    text = text_of(page)
    assert (
        text.index("In this parcel")
        < text.index("Blue mug")
        < text.index("In parcel 2 of 2")
        < text.index("Green tea")
    )


def test_back_ordered_pieces_are_named_and_not_packed(merchant):
    make_product(merchant, "MUG-1", on_hand=3)
    make_product(merchant, "TEA-7", on_hand=0)
    lines = (
        IncomingLine("MUG-1", 5, "Blue mug"),
        IncomingLine("TEA-7", 1, "Green tea"),
        IncomingLine("FREE", 1, "Sticker"),
    )
    shipment = make_shipment(merchant, lines=lines)
    (papers,) = contexts_for(merchant, [shipment.pk])
    assert [(item.sku, item.quantity) for item in papers.slip.items] == [("MUG-1", 3), ("FREE", 1)]
    assert [(item.sku, item.quantity) for item in papers.slip.backordered] == [("MUG-1", 2), ("TEA-7", 1)]
    OrderLine.objects.filter(order=shipment.order, sku="MUG-1").update(reserved=0, shipped=5)
    Shipment.objects.filter(pk=shipment.pk).update(stage=Stage.HANDED_OVER, handed_over_at=NOW)
    (papers,) = contexts_for(merchant, [shipment.pk])
    assert papers.slip.items[0].quantity == 5


def test_a_gift_message_keeps_its_lines(merchant):
    shipment = make_shipment(merchant, gift_message="Happy birthday!\n\nLove, Charles")
    (page,) = pages_of(papers_pdf("slips", contexts_for(merchant, [shipment.pk])).data)
    assert "A message for you Happy birthday! Love, Charles" in text_of(page)


def test_the_logo_stands_in_for_the_name_and_a_broken_one_does_not(merchant, shipment):
    image = io.BytesIO()
    Image.new("RGB", (200, 60), "#c2410c").save(image, "PNG")
    for data, shown in ((image.getvalue(), True), (image.getvalue()[:40], False), (b"<svg/>", False)):
        merchant.logo.save("logo.png", ContentFile(data))
        (papers,) = contexts_for(merchant, [shipment.pk])
        assert bool(papers.slip.brand.logo) is shown
    assert "Kiosk" in text_of(pages_of(papers_pdf("slips", [papers]).data)[0])


@pytest.mark.parametrize(
    ("country", "parts", "expected"),
    [
        ("US", {"city": "Austin", "region": "TX", "postal_code": "78701"}, ["Ann", "1 Main", "AUSTIN, TX 78701", "UNITED STATES"]),
        ("GB", {"city": "London", "postal_code": "SW1A 1AA"}, ["Ann", "1 Main", "LONDON", "SW1A 1AA", "UNITED KINGDOM"]),
        ("JP", {"name": "山田", "line1": "丸の内1-1", "city": "千代田区", "region": "東京都", "postal_code": "100-0005"},
         ["〒100-0005", "東京都", "千代田区 丸の内1-1", "山田", "JAPAN"]),
        ("GR", {"city": "Αθήνα", "postal_code": "106 74"}, ["Ann", "1 Main", "106 74 ΑΘΗΝΑ", "GREECE"]),
        ("GE", {"city": "თბილისი", "postal_code": "0108"}, ["Ann", "1 Main", "0108 თბილისი", "GEORGIA"]),
        ("AE", {"city": "Dubai"}, ["Ann", "1 Main", "DUBAI", "UNITED ARAB EMIRATES"]),
        ("ZZ", {"city": "Nowhere", "postal_code": "1"}, ["Ann", "1 Main", "1 Nowhere", "ZZ"]),
        ("DE", {"name": "-1.00", "city": "Ulm"}, ["-1.00", "1 Main", "ULM", "GERMANY"]),
    ],
)  # fmt: skip
def test_addresses_as_their_country_writes_them(country, parts, expected):
    address = ShippingAddress(**({"name": "Ann", "line1": "1 Main", "country": country} | parts))
    assert list(address_lines(address)) == expected


def test_weights():
    assert [weight_text(grams) for grams in (0, 350, 1000, 1840, 12345)] == [
        "",
        "350 g",
        "1 kg",
        "1.84 kg",
        "12.35 kg",
    ]
