"""Pictures of the tracking page in every state: python docs/states.py [folder, default var/states] [part of a name ...]

Phone and desktop, light and dark, in German, Arabic and Japanese, named language-state-window-scheme.png; the phone's are
full pages, of which the first 640 points are above the fold.
"""

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

from playwright.sync_api import sync_playwright  # noqa: E402
from screenshots import launch  # noqa: E402

from tests.portal import running  # noqa: E402

WINDOWS = {"phone": {"width": 360, "height": 640}, "desk": {"width": 1280, "height": 860}}
SCHEMES = ("light", "dark")
LANGUAGES = ("de", "ar", "ja")
MAKE = """
from django.utils import timezone
from orders.access import Tier, pass_for
from tests.states import all_of
for language in %r:
    made = all_of(language, timezone.now())
    for state, order in made.items():
        print(language, state, order.public_key, "-")
    for tier, state in ((Tier.PROVEN, "several"), (Tier.CODE, "rated")):
        print(language, f"{state}-tier{tier.value}", made[state].public_key, pass_for(made[state], tier))
"""


def main(folder: Path, wanted: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    taken = 0
    with (
        tempfile.TemporaryDirectory() as var,
        running(Path(var), demo=False) as portal,
        sync_playwright() as play,
    ):
        pages = [
            line.split() for line in portal.manage("shell", "-v0", "-c", MAKE % (LANGUAGES,)).splitlines()
        ]
        browser = launch(play)
        for window, viewport in WINDOWS.items():
            for scheme in SCHEMES:
                context = browser.new_context(base_url=portal.url, viewport=viewport, color_scheme=scheme)
                page = context.new_page()
                for language, state, key, proof in pages:
                    name = f"{language}-{state}-{window}-{scheme}.png"
                    if wanted and not any(part in name for part in wanted):
                        continue
                    if proof != "-":
                        cookie = {
                            "name": "tracking",
                            "value": proof,
                            "domain": "127.0.0.1",
                            "path": f"/t/{key}/",
                        }
                        context.add_cookies([cookie])
                    page.goto(f"/t/{key}/?lang={language}")
                    wide = page.evaluate(
                        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                    )
                    assert wide <= 0, f"{name} is {wide} px too wide"
                    page.screenshot(path=folder / name, full_page=True)
                    taken += 1
        browser.close()
    print(f"{taken} pictures in {folder}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "var" / "states", sys.argv[2:])
