"""Where on the globe a place named in words lies: its town, or failing that its region, or its country.

The table is GeoNames' (see `data/README.md`), packed by `manage.py build_places`; it is opened at the first question.
"""

import json
import sys
import zipfile
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from shipping.route.folding import fold, spellings

TABLE = Path(__file__).parent / "data" / "places.zip"
TOWN, REGION, COUNTRY = "town", "region", "country"
_SAME = {"UK": "GB", "EL": "GR"}


@dataclass(frozen=True)
class Place:
    """`precision` is what `lat` and `lon` are the middle of: the town asked for, or only its region or country, which `name`
    then names."""

    lat: float
    lon: float
    precision: str
    name: str
    region: str
    country: str


@lru_cache(maxsize=4096)
def find(city: str, region: str, country: str) -> Place | None:
    """None for a country that the table does not know. Without a country nothing is guessed."""
    code = country.strip().upper()
    code = _SAME.get(code, code)
    table = _table()
    if code not in table.countries:
        return None
    land = table.regions.get(code, _NO_REGIONS)
    within = land["codes"].get(fold(region)) if region else None
    for key in spellings(city):
        town = table.town(code, key, within)
        if town is not None:
            return Place(*table.at(town), TOWN, city, table.region_of(code, town), code)
    if within is None:
        within = next((land["codes"][key] for key in spellings(city) if key in land["codes"]), None)
    if within is not None:
        lat, lon = land["at"][within]
        return Place(lat, lon, REGION, land["names"][within], within, code)
    name, lat, lon = table.countries[code]
    return Place(lat, lon, COUNTRY, name, "", code)


class _Table:
    def __init__(self, path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            self.names = archive.read("names.txt")
            columns = array("h", archive.read("towns.bin"))
            self.regions: dict[str, Any] = json.loads(archive.read("regions.json"))
            self.countries: dict[str, Any] = json.loads(archive.read("countries.json"))
        if sys.byteorder == "big":
            columns.byteswap()
        third = len(columns) // 3
        self.lat, self.lon, self.region = columns[:third], columns[third : 2 * third], columns[2 * third :]

    def town(self, country: str, key: str, region: str | None) -> int | None:
        """The weightiest town so called, in the region where one is known."""
        best: tuple[int, int] | None = None
        for number, weight in self._called(f"{country}{key}"):
            if region is not None and self.region_of(country, number) != region:
                continue
            if best is None or weight > best[0]:
                best = (weight, number)
        return best[1] if best else None

    def at(self, town: int) -> tuple[float, float]:
        return self.lat[town] / 100, self.lon[town] / 100

    def region_of(self, country: str, town: int) -> str:
        place = self.region[town]
        return list(self.regions[country]["at"])[place] if place >= 0 else ""

    def _called(self, name: str) -> Iterator[tuple[int, int]]:
        """Towns of this name, by halving the sorted lines: the text stays one string, which is small and quick to open."""
        start = f"{name}\t".encode()
        low, high = 0, len(self.names)
        while low < high:
            middle = self.names.rfind(b"\n", 0, (low + high) // 2) + 1
            end = self.names.find(b"\n", middle)
            if self.names[middle:end] < start:
                low = end + 1
            else:
                high = middle
        while self.names.startswith(start, low):
            end = self.names.find(b"\n", low)
            number, weight = self.names[low + len(start) : end].split(b"\t")
            yield int(number), int(weight)
            low = end + 1


_NO_REGIONS: dict[str, dict[str, Any]] = {"at": {}, "names": {}, "codes": {}}


@lru_cache(maxsize=1)
def _table() -> _Table:
    return _Table(TABLE)
