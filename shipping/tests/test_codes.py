import re
import string

import pytest
import zxingcpp
from PIL import Image, ImageDraw

from shipping.documents.codes import Code, code128, qr


def read_back(code: Code, *, across: int, down: int) -> zxingcpp.Barcode:
    quiet = 10 * across
    image = Image.new("L", (code.width * across + 2 * quiet, code.height * down + 2 * quiet), 255)
    draw = ImageDraw.Draw(image)
    for x, y, w, h in code.rects:
        left, top = quiet + x * across, quiet + y * down
        draw.rectangle((left, top, left + w * across - 1, top + h * down - 1), fill=0)
    (found,) = zxingcpp.read_barcodes(image)
    return found


@pytest.mark.parametrize(
    "text", ["P7K3M9QX2VBT", "123456", "a", string.printable[:94], "P0123456789Z", "PZZZZZZ00000"]
)
def test_code_128_reads_back(text):
    found = read_back(code128(text), across=3, down=2)
    assert (found.text, found.format) == (text, zxingcpp.Code128)


@pytest.mark.parametrize("text", ["A", "https://track.example/t/Zk3vQ9s0TzWm2bYfXh8LrA/", "ünï " * 40])
def test_qr_reads_back_and_is_a_full_one(text):
    code = qr(text)
    found = read_back(code, across=4, down=4)
    assert found.text == text
    assert found.format in (zxingcpp.QRCode, zxingcpp.QRCodeModel2)  # never Micro QR
    assert code.width == code.height >= 21
    assert found.ec_level == "M"


def test_the_path_is_one_of_rectangles_inside_its_box():
    for code in (qr("https://example.com/"), code128("P7K3M9QX2VBT")):
        assert re.fullmatch(r"(M\d+ \d+h\d+v\d+h-\d+Z)+", code.path)
        assert code.rects
        assert all(x + w <= code.width and y + h <= code.height for x, y, w, h in code.rects)


@pytest.mark.parametrize("text", ["", "Straße"])
def test_code_128_refuses_what_it_cannot_hold(text):
    with pytest.raises(ValueError, match="ASCII"):
        code128(text)
