import json
from pathlib import Path

import pytest
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from shipping.carriers import detect as module
from shipping.carriers.checks import verify
from shipping.carriers.detect import detect, read_courier

VECTORS = Path(__file__).resolve().parents[3] / "shared" / "data" / "tracking_numbers" / "vectors.json"


@pytest.mark.parametrize(
    ("number", "carrier", "confidence"),
    [
        ("1Z999AA10123456784", "ups", "certain"),
        ("1z 999 aa1-0123 456784", "ups", "certain"),
        ("9400111206206406260787", "usps", "likely"),
        ("RB123456785GB", "s10", "certain"),
        ("TBA010000000000", "amazon", "certain"),
        ("0073938000549297", "canada_post", "possible"),
    ],
)
def test_the_first_candidate(number, carrier, confidence):
    found = detect(number)
    assert found[0].carrier == carrier, found
    if carrier != "canada_post":
        assert found[0].confidence == confidence


def test_a_wrong_check_digit_is_no_candidate():
    assert detect("1Z999AA10123456784")
    assert not detect("1Z999AA10123456785")
    assert not any(found.carrier == "s10" for found in detect("RB123456786GB"))
    assert not any(found.carrier == "s10" for found in detect("RB123456785XX")), "no post has this country"


def test_a_number_of_nothing_but_digits_is_never_certain():
    for number in ("123456789012", "000000000000", "12345678901234567890"):
        assert all(found.confidence != "certain" for found in detect(number)), detect(number)


@pytest.mark.parametrize(
    "number", ["", " ", "-", "x" * 500, "日本1234", "1Z", "'; DROP TABLE", "\x00", "²" * 12]
)
def test_what_is_no_number_has_no_candidates(number):
    assert detect(number) == []


def test_all_published_vectors():
    if not VECTORS.exists():
        pytest.skip("the published vectors are not on this machine")
    vectors = json.loads(VECTORS.read_text("utf-8"))
    assert len(vectors) > 190
    for vector in vectors:
        found = {(candidate.carrier, candidate.format) for candidate in detect(vector["number"])}
        assert ((vector["courier"], vector["format"]) in found) is vector["valid"], vector


@given(st.text(max_size=80))
def test_any_text_is_answered_and_ranked(text):
    chances = [candidate.chance for candidate in detect(text)]
    assert chances == sorted(chances)


@given(st.from_regex(r"1Z[0-9A-Z]{15}", fullmatch=True))
def test_of_ten_check_digits_exactly_one_is_right(stem):
    assert sum(any(c.carrier == "ups" for c in detect(f"{stem}{digit}")) for digit in range(10)) == 1


def test_a_dropped_file_is_a_courier(monkeypatch, tmp_path):
    courier = {"name": "Pigeon Post", "courier_code": "pigeon", "tracking_numbers": [
        {"name": "Ring", "regex": ["PIG", "(?<SerialNumber>[0-9]{6})", "(?<CheckDigit>[0-9])"],
         "validation": {"checksum": {"name": "mod7"}}, "tracking_url": "https://pigeon.example/%s"}]}  # fmt: skip
    (tmp_path / "pigeon.json").write_text(json.dumps(courier))
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    module._formats.cache_clear()
    try:
        (found,) = detect("pig-000008 1")
        assert (found.carrier, found.check) == ("pigeon", "verified")
        assert found.tracking_url == "https://pigeon.example/PIG0000081"
    finally:
        module._formats.cache_clear()


@pytest.mark.parametrize("text", ["{", "[]", "{}", json.dumps({"courier_code": "x", "name": "x", "tracking_numbers": [
    {"name": "y", "regex": "(", "validation": {}}]})])  # fmt: skip
def test_a_bad_file_says_so(text):
    with pytest.raises(ValueError, match="no courier file"):
        read_courier(text)


def test_an_unknown_rule_says_so():
    with pytest.raises(ValueError, match="mod99"):
        verify({"name": "mod99"}, "1", "1")


def test_the_command_prints_a_line_for_each_number(capsys):
    call_command("detect_carrier", "1Z999AA10123456784", "nothing")
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert first["candidates"][0]["carrier"] == "ups"
    assert second == {"number": "nothing", "candidates": []}
