"""Packs the world's outlines (TopoJSON of the npm package world-atlas) into the file that `outline` reads."""

import json
import math
import zipfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Point = tuple[float, float]
Line = list[Point]
TOLERANCE = {"near": 0.0, "mid": 0.05, "far": 0.2}
"""How far, in degrees, a line of each level of detail may stray from the source's."""


def build(source: Path, target: Path) -> dict[str, int]:
    """`source` is `countries-50m.json` of world-atlas. Raises ValueError for another kind of file."""
    topology = json.loads(source.read_text("utf-8"))
    if topology.get("type") != "Topology" or "countries" not in topology.get("objects", {}):
        raise ValueError("This is no TopoJSON of countries; use countries-50m.json of world-atlas.")
    arcs = _decoded(topology)
    geometries = topology["objects"]["countries"]["geometries"]
    counted: dict[str, int] = {}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_LZMA) as archive:
        for level, tolerance in TOLERANCE.items():
            lines = [simplified(arc, tolerance) for arc in arcs]
            rings = [
                ring for geometry in geometries for ring in _rings(geometry, lines) if _shown(ring, tolerance)
            ]
            borders = [_unwrapped(lines[number]) for number in _shared(geometries)]
            packed = {
                "land": [_packed(ring) for ring in rings],
                "borders": [_packed(line) for line in borders],
            }
            content = json.dumps(packed, separators=(",", ":")).encode()
            archive.writestr(
                zipfile.ZipInfo(f"{level}.json", (2000, 1, 1, 0, 0, 0)), content, zipfile.ZIP_LZMA
            )
            counted[level] = sum(len(line) // 2 for lines in packed.values() for line in lines)
    return counted


def _decoded(topology: dict[str, Any]) -> list[Line]:
    (across, up), (west, south) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs: list[Line] = []
    for deltas in topology["arcs"]:
        x = y = 0
        line: Line = []
        for dx, dy in deltas:
            x, y = x + dx, y + dy
            line.append((x * across + west, y * up + south))
        arcs.append(line)
    return arcs


def _polygons(geometry: dict[str, Any]) -> list[list[list[int]]]:
    return {"Polygon": lambda: [geometry["arcs"]], "MultiPolygon": lambda: geometry["arcs"]}[
        geometry["type"]
    ]()


def _rings(geometry: dict[str, Any], arcs: list[Line]) -> Iterable[Line]:
    """Outer rings only: what lies in a hole is another country, and is drawn as such."""
    for polygon in _polygons(geometry):
        ring: Line = []
        for number in polygon[0]:
            arc = arcs[number] if number >= 0 else arcs[~number][::-1]
            ring += arc[1:] if ring else arc
        yield _unwrapped(ring)


def _unwrapped(line: Line) -> Line:
    """Over the antimeridian it goes on beyond 180 degrees, and does not run back across the whole picture. A ring around the
    pole is closed at the pole."""
    found: Line = []
    shift = 0.0
    for lon, lat in line:
        if found:
            step = lon + shift - found[-1][0]
            shift -= 360.0 * round(step / 360.0)
        found.append((lon + shift, lat))
    around = found[-1][0] - found[0][0] if found else 0.0
    if abs(around) > 180 and line[0] == line[-1]:
        pole = math.copysign(90.0, found[0][1])
        found += [(found[-1][0], pole), (found[0][0], pole), found[0]]
    return found


def _shared(geometries: list[dict[str, Any]]) -> list[int]:
    """Arcs with a country on either side; the others are coasts."""
    users = Counter(
        number
        for geometry in geometries
        for number in {
            arc if arc >= 0 else ~arc for polygon in _polygons(geometry) for ring in polygon for arc in ring
        }
    )
    return sorted(number for number, countries in users.items() if countries > 1)


def _shown(ring: Line, tolerance: float) -> bool:
    xs, ys = [x for x, _ in ring], [y for _, y in ring]
    return len(ring) >= 4 and max(max(xs) - min(xs), max(ys) - min(ys)) > tolerance


def _packed(line: Line) -> list[int]:
    """Hundredths of a degree, each point as its step from the one before."""
    steps: list[int] = []
    x = y = 0
    for lon, lat in line:
        now_x, now_y = round(lon * 100), round(lat * 100)
        if not steps or (now_x, now_y) != (x, y):
            steps += [now_x - x, now_y - y]
        x, y = now_x, now_y
    return steps


def simplified(line: Line, tolerance: float) -> Line:
    """Douglas and Peucker; a closed line is halved at its far point first, so that an island stays one."""
    if tolerance <= 0 or len(line) < 3:
        return line
    if line[0] == line[-1]:
        far = max(range(len(line)), key=lambda at: math.dist(line[0], line[at]))
        return simplified(line[: far + 1], tolerance)[:-1] + simplified(line[far:], tolerance)
    kept = {0, len(line) - 1}
    spans = [(0, len(line) - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        far = max(range(first + 1, last), key=lambda at: _off(line[at], line[first], line[last]))
        if _off(line[far], line[first], line[last]) > tolerance:
            kept.add(far)
            spans += [(first, far), (far, last)]
    return [line[at] for at in sorted(kept)]


def _off(point: Point, first: Point, last: Point) -> float:
    (px, py), (ax, ay), (bx, by) = point, first, last
    length = math.hypot(bx - ax, by - ay)
    if length == 0:
        return math.dist(point, first)
    along = max(0.0, min(1.0, ((px - ax) * (bx - ax) + (py - ay) * (by - ay)) / length**2))
    return math.dist(point, (ax + along * (bx - ax), ay + along * (by - ay)))
