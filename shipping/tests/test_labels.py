"""Labels in every form: A6, stickers, the carriers' own, ZPL; and the lists over many parcels."""

import io
import re
from dataclasses import replace
from decimal import Decimal

import pypdfium2
import pytest
import zxingcpp
from django.core.files.base import ContentFile
from PIL import Image
from pypdf import PdfReader, PdfWriter

from orders.incoming import IncomingLine
from orders.models import Product
from shipping.documents.contexts import contexts_for
from shipping.documents.engine import render_pdf
from shipping.documents.lists import list_pdf, picks_of
from shipping.documents.options import Options, Sheet
from shipping.documents.sheets import papers_pdf
from shipping.documents.stickers import calibration_page, problems_of
from shipping.documents.zpl import labels_zpl
from shipping.models import CarrierLabel, Manifest, PrintRun, Shipment
from shipping.walk import walk_key
from tests.factories import NOW, make_order, make_shipment

AVERY = Sheet(
    "a4", 7, 3, Decimal("15"), Decimal("7"), Decimal("63.5"), Decimal("38.1"), Decimal("2.5"), Decimal(0)
)
QUARTERS = Sheet("a4", 2, 2, Decimal(0), Decimal(0), Decimal(105), Decimal("148.5"), Decimal(0), Decimal(0))

pytestmark = pytest.mark.django_db


@pytest.fixture
def parcels(merchant):
    return [make_shipment(merchant, tracking_number=f"JD01{index}") for index in range(3)]


@pytest.fixture
def papers(merchant, parcels):
    return contexts_for(merchant, [parcel.pk for parcel in parcels])


def texts(data: bytes) -> list[str]:
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(data)).pages]


def dots(data: bytes, page: int = 0) -> Image.Image:
    return pypdfium2.PdfDocument(data)[page].render(scale=203 / 72).to_pil().convert("L")


def places(picture: Image.Image) -> dict[str, tuple[float, float]]:
    """The codes on a picture and the millimetres of their upper left corner."""
    return {
        code.text: (code.position.top_left.x / 203 * 25.4, code.position.top_left.y / 203 * 25.4)
        for code in zxingcpp.read_barcodes(picture)
    }


# --- sizes and stickers -----------------------------------------------------------------------------------


def test_a6_and_letter_have_their_sizes_and_scan(papers, parcels):
    pdf = papers_pdf("both", papers[:1], Options(paper="letter", label_size="a6"))
    slip, label = pypdfium2.PdfDocument(pdf.data)
    assert (round(slip.get_width()), round(slip.get_height())) == (612, 792)
    assert (round(label.get_width()), round(label.get_height())) == (298, 420)
    assert parcels[0].code in places(dots(pdf.data, 1))
    assert pdf.counts == (2,)


def test_copies_are_counted_with_their_parcel(papers):
    pdf = papers_pdf("labels", papers, Options(copies=3))
    assert (pdf.pages, pdf.counts) == (9, (3, 3, 3))


@pytest.mark.parametrize("sheet", [AVERY, QUARTERS])
def test_stickers_begin_where_the_sheet_is_free_and_scan(papers, parcels, sheet):
    many = [replace(paper, label=replace(paper.label, code=f"P000000000{index:02d}")) for index, paper in
            enumerate(papers * 9)]  # fmt: skip
    places_a_sheet = sheet.rows * sheet.columns
    pdf = papers_pdf("labels", many, Options(sheet=sheet, start=3))
    assert pdf.pages == -(-(27 + 2) // places_a_sheet)
    first = places(dots(pdf.data))
    assert len(first) == min(27, places_a_sheet - 2)
    x, y = first["P00000000000"]
    row, column = divmod(2, sheet.columns)
    left = float(sheet.left + column * (sheet.width + sheet.gap_x))
    top = float(sheet.top + row * sheet.height)
    assert left < x < left + float(sheet.width)
    assert top < y < top + float(sheet.height)


def test_a_sheet_that_does_not_fit_is_told_in_words():
    assert problems_of(AVERY) == []
    wrong = replace(AVERY, columns=4, rows=9)
    assert len(problems_of(wrong)) == 2
    assert "4 columns take" in problems_of(wrong)[0]
    assert problems_of(replace(AVERY, width=Decimal(10)))


def test_the_calibration_page_has_every_sticker_and_moves_with_the_shift():
    def edge(sheet):
        picture = dots(render_pdf([calibration_page("x", sheet)], title="x").data)
        at = round(25 / 25.4 * 203)  # a row through the first stickers
        row = [picture.getpixel((x, at)) for x in range(round(6.5 / 25.4 * 203), 200)]
        return next(index for index, grey in enumerate(row) if grey < 128)

    moved = replace(AVERY, shift_x=Decimal(2))
    assert edge(moved) - edge(AVERY) == pytest.approx(2 / 25.4 * 203, abs=1)
    (text,) = texts(render_pdf([calibration_page("Avery", AVERY)], title="x").data)
    assert {str(number) for number in range(1, 22)} <= set(text.split())


# --- the carriers' own labels -----------------------------------------------------------------------------


def issue(parcel, kind: str, data: bytes) -> None:
    label = CarrierLabel(shipment=parcel, kind=kind, sha256="0" * 64, added_at=NOW)
    label.file.save(f"label.{kind}", ContentFile(data))


def carrier_pdf(pages: int) -> bytes:
    writer, out = PdfWriter(), io.BytesIO()
    for _ in range(pages):
        writer.add_blank_page(200, 300)
    writer.write(out)
    return out.getvalue()


def test_carriers_labels_print_in_their_places(merchant, parcels):
    issue(parcels[0], "pdf", carrier_pdf(2))
    picture = io.BytesIO()
    Image.new("RGB", (400, 600), "black").save(picture, "PNG")
    issue(parcels[1], "png", picture.getvalue())
    papers = contexts_for(merchant, [parcel.pk for parcel in parcels])
    pdf = papers_pdf("both", papers)
    widths = [round(page.get_width()) for page in pypdfium2.PdfDocument(pdf.data)]
    assert widths == [595, 200, 200, 595, 288, 595, 288]
    assert pdf.counts == (3, 2, 2)
    black = dots(pdf.data, 4)
    assert black.getpixel((black.width // 2, black.height // 2)) == 0
    assert papers_pdf("both", papers).data == pdf.data


def test_a_broken_or_lost_label_is_said_and_no_crash(merchant, parcels):
    issue(parcels[0], "pdf", b"%PDF-1.4 rubbish")
    (paper,) = contexts_for(merchant, [parcels[0].pk])
    for make in (lambda: papers_pdf("labels", [paper]), lambda: labels_zpl([paper])):
        with pytest.raises(ValueError, match="no sound PDF"):
            make()
    parcels[0].carrier_label.file.delete(save=False)
    with pytest.raises(ValueError, match="gone from the disk"):
        papers_pdf("labels", [paper])


# --- ZPL --------------------------------------------------------------------------------------------------


def unpacked(zpl: str) -> Image.Image:
    """The picture of a ^GFA field, by the guide's rules for repeated digits."""
    size, _, row, body = re.search(r"\^GFA,(\d+),(\d+),(\d+),([^^]*)\^FS", zpl).groups()
    wide, rows, line, count = int(row) * 2, [], "", 0
    for char in body:
        if char in ",!":
            line += ("0" if char == "," else "F") * (wide - len(line))
        elif "g" <= char <= "z":
            count += (ord(char) - ord("g") + 1) * 20
            continue
        elif "G" <= char <= "Y":
            count += ord(char) - ord("G") + 1
            continue
        else:
            line += char * max(1, count)
        count = 0
        if len(line) == wide:
            rows.append(line)
            line = ""
    data = bytes(byte ^ 0xFF for byte in bytes.fromhex("".join(rows)))
    assert len(data) == int(size)
    return Image.frombytes("1", (wide * 4, len(rows)), data).convert("L")


def test_plain_labels_go_as_text_with_the_code_on_whole_dots(papers, parcels):
    zpl = labels_zpl(papers, copies=2)
    assert zpl.count("^XA") == zpl.count("^XZ") == 6
    first = zpl.split("^XZ")[0]
    assert f"^BY4^BCN,232,N,N,N^FH_^FD{parcels[0].code}^FS" in first
    for part in ("^PW813", "^LL1219", "^CI28", "Ada Lovelace", "80331 MÜNCHEN", "JD010", "1 of 1"):
        assert part in first
    for x, y in re.findall(r"\^FO(\d+),(\d+)", zpl):
        assert int(x) < 813
        assert int(y) < 1219


def test_nothing_in_an_address_is_a_command(merchant):
    shipment = make_shipment(merchant, address={"name": "Eve ^XZ~JA_5E \\&", "city": "Ulm"})
    zpl = labels_zpl(contexts_for(merchant, [shipment.pk]))
    assert zpl.count("^XZ") == 1
    assert "~" not in zpl
    assert "Eve _5EXZ_7EJA_5F5E _5C&" in zpl


def test_other_scripts_go_as_a_picture_that_scans(merchant):
    shipment = make_shipment(
        merchant, address={"name": "小鳥遊さくら", "line1": "丸の内1-9-2", "city": "東京", "country": "JP"}
    )
    zpl = labels_zpl(contexts_for(merchant, [shipment.pk]))
    picture = unpacked(zpl)
    assert abs(picture.width - 813) < 8
    assert [code.text for code in zxingcpp.read_barcodes(picture)] == [shipment.code]


def test_carriers_labels_in_zpl(merchant, parcels):
    issue(parcels[0], "zpl", b"^XA^FDcarrier^FS^XZ")
    issue(parcels[1], "pdf", carrier_pdf(2))
    zpl = labels_zpl(contexts_for(merchant, [parcel.pk for parcel in parcels]))
    assert zpl.startswith("^XA^FDcarrier^FS^XZ\n")
    assert zpl.count("^XA") == 4
    assert zpl.count("^GFA") == 2


# --- lists ------------------------------------------------------------------------------------------------


def test_a_pick_list_is_sorted_as_one_walks_and_sums_up(merchant, alice, django_assert_max_num_queries):
    lines = (
        IncomingLine("MUG-1", 2, "Blue mug"),
        IncomingLine("TEA-7", 1, "Tea"),
        IncomingLine("ZED", 1, "Zed"),
    )
    ids = [make_shipment(merchant, lines=lines).pk for _ in range(3)]
    for sku, place in (("MUG-1", "A-10-2"), ("TEA-7", "A-2-1")):
        Product.objects.filter(merchant=merchant, sku=sku).update(bin=place)
    picks = picks_of(contexts_for(merchant, ids))
    assert [(pick.bin, pick.sku, pick.quantity) for pick in picks] == [
        ("A-2-1", "TEA-7", 3),
        ("A-10-2", "MUG-1", 6),
        ("", "ZED", 3),
    ]
    assert walk_key("A-2") < walk_key("A-10") < walk_key("B-1")
    run = PrintRun.objects.create(merchant=merchant, kind="picks", started_by=alice, total=3, created_at=NOW)
    with django_assert_max_num_queries(6):
        pdf = list_pdf(run, ids)
    (text,) = texts(pdf.data)
    for part in ("Bin A-2-1", "Bin A-10-2", "Without a bin", "Blue mug", "alice", "12"):
        assert part in text


def test_a_pick_list_of_five_hundred_parcels_goes_on_over_pages(merchant):
    order = make_order(
        merchant, lines=tuple(IncomingLine(f"S-{n:03d}", 1, f"Thing {n:03d}") for n in range(120))
    )
    run = PrintRun.objects.create(merchant=merchant, kind="picks", total=1, created_at=NOW)
    pages = texts(list_pdf(run, [order.shipments.get().pk]).data)
    assert len(pages) > 2
    found = re.findall(r"Thing (\d{3})", " ".join(pages))
    assert found == [f"{n:03d}" for n in range(120)]
    assert "(continued)" in pages[1]


def test_a_manifest_names_every_parcel_and_has_room_to_sign(merchant, parcels, other):
    manifest = Manifest.objects.create(
        merchant=merchant, number=17, carrier="DHL", dock="3", driver="Jana Nováková", opened_at=NOW
    )
    run = PrintRun.objects.create(
        merchant=merchant, kind="manifest", manifest=manifest, total=3, created_at=NOW
    )
    foreign = make_shipment(other)
    pdf = list_pdf(run, [*[parcel.pk for parcel in parcels], foreign.pk])
    text = " ".join(texts(pdf.data))
    for part in ("M-17", "Jana Nováková", "DHL", "3 parcels handed over to DHL", *[p.code for p in parcels]):
        assert part in text
    assert foreign.code not in text
    assert (
        list_pdf(run, [parcel.pk for parcel in parcels]).data == list_pdf(run, [p.pk for p in parcels]).data
    )


def test_an_empty_list_says_so(merchant, parcels):
    Shipment.objects.update(stage="void")
    for kind, words in (("picks", "to be packed"), ("manifest", "no parcel on this manifest")):
        run = PrintRun.objects.create(merchant=merchant, kind=kind, total=3, created_at=NOW)
        with pytest.raises(ValueError, match=words):
            list_pdf(run, [parcel.pk for parcel in parcels])


# --- returns ----------------------------------------------------------------------------------------------


def test_a_return_slip_has_the_lines_the_reasons_and_the_way_back(merchant, parcels):
    merchant.locations.filter(kind="returns").update(line1="Rückgasse 9")
    (paper,) = contexts_for(merchant, [parcels[0].pk])
    pdf = papers_pdf("returns", [paper])
    (text,) = texts(pdf.data)
    for part in ("RETURN SLIP", "Blue mug", "Rückgasse 9", "damaged", parcels[0].code):
        assert part in text
    assert set(places(dots(pdf.data))) == {parcels[0].code, paper.slip.link}


def test_a_return_slip_of_many_lines_has_the_address_on_every_page(merchant):
    lines = tuple(IncomingLine(f"S-{n:03d}", 1, f"Thing {n:03d}") for n in range(60))
    shipment = make_shipment(merchant, lines=lines)
    pages = texts(papers_pdf("returns", contexts_for(merchant, [shipment.pk])).data)
    assert len(pages) > 2
    assert re.findall(r"Thing (\d{3})", " ".join(pages)) == [f"{n:03d}" for n in range(60)]
    assert all("Lagerweg 1" in page for page in pages)


def test_prices_are_shown_only_where_the_merchant_wants_them(merchant, parcels):
    (without,) = texts(papers_pdf("slips", contexts_for(merchant, [parcels[0].pk])).data)
    merchant.slip_prices = True
    merchant.save()
    (with_prices,) = texts(papers_pdf("slips", contexts_for(merchant, [parcels[0].pk])).data)
    assert "9.50" not in without
    assert "9.50" in with_prices
    assert "23.00 EUR" in with_prices
