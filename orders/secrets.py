"""Unguessable keys, human-safe codes, and secrets encrypted at rest."""

import base64
import hashlib
import secrets
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.db import models

# Crockford's base 32 (no I, L, O, U): survives bad print, gloves and being read aloud.
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def public_key() -> str:
    """128 random bits as 22 URL-safe characters."""
    return secrets.token_urlsafe(16)


def scan_code() -> str:
    """A parcel's code for Code 128: "P" and 11 Crockford characters (55 random bits)."""
    return "P" + "".join(secrets.choice(CROCKFORD) for _ in range(11))


@lru_cache(maxsize=4)
def _cipher(key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest()))


class EncryptedTextField(models.TextField):
    """Text that is ciphertext in the database (Fernet, key from the setting FIELD_KEY).

    A value that cannot be read with the present key comes back as "" rather than as an error, so that
    a lost key shows as "no secret set" where the secret is asked for.
    """

    def get_prep_value(self, value: Any) -> Any:
        text = super().get_prep_value(value)
        return _cipher(settings.FIELD_KEY).encrypt(text.encode()).decode() if text else text

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        if not value:
            return value
        try:
            return _cipher(settings.FIELD_KEY).decrypt(value.encode()).decode()
        except InvalidToken:
            return ""
