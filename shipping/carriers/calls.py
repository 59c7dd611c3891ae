"""Calls to carriers' APIs: one place for addresses, time limits, tokens and what each refusal means.

401 403              permanent: the credentials are not good
404                  permanent: not known there
408 425 429 5xx      temporary; Retry-After is kept
no answer            temporary
any other but 2xx    permanent, with the carrier's words
"""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from django.conf import settings

from shipping.carriers import parts
from shipping.carriers.base import CarrierError, Credentials

TIMEOUT = (5, 20)
MAX_BYTES = 5_000_000
_LATER = {408, 425, 429}
_SPARE = timedelta(minutes=1)
_tokens: dict[str, tuple[str, datetime]] = {}


def fetch(provider: str, base: str, method: str, path: str, *, now: datetime, **options: Any) -> bytes:
    """The body of a good answer. The setting CARRIER_URLS puts another address, such as a carrier's test system,
    in the place of `base`. Redirects are not followed: they would carry the credentials elsewhere."""
    url = settings.CARRIER_URLS.get(provider, base).rstrip("/") + path
    try:
        with requests.request(
            method, url, timeout=TIMEOUT, allow_redirects=False, stream=True, **options
        ) as answer:
            body = b""
            for piece in answer.iter_content(64 * 1024):
                body += piece
                if len(body) > MAX_BYTES:
                    raise CarrierError(f"The answer is over {MAX_BYTES} bytes.", permanent=True)
    except requests.RequestException as error:
        raise CarrierError(f"No answer ({type(error).__name__}).", permanent=False) from None
    if not 200 <= answer.status_code < 300:
        raise refusal(answer.status_code, answer.headers.get("Retry-After", ""), body, now=now)
    return body


def fetch_json(
    provider: str, base: str, method: str, path: str, *, now: datetime, **options: Any
) -> dict[str, Any]:
    return parts.load(fetch(provider, base, method, path, now=now, **options))


def refusal(status: int, retry_after: str, body: bytes, *, now: datetime) -> CarrierError:
    if status in (401, 403):
        return CarrierError(f"The credentials are refused (HTTP {status}).", permanent=True, status=status)
    if status == 404:
        return CarrierError("Not known there (HTTP 404).", permanent=True, status=status)
    if status in _LATER or status >= 500:
        wait = _seconds(retry_after, now)
        return CarrierError(f"Not now (HTTP {status}).", permanent=False, retry_after=wait, status=status)
    words = " ".join(body[:200].decode("utf-8", "replace").split())
    return CarrierError(f"HTTP {status}: {words}", permanent=True, status=status)


def _seconds(text: str, now: datetime) -> int | None:
    """Retry-After as seconds, of either of its two forms; no more than a day."""
    try:
        wait = int(text)
    except ValueError:
        try:
            wait = int((parsedate_to_datetime(text) - now).total_seconds())
        except (ValueError, TypeError):
            return None
    return min(max(wait, 0), 86_400)


def bearer(
    provider: str, credentials: Credentials, ask: Callable[[], dict[str, Any]], *, now: datetime
) -> str:
    """An OAuth token of the provider for these credentials: asked for once, and again when it runs out."""
    key = _key(provider, credentials)
    token, until = _tokens.get(key, ("", now))
    if token and until > now:
        return token
    said = ask()
    token = parts.text(said.get("access_token"), 10_000)
    if not token:
        raise CarrierError("The carrier gave no access token.", permanent=True)
    seconds = parts.text(said.get("expires_in"), 12)
    lasts = timedelta(seconds=min(int(seconds), 86_400)) if seconds.isdecimal() else timedelta(minutes=5)
    _tokens[key] = token, now + lasts - _SPARE
    return token


def fetch_signed_in(
    provider: str,
    base: str,
    method: str,
    path: str,
    *,
    credentials: Credentials,
    ask: Callable[[], dict[str, Any]],
    now: datetime,
    headers: dict[str, str] | None = None,
    **options: Any,
) -> dict[str, Any]:
    """`fetch_json` with a token. A cached token that the carrier took back is replaced once."""
    for last_try in (False, True):
        token = bearer(provider, credentials, ask, now=now)
        signed = {"Authorization": f"Bearer {token}", **(headers or {})}
        try:
            return fetch_json(provider, base, method, path, now=now, headers=signed, **options)
        except CarrierError as error:
            if error.status != 401 or last_try:
                raise
            forget_token(provider, credentials)
    raise AssertionError


def forget_token(provider: str, credentials: Credentials) -> None:
    """A token that the carrier no longer takes."""
    _tokens.pop(_key(provider, credentials), None)


def _key(provider: str, credentials: Credentials) -> str:
    pairs = sorted(credentials.items())
    where = settings.CARRIER_URLS.get(provider, "")
    return hashlib.sha256(repr((provider, where, pairs)).encode()).hexdigest()
