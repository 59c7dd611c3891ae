"""How long it takes to learn from a shop's past parcels and to ask, beside plain lane quantiles over the same parcels.

    python benchmarks/bench_promise.py [parcels, default 100000]

Made-up parcels of the last 45 days on 40 × 80 lanes of four carriers. The baseline groups the same parcels by lane and
takes numpy.quantile of each. The last line is one JSON object.
"""

import json
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from shipping.promise.backtest import trained  # noqa: E402
from shipping.promise.transit import History, Snapshot  # noqa: E402


def main(count: int) -> None:
    history, at = made_up(count)
    began = time.perf_counter()
    lanes: dict[tuple[str, str], list[float]] = {}
    took = history.delivered - history.handed_over
    for origin, destination, days in zip(history.origin, history.destination, took, strict=True):
        lanes.setdefault((origin, destination), []).append(days)
    for days in lanes.values():
        np.quantile(days, [0.5, 0.9])
    plain = time.perf_counter() - began
    began = time.perf_counter()
    model = trained(history, at=at)
    learned = time.perf_counter() - began
    data = model.to_bytes()
    began = time.perf_counter()
    model = Snapshot.from_bytes(data)
    loaded = time.perf_counter() - began
    asked, worked = [], []
    for index in range(0, count, max(1, count // 300)):
        parcel = history.parcel(index)
        began, cpu = time.perf_counter(), time.process_time()
        curve = model.curve(parcel)
        assert curve is not None and curve.quantile(0.9) > 0
        asked.append((time.perf_counter() - began) * 1000)
        worked.append((time.process_time() - cpu) * 1000)
    cuts = statistics.quantiles(asked, n=20)
    print(f"lane quantiles of {count:,} parcels: {plain:.2f} s")
    print(
        f"learned and calibrated: {learned:.1f} s; kept as {len(data) / 1e6:.2f} MB, read back in {loaded * 1000:.0f} ms"
    )
    cpu_p95 = statistics.quantiles(worked, n=20)[18]
    print(
        f"asked: p50 {cuts[9]:.2f} ms, p95 {cuts[18]:.2f} ms, most {max(asked):.2f} ms; CPU p95 {cpu_p95:.2f} ms"
    )
    print(json.dumps({"parcels": count, "refit_s": round(learned, 1), "goal_refit_s": 60, "ask_p95_ms": round(cuts[18], 2),
                      "ask_cpu_p95_ms": round(cpu_p95, 2), "goal_ask_ms": 5,
                      "ratio_to_lane_quantiles": round(learned / plain, 1)}))  # fmt: skip


def made_up(count: int) -> tuple[History, float]:
    draw, start = np.random.default_rng(1), 20_000.0
    handed = start + np.sort(draw.uniform(0, 45, count))
    lane = draw.integers(0, 80, count)
    return History(
        carrier=draw.choice(["dhl", "ups", "gls", "dpd"], count),
        service=draw.choice(["", "express"], count),
        origin=np.char.add("O-", draw.integers(0, 40, count).astype(str)),
        destination=np.char.add("D-", lane.astype(str)),
        handed_over=handed,
        delivered=handed + draw.gamma(4.0, 1.0, count) + lane / 20,
        lead=np.where(draw.random(count) < 0.5, draw.integers(3, 15, count), np.nan).astype(float),
    ), start + 45


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
