"""The time zone of an address, good enough to say which day it is there.

Countries with one zone come from the tz database's `zone.tab`; the others from the table below, by region
where the region decides.
"""

from functools import lru_cache
from importlib import resources

MAIN = {
    "AR": "America/Argentina/Buenos_Aires", "AU": "Australia/Sydney", "BR": "America/Sao_Paulo",
    "CA": "America/Toronto", "CD": "Africa/Kinshasa", "CL": "America/Santiago", "CN": "Asia/Shanghai",
    "CY": "Asia/Nicosia", "DE": "Europe/Berlin", "EC": "America/Guayaquil", "ES": "Europe/Madrid",
    "GL": "America/Nuuk", "ID": "Asia/Jakarta", "KI": "Pacific/Tarawa", "KZ": "Asia/Almaty",
    "MN": "Asia/Ulaanbaatar", "MX": "America/Mexico_City", "MY": "Asia/Kuala_Lumpur", "NZ": "Pacific/Auckland",
    "PF": "Pacific/Tahiti", "PG": "Pacific/Port_Moresby", "PS": "Asia/Hebron", "PT": "Europe/Lisbon",
    "RU": "Europe/Moscow", "UA": "Europe/Kyiv", "US": "America/New_York", "UZ": "Asia/Tashkent",
}  # fmt: skip

_BY_REGION = {
    "US": {
        "America/Chicago": "AL AR IA IL KS LA MN MO MS ND NE OK SD TN TX WI",
        "America/Denver": "CO ID MT NM UT WY",
        "America/Phoenix": "AZ",
        "America/Los_Angeles": "CA NV OR WA",
        "America/Anchorage": "AK",
        "Pacific/Honolulu": "HI",
        "America/Puerto_Rico": "PR VI",
    },
    "CA": {
        "America/Vancouver": "BC",
        "America/Edmonton": "AB NT",
        "America/Regina": "SK",
        "America/Winnipeg": "MB",
        "America/Halifax": "NS NB PE",
        "America/St_Johns": "NL",
        "America/Whitehorse": "YT",
    },
    "BR": {
        "America/Manaus": "AM RO RR",
        "America/Cuiaba": "MT MS",
        "America/Rio_Branco": "AC",
        "America/Bahia": "BA",
        "America/Fortaleza": "CE MA PB PI RN",
        "America/Belem": "PA AP",
        "America/Recife": "PE",
    },
    "AU": {
        "Australia/Perth": "WA",
        "Australia/Adelaide": "SA",
        "Australia/Darwin": "NT",
        "Australia/Brisbane": "QLD",
        "Australia/Melbourne": "VIC",
        "Australia/Hobart": "TAS",
    },
    "ES": {"Atlantic/Canary": "TF GC"},
}
REGION = {
    (country, code): zone
    for country, zones in _BY_REGION.items()
    for zone, codes in zones.items()
    for code in codes.split()
}


@lru_cache(maxsize=1)
def _single() -> dict[str, str]:
    table = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text("utf-8")
    zones: dict[str, list[str]] = {}
    for line in table.splitlines():
        if line and not line.startswith("#"):
            country, _, zone, *_ = line.split("\t")
            zones.setdefault(country, []).append(zone)
    return {country: names[0] for country, names in zones.items()}


def zone_of(country: str, region: str = "") -> str:
    """An IANA zone name; "UTC" for a country that the tz database does not list."""
    code = region.strip().upper().removeprefix(f"{country}-")
    return REGION.get((country, code)) or MAIN.get(country) or _single().get(country, "UTC")
