from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.gsm import DEFAULT, EXTENSION, Segments, fits_gsm, keep_gsm, parts, segments

gsm_text = st.text(st.sampled_from(sorted(DEFAULT | EXTENSION)), max_size=700)
any_text = st.text(st.one_of(st.characters(), st.sampled_from("€^…’ aé日😀")), max_size=400)
typographic = st.text(st.sampled_from("abc é…’“”–—\u00a0\u202f«»\u200b"), max_size=200)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Segments("gsm-7", 0, 0)),
        ("a" * 160, Segments("gsm-7", 160, 1)),
        ("a" * 161, Segments("gsm-7", 161, 2)),
        ("a" * 306, Segments("gsm-7", 306, 2)),
        ("a" * 307, Segments("gsm-7", 307, 3)),
        ("€" * 80, Segments("gsm-7", 160, 1)),
        # 152 septets, then an escape pair that would straddle the cut at 153: it moves to the next part.
        ("a" * 152 + "€" + "a" * 152, Segments("gsm-7", 306, 3)),
        ("a" * 151 + "€" + "a" * 153, Segments("gsm-7", 306, 2)),
        ("я" * 70, Segments("ucs-2", 70, 1)),
        ("я" * 71, Segments("ucs-2", 71, 2)),
        ("я" * 134, Segments("ucs-2", 134, 2)),
        ("я" * 66 + "😀" + "я" * 66, Segments("ucs-2", 134, 3)),
        ("😀" * 35, Segments("ucs-2", 70, 1)),
        ("Paczka dotarła", Segments("ucs-2", 14, 1)),
        ("ç", Segments("ucs-2", 1, 1)),
        ("Ç", Segments("gsm-7", 1, 1)),
        ("`", Segments("ucs-2", 1, 1)),
    ],
)
def test_what_a_text_costs(text, expected):
    assert segments(text) == expected


def test_the_default_alphabet_has_127_letters_and_the_escape():
    assert len(DEFAULT) == 127 and len(EXTENSION) == 10 and not DEFAULT & EXTENSION


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("It’s “here” – at last…", 'It\'s "here" - at last...'),
        ("kommt am\u00a05.\u202fMärz", "kommt am 5. März"),
        ("café", "café"),
        ("cafe\u0301", "café"),
        ("\u2068KIO-1\u2069 → 12:00", "KIO-1 -> 12:00"),
        ("Paczka “dotarła”…", "Paczka “dotarła”…"),
        ("طلبك “هنا”…", "طلبك “هنا”…"),
        ("お届け…", "お届け…"),
        ("ça va…", "ça va…"),
    ],
)
def test_what_has_a_twin_in_the_alphabet_is_kept_in_it(text, kept):
    assert keep_gsm(text) == kept


@given(any_text)
def test_the_parts_are_the_text_each_fits_and_none_could_have_held_more(text):
    cost, cut = segments(text), parts(text)
    assert "".join(cut) == text and len(cut) == cost.count

    def units(part):
        if cost.encoding == "ucs-2":
            return len(part.encode("utf-16-le", "surrogatepass")) // 2
        return len(part) + sum(letter in EXTENSION for letter in part)

    alone, limit = (70, 67) if cost.encoding == "ucs-2" else (160, 153)
    assert cost.units == units(text)
    assert len(cut) <= 1 or cost.units > alone
    assert all(0 < units(part) <= (alone if len(cut) == 1 else limit) for part in cut)
    assert all(units(part + after[0]) > limit for part, after in pairwise(cut))


@given(gsm_text)
def test_what_fits_is_left_alone(text):
    assert fits_gsm(text) and keep_gsm(text) == text and segments(text).encoding == "gsm-7"


@given(any_text)
def test_a_text_is_kept_wholly_or_not_touched(text):
    kept = keep_gsm(text)
    assert fits_gsm(kept) or kept == text
    assert keep_gsm(kept) == kept


@given(typographic)
def test_typography_alone_never_costs_the_cheap_alphabet(text):
    assert segments(keep_gsm(text)).encoding == "gsm-7"
