import hashlib
import secrets

from django.conf import settings
from django.db import models

from orders.models.base import MerchantOwned
from orders.models.merchant import Merchant

PREFIX = "trk_"


class ApiToken(MerchantOwned):
    """Lets a program read one merchant's data. Only the SHA-256 of the token is kept: with 256 random bits in it there is
    nothing to guess, and no slow hash is needed. `hint` is its first characters, to tell tokens apart."""

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=60, help_text="Which program uses it.")
    hint = models.CharField(max_length=12, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, editable=False
    )
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField("last used", null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "API token"
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"


def new_token() -> tuple[str, str, str]:
    """A token, its hint and its digest."""
    token = PREFIX + secrets.token_urlsafe(32)
    return token, token[:12], digest_of(token)


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
