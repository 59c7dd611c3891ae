"""How fast paper comes out: packing slips of five lines and labels, each with its codes, in one process and in two.

    .venv/bin/python benchmarks/bench_print.py [parcels]      # 500
    .venv/bin/python benchmarks/bench_print.py --memory 5000  # what one worker holds over a long run

The baselines are how it is usually done: one document per order, flex and table layout, its CSS parsed every time;
one for slips and one for labels. One process is compared by its own CPU seconds, so what else the machine does hardly
shows; two processes by the wall clock, against the baseline's wall clock, and need two free cores.
"""

import json
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
_scratch = tempfile.TemporaryDirectory()
os.environ |= {
    "VAR_DIR": _scratch.name,
    "DATABASE_URL": f"sqlite:///{_scratch.name}/bench.sqlite3",
    "DJANGO_SETTINGS_MODULE": "tracker.settings",
    "LOG_LEVEL": "ERROR",
}

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.template import Context, Engine  # noqa: E402

from orders.models import Merchant  # noqa: E402
from orders.place import IncomingLine  # noqa: E402
from shipping.documents.contexts import Papers, contexts_for  # noqa: E402
from shipping.documents.sheets import papers_pdf  # noqa: E402
from tests.factories import make_merchant, make_shipment  # noqa: E402

CHUNK, BASELINE = 50, 20
LINES = tuple(
    IncomingLine(sku, quantity, name, Decimal("9.50"))
    for sku, quantity, name in (
        ("MUG-BLU-350", 2, "Blue enamel mug, 350 ml"),
        ("TEA-SEN-100", 1, "Green tea “Sencha”, loose leaf, 100 g"),
        ("CND-WAX-07", 6, "Beeswax candle, hand-dipped"),
        ("BOOK-978316", 1, "The Lighthouse Keeper’s Almanac, second edition"),
        ("GIFT-WRAP", 1, "Gift wrap, recycled kraft paper"),
    )
)
NAIVE = """<!DOCTYPE html><html><head><meta charset="utf-8"><style>
@page { size: A4; margin: 16mm } body { font-family: "Noto Sans", sans-serif; font-size: 9.5pt; color: #16191d }
header, .addresses, footer { display: flex; justify-content: space-between } header { border-bottom: 1mm solid #1f4e8c }
h1 { font-size: 22pt; color: #1f4e8c } .to { font-size: 13pt } small { color: #646c75; text-transform: uppercase }
table { width: 100%; border-collapse: collapse; margin-top: 8mm } td, th { padding: 2mm; border-bottom: .2mm solid #bbb; text-align: left }
.qr svg { width: 27mm; height: 27mm } .bars svg { width: 62mm; height: 15mm } footer { margin-top: 20mm }
</style></head><body><header><h1>{{ s.brand.name }}</h1><div><small>Packing slip</small><h1>{{ s.order }}</h1></div></header>
<div class="addresses"><div class="to"><small>Ship to</small>{% for line in s.to.lines %}<div>{{ line }}</div>{% endfor %}</div>
<div><small>From</small>{% for line in s.sender %}<div>{{ line }}</div>{% endfor %}</div>
<div><small>Order date</small><div>{{ s.date }}</div><small>Parcel</small><div>{{ s.parcel }} of {{ s.parcels }}</div></div></div>
<table><tr><th>Qty</th><th>Item</th><th>SKU</th><th>Bin</th></tr>
{% for i in s.items %}<tr><td>{{ i.quantity }}</td><td>{{ i.name }}</td><td>{{ i.sku }}</td><td>{{ i.bin }}</td></tr>{% endfor %}</table>
<footer><div class="qr">{{ qr|safe }}</div><div>Follow your order<br>{{ s.link }}<br>{{ s.brand.contact }}</div>
<div class="bars">{{ bars|safe }}<div>{{ s.code }}</div></div></footer></body></html>"""


NAIVE_LABEL = """<!DOCTYPE html><html><head><meta charset="utf-8"><style>
@page { size: 4in 6in; margin: 5mm } body { font-family: "Noto Sans", sans-serif; font-size: 8pt }
header, .facts { display: flex; justify-content: space-between; border-bottom: .5mm solid } .to { font-size: 18pt; height: 46mm }
.facts b { font-size: 13pt } .bars { text-align: center } .bars svg { width: 84mm; height: 29mm } h2, h3 { text-align: center }
</style></head><body><header><div>From{% for line in l.sender %}<div>{{ line }}</div>{% endfor %}</div><h2>{{ l.carrier }}</h2></header>
<div class="to">Ship to{% for line in l.to.lines %}<div>{{ line }}</div>{% endfor %}</div>
<div class="facts"><div>Order<br><b>{{ l.order }}</b></div><div>Parcel<br><b>{{ l.parcel }} of {{ l.parcels }}</b></div>
<div>Weight<br><b>{{ l.weight }}</b></div></div><div class="bars">{{ bars|safe }}</div><h3>{{ l.code }}</h3></body></html>"""


def bars_of(code: str) -> str:
    import zxingcpp

    svg = zxingcpp.write_barcode_to_svg(zxingcpp.create_barcode(code, zxingcpp.Code128))
    return svg[svg.index("<svg") :].replace("<svg ", '<svg viewBox="0 0 170 50" ', 1)


def naive_slips(papers: list[Papers]) -> None:
    import segno
    from weasyprint import HTML

    template = Engine().from_string(NAIVE)
    for paper in papers:
        qr = segno.make_qr(paper.slip.link, error="m").svg_inline()
        context = Context({"s": paper.slip, "qr": qr, "bars": bars_of(paper.slip.code)})
        HTML(string=template.render(context)).write_pdf()


def naive_labels(papers: list[Papers]) -> None:
    from weasyprint import HTML

    template = Engine().from_string(NAIVE_LABEL)
    for paper in papers:
        context = Context({"l": paper.label, "bars": bars_of(paper.label.code)})
        HTML(string=template.render(context)).write_pdf()


def ours(kind: str, merchant: Merchant, ids: list[int]) -> int:
    return sum(
        papers_pdf(kind, contexts_for(merchant, ids[at : at + CHUNK])).pages
        for at in range(0, len(ids), CHUNK)
    )


def clocked(work: Callable[[], object], count: int) -> tuple[float, float]:
    """Milliseconds of CPU and of wall clock a parcel."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return (time.process_time() - cpu) / count * 1000, (time.perf_counter() - wall) / count * 1000


def in_two(kind: str, merchant: Merchant, ids: list[int]) -> float:
    """Milliseconds of wall clock a parcel in two warm processes, each with every other chunk."""
    chunks = [ids[at : at + CHUNK] for at in range(0, len(ids), CHUNK)]
    connection.close()
    context = multiprocessing.get_context("fork")
    ready, go = context.Barrier(3), context.Barrier(3)

    def work(mine: list[list[int]]) -> None:
        ours(kind, merchant, mine[0][:2])
        ready.wait()
        go.wait()
        for chunk in mine:
            ours(kind, merchant, chunk)

    workers = [context.Process(target=work, args=(chunks[start::2],)) for start in (0, 1)]
    for worker in workers:
        worker.start()
    ready.wait()
    began = time.perf_counter()
    go.wait()
    for worker in workers:
        worker.join()
    if any(worker.exitcode for worker in workers):
        raise SystemExit("a worker failed")
    return (time.perf_counter() - began) / len(ids) * 1000


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def memory(count: int) -> None:
    """One worker makes slip and label of so many parcels, chunk by chunk; what it holds meanwhile."""
    merchant, ids = shop(500)
    held = []
    for at in range(0, count, CHUNK):
        ours("both", merchant, [ids[index % len(ids)] for index in range(at, min(at + CHUNK, count))])
        if at % 1000 == 0:
            held.append(round(resident_mb()))
    print(
        f"{count} slips and labels, chunk by chunk; resident MB after each 1,000: {held}; peak {peak_mb():.0f}"
    )
    print(
        json.dumps({"name": "print-memory", "measured": {"peak_rss_mb": round(peak_mb()), "held_mb": held}})
    )


def shop(count: int) -> tuple[Merchant, list[int]]:
    call_command("migrate", verbosity=0)
    merchant = make_merchant(footer="Returns within 30 days; please keep this slip.")
    return merchant, [make_shipment(merchant, lines=LINES).pk for _ in range(count)]


def main() -> None:
    if sys.argv[1:2] == ["--memory"]:
        memory(int(sys.argv[2]) if len(sys.argv) > 2 else 5000)
        return
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    merchant, ids = shop(count)
    papers = contexts_for(merchant, ids[:BASELINE])
    ours("both", merchant, ids[:2])  # all ways warm
    figures, ratios = {}, {}
    for kind, naive in (("slips", naive_slips), ("labels", naive_labels)):
        naive(papers[:2])
        usual = [clocked(lambda: naive(papers), len(papers))]  # noqa: B023
        cpu, wall = clocked(lambda: ours(kind, merchant, ids), count)  # noqa: B023
        two = in_two(kind, merchant, ids)
        usual.append(clocked(lambda: naive(papers), len(papers)))  # noqa: B023  (the machine may have changed pace)
        base_cpu, base_wall = (min(values) for values in zip(*usual, strict=True))
        figures[kind] = {"baseline_ms": round(base_cpu, 1), "one_ms": round(cpu, 2), "two_ms": round(two, 2)}
        ratios[kind] = {"one": round(base_cpu / cpu, 1), "two": round(base_wall / two, 1)}
        print(
            f"{kind}: usual {base_cpu:.1f} ms CPU each; ours {cpu:.1f} ms CPU in one process ({1000 / wall:.0f} a "
            f"second), {two:.1f} ms in two ({1000 / two:.0f} a second): {ratios[kind]['one']} and "
            f"{ratios[kind]['two']} times as fast"
        )
    print(f"peak memory {peak_mb():.0f} MB with {count} parcels in chunks of {CHUNK}")
    print(json.dumps({"name": "print", "measured": figures, "ratio": ratios}))


if __name__ == "__main__":
    main()
