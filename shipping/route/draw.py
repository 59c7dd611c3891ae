"""A route as one SVG: colours and letters come from `static/css/route.css` by classes (pure but for the outlines)."""

import itertools
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from html import escape

from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from shipping.route.labels import Label, place, short
from shipping.route.outline import borders, land
from shipping.route.projection import HEIGHT, WIDTH, Point, Projection, fitted
from shipping.route.stops import DESTINATION, ORIGIN, Route

MOST_BYTES = 40_000  # of land and borders; coarser where a coast of skerries would take more
_FINEST, _COARSEST = 2, 64
_ALONG = (0.5, 0.35, 0.65, 0.2, 0.8, 0.05, 0.95)
"""Where on the way ahead the words for the next scan may stand."""


def svg(route: Route, key: str) -> SafeString:
    """`key` makes the ids of the title and the description the page's own. Empty for a route without stops."""
    if not route.stops:
        return SafeString("")
    key, title = escape(key), _("Map of the route")
    said, picture = _drawn(route, get_language())
    return SafeString(
        f'<svg class="route-map" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        f' aria-labelledby="{key}-title {key}-desc"><title id="{key}-title">{escape(title)}</title>'
        f'<desc id="{key}-desc">{said}</desc>{picture}</svg>'
    )


def segments(route: Route, view: Projection) -> list[tuple[bool, Point, Point]]:
    """The line from stop to stop, and whether it has been travelled. Where the other way around the globe is shorter it leaves
    the picture on one side and comes back on the other."""
    drawn: list[tuple[bool, Point, Point]] = []
    ends = [view.stop(*stop.point) for stop in route.stops]
    travelled = len(route.stops) - 1 if route.arrived else route.here or 0
    for at, (start, end) in enumerate(itertools.pairwise(ends)):
        if start == end:
            continue
        across = end[0] - start[0]
        shift = 0.0 if abs(across) <= view.turn / 2 else view.turn if across < 0 else -view.turn
        drawn.append((at < travelled, start, (end[0] + shift, end[1])))
        if shift:
            drawn.append((at < travelled, (start[0] - shift, start[1]), end))
    return drawn


@lru_cache(maxsize=256)
def _drawn(route: Route, _language: str | None) -> tuple[str, str]:
    return _said(route), _picture(route)


def _picture(route: Route) -> str:
    view = fitted([stop.point for stop in route.stops])
    points = [view.stop(*stop.point) for stop in route.stops]
    lines = segments(route, view)
    labels = place(_names(route, points, lines), points, [(start, end) for _, start, end in lines])
    return "".join(
        [
            _ground(view),
            _line("ahead", (ends for ends in lines if not ends[0])),
            _line("travelled", (ends for ends in lines if ends[0])),
            *(_dot(route, at, points[at]) for at in _lowest_first(route)),
            *(_text(label, route) for label in labels),
        ]
    )


def _said(route: Route) -> str:
    said = "; ".join(f"{part}: {stop.words}" for stop, part, _here in route.rows)
    if route.next_scan:
        return escape(_legal(f"{said}. {route.next_words}"))
    return escape(_legal(f"{said}."))


def _legal(text: str) -> str:
    """XML has no room for control characters and half surrogates, not even escaped."""
    return "".join(char if char.isprintable() else " " for char in text)


@lru_cache(maxsize=256)
def _ground(view: Projection) -> str:
    window = view.window.wider(4 / view.scale)
    rings, lines = list(land(window)), list(borders(window))
    step = _FINEST
    while True:
        ground = "".join(_path(view, ring, step, closed=True) for ring in rings)
        between = "".join(_path(view, line, step, closed=False) for line in lines)
        if len(ground) + len(between) <= MOST_BYTES or step >= _COARSEST:
            break
        step *= 2
    return f'<path class="land" d="{ground}"/><path class="borders" d="{between}"/>'


def _path(view: Projection, line: Sequence[Point], step: int, *, closed: bool) -> str:
    """Whole numbers, each point as its step from the one before, none nearer than `step` to it."""
    scale, left, top = view.scale, WIDTH / 2 - view.lon * view.scale, HEIGHT / 2 + view.height * view.scale
    flat = [(round(left + across * scale), round(top - up * scale)) for across, up in line]
    x, y = flat[0]
    head, parts = f"M{x} {y}l", []
    for far_x, far_y in flat[1:-1] if not closed else flat[1:]:
        dx, dy = far_x - x, far_y - y
        if abs(dx) + abs(dy) >= step:
            parts.append(f"{dx} {dy}")
            x, y = far_x, far_y
    if not closed and flat[-1] != (x, y):
        parts.append(f"{flat[-1][0] - x} {flat[-1][1] - y}")
    if len(parts) < (2 if closed else 1):
        return ""
    return head + " ".join(parts).replace(" -", "-") + ("z" if closed else "")


def _line(kind: str, lines: Iterable[tuple[bool, Point, Point]]) -> str:
    path = "".join(f"M{start[0]:.0f} {start[1]:.0f}L{end[0]:.0f} {end[1]:.0f}" for _, start, end in lines)
    return f'<path class="{kind}" d="{path}"/>' if path else ""


def _lowest_first(route: Route) -> list[int]:
    """What matters most is drawn last, over the others."""
    return sorted(range(len(route.stops)), key=lambda at: _weight(route, at))


def _weight(route: Route, at: int) -> tuple[int, int]:
    stop = route.stops[at]
    if at == route.here:
        return 4, at
    return {DESTINATION: 3, ORIGIN: 2}.get(stop.kind, 1 if stop.note else 0), at


def _dot(route: Route, at: int, point: Point) -> str:
    stop, here = route.stops[at], at == route.here
    kind = "here" if here else "reached" if stop.reached else "to-come"
    x, y = f"{point[0]:.0f}", f"{point[1]:.0f}"
    ring = f'<circle class="glow" cx="{x}" cy="{y}" r="20"/>' if here else ""
    size = 11 if here or stop.kind in (ORIGIN, DESTINATION) else 7
    return f'{ring}<circle class="stop {stop.kind} {kind}" cx="{x}" cy="{y}" r="{size}"/>'


def _names(
    route: Route, points: Sequence[Point], lines: Sequence[tuple[bool, Point, Point]]
) -> list[tuple[str, Sequence[Point]]]:
    weighty = sorted(range(len(route.stops)), key=lambda at: _weight(route, at), reverse=True)
    names: list[tuple[str, Sequence[Point]]] = [(route.stops[at].name, [points[at]]) for at in weighty]
    ahead = [ends for ends in lines if not ends[0]]
    if route.next_scan and ahead:
        (_, (x, y), (far_x, far_y)) = ahead[0]
        spots = [(x + (far_x - x) * part, y + (far_y - y) * part) for part in _ALONG]
        names.insert(3, (_brief(route), spots))
    return names


def _brief(route: Route) -> str:
    return re.split("[;；؛]", route.next_scan)[0]


def _text(label: Label, route: Route) -> str:
    kind = "label next" if route.next_scan and label.text == short(_brief(route)) else "label"
    where = f'x="{label.x:.0f}" y="{label.y:.0f}"'
    # Left to right throughout, so that "start" is the left side of an Arabic name too.
    return f'<text class="{kind}" {where} text-anchor="{label.anchor}" direction="ltr">{escape(label.text)}</text>'
