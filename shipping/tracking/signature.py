"""Who signed for a parcel, wherever the carrier's body says it (pure)."""

from typing import Any

_NAMES = ("signed_by", "signedBy", "receivedByName", "signature")


def signed_by(payload: Any) -> str:
    if isinstance(payload, dict):
        for name in _NAMES:
            if isinstance(payload.get(name), str) and payload[name].strip():
                return payload[name].strip()[:80]
        return next((found for value in payload.values() if (found := signed_by(value))), "")
    if isinstance(payload, list):
        return next((found for value in payload if (found := signed_by(value))), "")
    return ""
