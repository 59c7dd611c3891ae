"""Lighthouse on the pages of the public, in Chromium, from a portal with demo data started for it.

    python benchmarks/lighthouse.py [least score, default 98] [folder for the full reports]

Exits 1 when a category of a page is under the least score. One audit is left out: `is-crawlable` counts down pages that
ask search engines to stay away, and a customer's own page must ask that.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.portal import running  # noqa: E402

LIGHTHOUSE = "lighthouse@13.5.0"
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
SKIPPED = "is-crawlable"
FIND = """
from shipping.models import Shipment
from notifications.wishes import preferences_link
found = Shipment.objects.filter(merchant__slug="olive-oak", tracking_status="in_transit").order_by("-status_at").first()
order = found.order
print(order.public_key, preferences_link(order, "email", order.email or "someone@example.com").partition("/n/")[2])
"""


def main(least: int, folder: Path) -> int:
    if shutil.which("npx") is None:
        print("Lighthouse needs Node.js (npx): install it and run this again.")
        return 2
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as var, running(Path(var)) as portal:
        key, signed = portal.manage("shell", "-v0", "-c", FIND).split()
        pages = [("tracking", f"/t/{key}/"), ("lookup", "/"), ("choices", f"/n/{signed}")]
        found = {name: _scores(name, portal.url + path, folder) for name, path in pages}
    print(f"Left out: {SKIPPED} (these pages ask search engines to stay away, on purpose).")
    for name, (scores, faults) in found.items():
        print(f"{name:<10}" + "  ".join(f"{kind} {score}" for kind, score in scores.items()))
        for fault in faults:
            print(f"    {fault}")
    scores = {name: row for name, (row, _) in found.items()}
    low = [name for name, row in scores.items() if min(row.values()) < least]
    print(json.dumps({"least": least, "skipped": [SKIPPED], "pages": scores, "goal_met": not low}))
    return 1 if low else 0


def _scores(name: str, url: str, folder: Path) -> tuple[dict[str, int], list[str]]:
    """Of a page the score of each category, and the audits that cost it something."""
    report = folder / f"{name}.json"
    command = [
        "npx", "--yes", LIGHTHOUSE, url, "--quiet", "--output=json", f"--output-path={report}",
        f"--only-categories={','.join(CATEGORIES)}", f"--skip-audits={SKIPPED}",
        "--chrome-flags=--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage",
    ]  # fmt: skip
    done = subprocess.run(
        command,
        check=False,
        env=os.environ | {"CHROME_PATH": _chromium()},
        capture_output=True,
        text=True,
        timeout=240,
    )
    if done.returncode != 0:
        raise SystemExit(f"Lighthouse failed on the {name} page:\n{done.stderr[-3000:]}")
    told: dict[str, Any] = json.loads(report.read_text())
    faults = [
        f"{kind}: {told['audits'][ref['id']]['title']} ({told['audits'][ref['id']].get('displayValue') or ref['id']})"
        for kind in CATEGORIES
        for ref in told["categories"][kind]["auditRefs"]
        if ref["weight"] and (told["audits"][ref["id"]]["score"] or 0) < 0.9
        and told["audits"][ref["id"]]["scoreDisplayMode"] not in ("notApplicable", "manual", "informative")
    ]  # fmt: skip
    return {kind: round(100 * (told["categories"][kind]["score"] or 0)) for kind in CATEGORIES}, faults


def _chromium() -> str:
    """The one that Playwright brought, or the system's."""
    given = os.environ.get("CHROME_PATH") or os.environ.get("CHROMIUM")
    if given:
        return given
    system = shutil.which("chromium") or shutil.which("google-chrome")
    if system:
        return system
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        return play.chromium.executable_path


if __name__ == "__main__":
    given = sys.argv[1:]
    raise SystemExit(
        main(
            int(given[0]) if given else 98, Path(given[1]) if len(given) > 1 else ROOT / "var" / "lighthouse"
        )
    )
