import json
from pathlib import Path

import pytest
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from shipping.carriers import formats as module
from shipping.carriers.checks import verify
from shipping.carriers.detect import detect, fits
from shipping.carriers.formats import formats, problems, read_courier
from shipping.carriers.health import courier_files

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "tracking_numbers"
VECTORS = SHARED / "vectors.json"


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


def test_each_format_takes_a_number_of_its_own_and_no_other():
    """One right and one wrong number of each, from jkeen/tracking_number_data (MIT)."""
    told = json.loads((Path(__file__).parent / "bodies" / "tracking_numbers.json").read_text("utf-8"))
    known = {(one.carrier, one.name): one for one in formats()}
    assert len(told) >= len(known) - 1  # for one of them nobody has published any
    for carrier, name, right, wrong in told:
        for way in (right, right.lower(), "-".join(right), f" {right} "):
            assert fits(known[carrier, name], way), (name, way)
        assert not wrong or not fits(known[carrier, name], wrong), (name, wrong)


def test_the_published_files_can_be_dropped_in_as_they_are(monkeypatch):
    if not VECTORS.exists():
        pytest.skip("the published files are not on this machine")
    monkeypatch.setattr(module, "FOLDER", SHARED / "couriers")
    assert courier_files() == [] and problems() == ()
    examples = [(known, *example) for known in formats() for example in known.examples]
    assert len(examples) > 190 and len(formats()) == 34
    for known, number, valid in examples:
        assert fits(known, number) is valid, (known.name, number)


@given(st.text(max_size=80))
def test_any_text_is_answered_and_ranked(text):
    chances = [candidate.chance for candidate in detect(text)]
    assert chances == sorted(chances)


@given(st.from_regex(r"1Z[0-9A-Z]{15}", fullmatch=True))
def test_of_ten_check_digits_exactly_one_is_right(stem):
    assert sum(any(c.carrier == "ups" for c in detect(f"{stem}{digit}")) for digit in range(10)) == 1


@pytest.fixture
def drop(monkeypatch, tmp_path):
    """Drops a courier of one format into an otherwise empty folder."""
    monkeypatch.setattr(module, "FOLDER", tmp_path)

    def into(name="pigeon", *, regex=("PIG", "(?<SerialNumber>[0-9]{6})", "(?<CheckDigit>[0-9])"), **more):
        entry = {"name": "Ring", "regex": list(regex) if isinstance(regex, tuple) else regex} | more
        courier = {"name": name.title(), "courier_code": name, "tracking_numbers": [entry]}
        (tmp_path / f"{name}.json").write_text(json.dumps(courier))

    return into


def carriers(number):
    return [candidate.carrier for candidate in detect(number)]


MOD7 = {"checksum": {"name": "mod7"}}


def test_a_dropped_file_is_a_courier_without_a_restart(drop):
    assert detect("PIG0000081") == []
    drop(validation=MOD7, tracking_url="https://pigeon.example/%s")
    (found,) = detect("pig-000008 1")
    assert (found.carrier, found.check) == ("pigeon", "verified")
    assert found.tracking_url == "https://pigeon.example/PIG0000081"
    drop("dove", regex="DOV[0-9]{7}", validation={})
    assert carriers("dov 000 0082") == ["dove"] and carriers("PIG0000081") == ["pigeon"]


@pytest.mark.parametrize(
    ("regex", "takes", "leaves"),
    [
        (r"\s*P\s*(?<SerialNumber>([0-9]\s*){4})", "p 12-34", "P12345"),
        (["P", r"\s?", r"[0-9]{2}\s+[0-9]{2}"], "P1234", "P12"),
        (r"^P[0-9]{4}\z", "P1234", "P12345"),
        (r"[a-z]{2}\d{4}", "AB1234", "A12345"),
        (r"P(?:12|34)+(?=5)5", "P12345", "P1235X"),
        (r"(?<First>[A-Z])[0-9]{3}\k", "", "A123A"),
        (r"P[0-9]{4}-1", "P1234-1", "P1234-2"),
        (r"P[^0-9]{4}", "PABCD", "P1BCD"),
        (r"(?i)p[0-9]{4}", "P1234", "Q1234"),
    ],
)
def test_every_way_of_writing_a_pattern_works_or_is_refused(drop, regex, takes, leaves):
    drop(regex=regex, validation={})
    assert bool(takes) is not bool(problems()), problems()
    assert carriers(takes) == (["pigeon"] if takes else []) and carriers(leaves) == []
    if takes:
        assert 0 < detect(takes)[0].chance <= 1


@pytest.mark.parametrize(
    ("rule", "right"),
    [
        ({"name": "mod7"}, "4"),
        ({"name": "mod10", "evens_multiplier": "3", "odds_multiplier": 1}, "1"),
        ({"name": "mod10", "evens_multiplier": 1, "odds_multiplier": 2, "reverse": True}, "0"),
        ({"name": "luhn"}, "6"),
        ({"name": "s10"}, "3"),
        ({"name": "sum_product_with_weightings_and_modulo", "weightings": [1, 7, 3, 1, 7, 3], "modulo1": 11, "modulo2": 10}, "4"),
        ({"name": "mod_37_36"}, "J"),
    ],
)  # fmt: skip
def test_every_rule_of_the_published_list(drop, rule, right):
    """CHECKSUM_ALGORITHMS.md beside the published files; each worked out by hand for the serial number 123456."""
    drop(regex=r"P(?<SerialNumber>[0-9]{6})(?<CheckDigit>[0-9A-Z])", validation={"checksum": rule})
    for char in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ":
        assert [one.check for one in detect(f"P123456{char}")] == ["verified"] * (char == right), char


@pytest.mark.parametrize("name", ["mod7", "mod10", "luhn", "s10", "mod_37_36"])
@given(number=st.from_regex(r"[0-9A-Z]{1,12}[0-9A-Z]", fullmatch=True))
def test_letters_where_a_rule_wants_digits_are_no_accident(name, number):
    assert verify({"name": name}, number[:-1], number[-1]) in (True, False)


def test_what_a_number_says_of_itself_and_what_it_must_say(drop):
    table = {"name": "Courier", "regex_group_name": "Land", "lookup": [
        {"matches": "AA", "country": "Aland", "courier": "A Post"}, {"matches_regex": "^B", "country": "Beland"}]}  # fmt: skip
    service = {
        "name": "Service Type",
        "regex_group_name": "Kind",
        "lookup": [{"matches": "E", "name": "Express"}],
    }
    drop(regex=r"(?<Kind>[EX])(?<SerialNumber>[0-9]{4})(?<Land>[A-Z]{2})", additional=[table, service],
         validation={"additional": {"exists": ["Courier"]}}, partners=[{"partner_id": "x"}], description="?")  # fmt: skip
    (found,) = detect("E1234AA")
    assert (found.country, found.issuer, found.service) == ("Aland", "A Post", "Express")
    (found,) = detect("x1234by")
    assert (found.country, found.issuer, found.service) == ("Beland", "", "")
    assert detect("E1234CC") == []


def test_a_digit_before_the_serial_number_counts_for_the_check(drop):
    extra = {"serial_number_format": {"prepend_if": {"matches_regex": "^[0-4]", "content": "1"}}}
    drop(regex=r"P(?<SerialNumber>[0-9]{3})(?<CheckDigit>[0-9])", validation=MOD7 | extra)
    assert detect("P0006") and not detect("P0000")  # it is 1000 that leaves 6
    assert detect("P5003")


BAD = {
    "regex": {"regex": "("},
    "no regex": {"regex": None},
    "number": {"regex": [1]},
    "POSIX": {"regex": "P[[:digit:]]+"},
    "mod99": {"validation": {"checksum": {"name": "mod99"}}},
    "weightings": {"validation": {"checksum": {"name": "sum_product_with_weightings_and_modulo"}}},
    "modulo1": {
        "validation": {"checksum": {"name": "sum_product_with_weightings_and_modulo", "weightings": [1]}}
    },
    "CheckDigit": {"regex": "P[0-9]+", "validation": MOD7},
    "Nowhere": {"additional": [{"name": "X", "regex_group_name": "Nowhere", "lookup": []}]},
    "Missing": {"validation": {"additional": {"exists": ["Missing"]}}},
    "lookup": {"additional": [{"name": "X", "regex_group_name": "SerialNumber"}]},
    "odds_multiplier": {"validation": {"checksum": {"name": "mod10", "odds_multiplier": "two"}}},
    "matches_regex": {"validation": {"serial_number_format": {"prepend_if": {"content": "1"}}}},
    "a text": {"tracking_url": 5},
}


@pytest.mark.parametrize("words", list(BAD))
def test_a_bad_file_is_left_out_and_said_so_and_the_others_work(drop, words, capsys, caplog):
    drop("dove", regex="DOV[0-9]{7}", validation={})
    drop(**BAD[words])
    assert carriers("DOV0000082") == ["dove"] and carriers("PIG0000081") == []
    (problem,) = problems()
    assert problem.startswith(
        "pigeon.json: This is no courier file: in its format “Ring”,"
    ) and problem.endswith(".")
    (warning,) = courier_files()
    assert warning.msg == problem and warning.id == "shipping.W001"
    call_command("detect_carrier", "DOV0000082")
    said = capsys.readouterr()
    assert json.loads(said.out)["candidates"][0]["carrier"] == "dove" and "Left out: pigeon.json" in said.err
    assert "pigeon.json" in caplog.text


def test_a_file_whose_own_examples_do_not_fit_is_told_of(drop):
    drop(
        validation=MOD7,
        test_numbers={"valid": ["PIG0000081", "PIG0000082"], "invalid": ["PIG0000083", "PIG 0000081"]},
    )
    said = [warning.msg for warning in courier_files()]
    assert len(said) == 2 and "'PIG0000082' valid" in said[0] and "'PIG 0000081' invalid" in said[1]


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "{}", "", "5", '{"courier_code": "x", "name": "x", "tracking_numbers": 5}', "[" * 10_000],
)
def test_what_is_no_courier_file_says_so(text):
    with pytest.raises(ValueError, match=r"no courier file: .*\.$"):
        read_courier(text)


def test_the_shipped_files_have_nothing_wrong():
    assert problems() == () and courier_files() == []


@pytest.mark.parametrize(
    "number", ["1Z999AA10123456784" * 100_000, "-" * 10**6 + "1Z999AA10123456784", " " * 301 + "1"]
)
def test_the_huge_are_answered_at_once(number):
    assert detect(number) == []


def test_the_command_prints_a_line_for_each_number(capsys):
    call_command("detect_carrier", "1Z999AA10123456784", "nothing")
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert first["candidates"][0]["carrier"] == "ups"
    assert second == {"number": "nothing", "candidates": []}
