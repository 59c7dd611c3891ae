"""How fast paper comes out: packing slips and labels of five lines, each with its codes, in one process.

    .venv/bin/python benchmarks/bench_print.py [parcels]

The baseline is how it is usually done: one document per order, flex and table layout, its CSS parsed every
time. Times are the process's own CPU seconds, so what else the machine does hardly shows.
"""

import json
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


def naive(papers: list[Papers]) -> None:
    import segno
    import zxingcpp
    from weasyprint import HTML

    template = Engine().from_string(NAIVE)
    for paper in papers:
        qr = segno.make_qr(paper.slip.link, error="m").svg_inline()
        svg = zxingcpp.write_barcode_to_svg(zxingcpp.create_barcode(paper.slip.code, zxingcpp.Code128))
        bars = svg[svg.index("<svg") :].replace("<svg ", '<svg viewBox="0 0 170 50" ', 1)
        HTML(string=template.render(Context({"s": paper.slip, "qr": qr, "bars": bars}))).write_pdf()


def ours(kind: str, merchant: Merchant, ids: list[int]) -> int:
    return sum(
        papers_pdf(kind, contexts_for(merchant, ids[at : at + CHUNK])).pages
        for at in range(0, len(ids), CHUNK)
    )


def clocked(work: Callable[[], object], count: int) -> tuple[float, float]:
    """Milliseconds of CPU a parcel, and parcels a second of wall clock."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return (time.process_time() - cpu) / count * 1000, count / (time.perf_counter() - wall)


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    call_command("migrate", verbosity=0)
    merchant = make_merchant(footer="Returns within 30 days; please keep this slip.")
    ids = [make_shipment(merchant, lines=LINES).pk for _ in range(count)]
    papers = contexts_for(merchant, ids[:BASELINE])
    naive(papers[:2])
    ours("both", merchant, ids[:2])  # both ways warm

    usual, _ = clocked(lambda: naive(papers), len(papers))
    usual_mb = peak_mb()
    slip, slips_a_second = clocked(lambda: ours("slips", merchant, ids), count)
    label, labels_a_second = clocked(lambda: ours("labels", merchant, ids), count)
    again, _ = clocked(lambda: naive(papers), len(papers))  # the machine may have changed its pace meanwhile
    baseline = min(usual, again)
    print(f"usual: {baseline:.1f} ms CPU a slip, one document an order (peak {usual_mb:.0f} MB)")
    print(
        f"ours:  {slip:.1f} ms CPU a slip ({slips_a_second:.0f} a second), "
        f"{label:.1f} a label ({labels_a_second:.0f} a second)"
    )
    print(f"peak memory {peak_mb():.0f} MB with {count} parcels in chunks of {CHUNK}")
    print(
        json.dumps(
            {
                "name": "print",
                "measured": {
                    "slip_ms": round(slip, 1),
                    "label_ms": round(label, 1),
                    "peak_rss_mb": round(peak_mb()),
                },
                "baseline": {"slip_ms": round(baseline, 1)},
                "ratio": round(baseline / slip, 2),
            }
        )
    )


if __name__ == "__main__":
    main()
