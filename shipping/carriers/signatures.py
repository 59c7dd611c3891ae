"""What vendors' webhook signatures have in common (pure)."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

REPLAY_WINDOW = timedelta(minutes=5)


def hmac_hex(key: bytes, *parts: bytes) -> str:
    return hmac.new(key, b"".join(parts), hashlib.sha256).hexdigest()


def same(expected: str, given: str) -> bool:
    """Constant-time; `given` may be anything a stranger sends."""
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))


def fresh(signed_at: datetime, now: datetime) -> bool:
    """Also false for a time too far ahead: a clock that far off proves nothing."""
    return abs(now - signed_at) <= REPLAY_WINDOW


def unix(text: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(text), UTC)
    except (ValueError, OverflowError, OSError):
        return None
