"""The vendors' bodies beside this file, and their signatures made by hand as the vendors' pages say."""

import base64
import hashlib
import hmac
import json
import unicodedata
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

BODIES = Path(__file__).parent / "bodies"
SHARED = Path(__file__).parents[3] / "shared" / "data" / "payloads"
SECRET = "sécret"
VENDORS = ["easypost", "shippo", "aftership", "17track"]
EVENTS = {
    "easypost": ("result", "tracking_details"),
    "shippo": ("data", "tracking_history"),
    "aftership": ("msg", "checkpoints"),
    "17track": ("data", "track_info", "tracking", "providers"),
}
"""Where each body keeps its list of events."""


def body(vendor):
    return json.loads((BODIES / f"{vendor}.json").read_text("utf-8"))


def events_of(vendor, data):
    for key in EVENTS[vendor]:
        data = data[key]
    return data


def dumped(data):
    return json.dumps(data, ensure_ascii=False).encode()


def sign(vendor, raw, *, now, secret=SECRET, path="/"):
    key = secret.encode()
    if vendor == "easypost":
        key = unicodedata.normalize("NFKD", secret).encode()
        return {"X-Hmac-Signature": "hmac-sha256-hex=" + hmac.new(key, raw, hashlib.sha256).hexdigest()}
    if vendor == "easypost-v2":
        key, stamp = unicodedata.normalize("NFKD", secret).encode(), format_datetime(now)
        said = f"{stamp}POST{path}".encode() + raw
        signature = "hmac-sha256-hex=" + hmac.new(key, said, hashlib.sha256).hexdigest()
        return {"X-Hmac-Signature-V2": signature, "X-Timestamp": stamp, "X-Path": path}
    if vendor == "shippo":
        stamp = str(int(now.timestamp()))
        said = hmac.new(key, stamp.encode() + b"." + raw, hashlib.sha256).hexdigest()
        return {"Shippo-Auth-Signature": f"t={stamp},v1={said}"}
    if vendor == "aftership":
        said = hmac.new(key, raw, hashlib.sha256).digest()
        return {"aftership-hmac-sha256": base64.b64encode(said).decode()}
    return {"sign": hashlib.sha256(raw + b"/" + key).hexdigest()}


MINUTE = timedelta(minutes=1)
