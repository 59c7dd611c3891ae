import string
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipping.warehouse.gs1 import Item, check_digit_ok, read, read_date

TODAY = date(2026, 3, 4)
VALUE = st.text(string.ascii_letters + string.digits + "-./_+", min_size=1, max_size=20)
EXAMPLE = {"gtin": "09501101020917", "lot": "ABCD1234", "serial": "10", "expiry": "190508"}
SEPARATORS = ["\x1d", "|", "^]", "<GS>", "\u241d"]


def with_check(digits):
    return next(digits + str(last) for last in range(10) if check_digit_ok(digits + str(last)))


def numbers(length):
    return st.integers(1, 10 ** (length - 1) - 1).map(lambda n: str(n).zfill(length - 1)).map(with_check)


# The examples of the GS1 General Specifications and of GS1's own barcode pages.
@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("(01)09501101020917(17)190508(10)ABCD1234(21)10", EXAMPLE),
        ("]C101095011010209171719050810ABCD1234\x1d2110", EXAMPLE),
        ("]d20109501101020917\x1d", {"gtin": "09501101020917"}),
        ("]Q3\x1d010950110102091710A^]21B", {"gtin": "09501101020917", "lot": "A", "serial": "B"}),
        ("0109501101020917171905082110", {"gtin": "09501101020917", "expiry": "190508", "serial": "10"}),
        ("(00)106141412345678908", {"sscc": "106141412345678908"}),
        ("00106141412345678908", {"sscc": "106141412345678908"}),
        ("106141412345678908", {"sscc": "106141412345678908"}),
        ("(02)09501101020917(37)12", {"gtin": "09501101020917", "pieces": 12}),
        ("]C1010950110102091731030012501510041110LOT", {"gtin": "09501101020917", "lot": "LOT"}),  # net weight, best before
        ("]C1010950110102091792A-7|10LOT", {"gtin": "09501101020917", "lot": "LOT"}),  # a company's own field
        ("95050003", {"gtin": "00000095050003"}),
        ("]E49505 0003", {"gtin": "00000095050003"}),
        ("614141000036", {"gtin": "00614141000036"}),
        ("4006381333931", {"gtin": "04006381333931"}),
        ("10614141000415", {"gtin": "10614141000415"}),
        ("4006381333932", {}),  # its check digit is wrong: a SKU may look so
        ("00000000", {}),
        ("MUG-1", {}),
        ("(BLUE) MUG", {}),
        ("A|B", {}),
        ("ΚΟΥΠΑ-7", {}),
        ("٠٠١٢٣٤٥٦", {}),  # digits, but not those of a code
    ],
)  # fmt: skip
def test_what_scanners_type(code, expected):
    item = read(code)
    assert not item.misread
    blank = Item("")
    assert {name: getattr(item, name) for name in ("gtin", "lot", "serial", "expiry", "sscc", "pieces")} == {
        name: expected.get(name, getattr(blank, name))
        for name in ("gtin", "lot", "serial", "expiry", "sscc", "pieces")
    }
    if not expected:
        assert item.text == code


@pytest.mark.parametrize(
    "code",
    [
        "(01)09501101020918",
        "]C1banana",
        "]C10109501101020",
        "]d20109501101020918",
        "(00)106141412345678900",
        "(01)123",
        "(37)many",
        "]Q3",
    ],
)
def test_a_misread_code_says_nothing_but_that(code):
    item = read(code)
    assert item.misread and not item.gtin and not item.sscc and item.details(TODAY) == {}


def test_a_gtin_is_looked_for_in_every_length_a_catalogue_may_have():
    assert read("95050003").gtins == ["00000095050003", "0000095050003", "000095050003", "95050003"]
    assert read("4006381333931").gtins == ["04006381333931", "4006381333931"]
    assert read("10614141000415").gtins == ["10614141000415"] and read("MUG").gtins == []


def test_what_is_kept_with_the_scan():
    kept = read("(01)09501101020917(17)260200(10)A7").details(TODAY)
    assert kept == {"gtin": "09501101020917", "lot": "A7", "expiry": "2026-02-28"}
    assert "expiry" not in read("(01)09501101020917(17)261399").details(TODAY)


@given(numbers(14), VALUE, VALUE, st.dates(date(1977, 1, 1), date(2076, 12, 31)), st.sampled_from(SEPARATORS))
def test_bracketed_and_raw_say_the_same(gtin, lot, serial, expiry, separator):
    day = f"{expiry:%y%m%d}"
    bracketed = read(f"(01){gtin}(17){day}(10){lot}(21){serial}")
    raw = read(f"]C101{gtin}17{day}10{lot}{separator}21{serial}")
    dropped = read(f"01{gtin}10{lot}{separator}17{day}21{serial}")
    for item in (bracketed, raw, dropped):
        assert (item.gtin, item.lot, item.serial, item.expires(TODAY)) == (gtin, lot, serial, expiry)


@given(st.text())
def test_nothing_a_scanner_types_raises(text):
    read(text).details(TODAY)


@given(
    st.text(alphabet="()0123456789ABC|^]\x1d ", max_size=60),
    st.sampled_from(["", "]C1", "]d2", "01", "(01)", "00"]),
)
def test_nothing_like_a_code_raises(text, start):
    item = read(start + text)
    item.details(TODAY)
    assert item.gtin == "" or check_digit_ok(item.gtin)
    assert item.sscc == "" or check_digit_ok(item.sscc)
    assert "\x1d" not in item.text


@given(numbers(14), st.integers(0, 13), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(gtin, at, by):
    wrong = gtin[:at] + str((int(gtin[at]) + by) % 10) + gtin[at + 1 :]
    assert read(f"(01){wrong}").misread and read(wrong).gtin == ""


@given(st.integers(0, 99), st.integers(1951, 2149))
def test_the_century_puts_a_year_near_ours(year, this_year):
    found = read_date(f"{year:02}0115", date(this_year, 6, 1))
    assert found.year % 100 == year and this_year - 49 <= found.year <= this_year + 50


@pytest.mark.parametrize(
    ("text", "today", "expected"),
    [
        ("770101", date(2026, 1, 1), date(1977, 1, 1)),  # 51 ahead: the century before
        ("760101", date(2026, 1, 1), date(2076, 1, 1)),
        ("010101", date(2051, 1, 1), date(2101, 1, 1)),  # 50 behind: the century after
        ("020101", date(2051, 1, 1), date(2002, 1, 1)),
        ("280200", date(2026, 1, 1), date(2028, 2, 29)),
        ("260231", date(2026, 1, 1), None),
        ("261300", date(2026, 1, 1), None),
        ("26010", date(2026, 1, 1), None),
        ("", date(2026, 1, 1), None),
    ],
)
def test_dates(text, today, expected):
    assert read_date(text, today) == expected
