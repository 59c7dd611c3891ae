"""The flat picture of a piece of the globe: Mercator, centred where the stops are nearest together (pure)."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from shipping.route.outline import Window, rise

WIDTH, HEIGHT = 720, 420
MARGIN_X, MARGIN_Y = 96, 72
GRID = 8  # steps across a picture, and up
NARROWEST = 9.0  # degrees across the picture, so that a short way still shows where it lies
LONELY = 16.0  # the same where there is one town alone: its country can be known by its shape
HIGHEST = 80.0  # nearer to a pole Mercator has no room left
ONCE_AROUND = WIDTH / 360
Point = tuple[float, float]


def turned(lon: float) -> float:
    """The same meridian between -180 and 180."""
    return (lon + 180.0) % 360.0 - 180.0


@dataclass(frozen=True)
class Projection:
    lon: float
    height: float
    scale: float

    def stop(self, lat: float, lon: float) -> Point:
        """Where a stop lies in the picture, at its turn of the globe nearest to the middle."""
        height = rise(max(-HIGHEST, min(HIGHEST, lat)))
        return WIDTH / 2 + turned(lon - self.lon) * self.scale, HEIGHT / 2 - (
            height - self.height
        ) * self.scale

    @property
    def turn(self) -> float:
        """Once around the globe, in the picture's units."""
        return 360.0 * self.scale

    @property
    def window(self) -> Window:
        across, up = WIDTH / 2 / self.scale, HEIGHT / 2 / self.scale
        return Window(self.lon - across, self.height - up, self.lon + across, self.height + up)


def fitted(points: Sequence[Point]) -> Projection:
    """Shows all points (latitude, longitude) as large as may be, over the shortest arc that holds them."""
    west, across = shortest_arc([lon for _, lon in points])
    heights = [rise(max(-HIGHEST, min(HIGHEST, lat))) for lat, _ in points]
    up = max(heights) - min(heights)
    scale = _scale(across, up, MARGIN_X, MARGIN_Y)
    if not across and not up:
        scale = WIDTH / LONELY
    if scale < ONCE_AROUND:  # better narrow margins than the same land twice
        scale = min(ONCE_AROUND, _scale(across, up, MARGIN_X / 3, MARGIN_Y / 3))
    return _on_grid(turned(west + across / 2), (max(heights) + min(heights)) / 2, scale)


def _on_grid(lon: float, height: float, scale: float) -> Projection:
    """A little smaller and a little aside, so that the routes of one region share a view, and with it the land below, which costs
    most to draw. Half a step is less than the margins; a picture of the whole globe has narrow ones above and below."""
    steps = 4 * GRID
    if scale > ONCE_AROUND:
        scale, steps = max(ONCE_AROUND, 2 ** (math.floor(math.log2(scale) * 4) / 4)), GRID
    across, up = WIDTH / scale / GRID, HEIGHT / scale / steps
    return Projection(turned(round(lon / across) * across), round(height / up) * up, scale)


def _scale(across: float, up: float, margin_x: float, margin_y: float) -> float:
    fits = [WIDTH / NARROWEST]
    if across:
        fits.append((WIDTH - 2 * margin_x) / across)
    if up:
        fits.append((HEIGHT - 2 * margin_y) / up)
    return min(fits)


def shortest_arc(lons: Sequence[float]) -> tuple[float, float]:
    """Its western end and its width: what is left of the circle without the widest gap."""
    around = sorted({turned(lon) for lon in lons})
    gaps = [(after - before, after) for before, after in itertools.pairwise(around)]
    gaps.append((around[0] + 360.0 - around[-1], around[0]))
    gap, west = max(gaps)
    return west, max(0.0, 360.0 - gap)
