"""Raw code -> our status, as data: `codes/<provider>.json`, each with a version that its events keep."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from shipping.status import TrackingStatus

FOLDER = Path(__file__).parent / "codes"


@dataclass(frozen=True)
class CodeTable:
    version: int
    codes: Mapping[str, TrackingStatus]

    def status(self, *codes: str) -> TrackingStatus:
        """Of the first code that is known; name the one that says most first. None known: unknown."""
        known = (self.codes.get(code.strip().lower()) for code in codes)
        return next((status for status in known if status), TrackingStatus.UNKNOWN)

    def knows(self, code: str) -> bool:
        """A code may be known and still say nothing: “unknown” of a carrier that has no data yet."""
        return code.strip().lower() in self.codes


@lru_cache(maxsize=64)
def code_table(provider: str) -> CodeTable:
    data = json.loads((FOLDER / f"{provider}.json").read_text("utf-8"))
    codes = {code.lower(): TrackingStatus(status) for code, status in data["codes"].items()}
    return CodeTable(version=int(data["version"]), codes=codes)
