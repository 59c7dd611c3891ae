import io
import tracemalloc
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command

from orders.intake import jobs
from orders.intake.sheet import COLUMNS, read_orders
from orders.intake.text import Unreadable, open_text
from orders.models import ImportJob, Order, Product
from tests.factories import NOW

HEAD = (
    "order_id,placed_at,email,name,address1,city,postal_code,country,sku,product_name,quantity,unit_price\n"
)
GOOD = "A1,2026-03-04T10:30,a@b.example,Ada,Road 1,Berlin,10115,DE,MUG,Blue mug,2,9.50\n"


def job_of(merchant, text, dry_run=False):
    data = text if isinstance(text, bytes) else text.encode()
    job = jobs.start(merchant=merchant, user=None, file=io.BytesIO(data), filename="o.csv", dry_run=dry_run)
    jobs.run(job.pk, now=NOW)
    job.refresh_from_db()
    return job, [(issue.row, issue.column, issue.message) for issue in job.issues.all()]


@pytest.mark.django_db
class TestJob:
    def test_rows_of_one_order_make_one_order(self, merchant):
        job, issues = job_of(
            merchant, HEAD + GOOD + GOOD.replace("MUG,Blue mug,2", "TEA,Tea,1") + GOOD.replace("A1", "A2")
        )
        assert (job.state, job.rows, job.created_orders, issues) == ("done", 3, 2, [])
        order = Order.objects.get(external_id="A1")
        assert [line.sku for line in order.lines.all()] == ["MUG", "TEA"]
        assert order.placed_at.isoformat() == "2026-03-04T09:30:00+00:00"  # read in the merchant's zone

    def test_a_bad_row_is_named_and_nothing_of_its_order_is_written(self, merchant):
        bad = GOOD.replace("A1", "A9") + GOOD.replace("A1", "A9").replace(",2,9.50", ",two,9,50")
        job, issues = job_of(merchant, HEAD + GOOD + bad + GOOD.replace("A1", "A2"))
        assert (job.created_orders, job.refused_orders) == (2, 1)
        assert issues == [(4, "", "The row has 13 cells; the header has 12. Is a comma or a quotation mark missing?"),
                          (4, "quantity", "“two” is no whole number")]  # fmt: skip
        assert not Order.objects.filter(external_id="A9").exists()

    def test_what_place_refuses_is_named_by_row_and_column(self, merchant):
        bad = GOOD.replace("a@b.example", "nope").replace(",DE,", ",Germany,")
        _, issues = job_of(merchant, HEAD + bad)
        assert [(row, column) for row, column, _ in issues] == [(2, "email"), (2, "country")]

    def test_check_only_says_the_same_and_stores_nothing(self, merchant):
        text = HEAD + GOOD + GOOD.replace("A1", "A2").replace(",2,", ",0,")
        dry, dry_issues = job_of(merchant, text, dry_run=True)
        assert not Order.objects.exists() and not Product.objects.exists()
        wet, wet_issues = job_of(merchant, text)
        assert (dry.created_orders, dry.refused_orders, dry_issues) == (
            wet.created_orders,
            wet.refused_orders,
            wet_issues,
        )
        assert (wet.created_orders, wet.refused_orders) == (1, 1)

    def test_the_same_file_again_changes_nothing(self, merchant):
        job_of(merchant, HEAD + GOOD)
        job, issues = job_of(merchant, HEAD + GOOD)
        assert (job.created_orders, job.existing_orders, issues) == (0, 1, [])
        job, issues = job_of(merchant, HEAD + GOOD.replace("Berlin", "Bonn"))
        assert issues == [(2, "order_id", "is in already, with other content; it was left as it is")]

    def test_rows_of_one_order_far_apart_are_refused(self, merchant):
        _, issues = job_of(merchant, HEAD + GOOD + GOOD.replace("A1", "A2") + GOOD)
        assert issues == [
            (4, "order_id", "is further up in this file too; put the rows of one order next to each other")
        ]

    @pytest.mark.parametrize(
        ("data", "says"),
        [
            (b"", "Missing: order_id"),
            (b"order_id,sku\n1,2\n", "Missing: placed_at"),
            (b"PK\x03\x04 a spreadsheet", "spreadsheet file"),
            (b"\x00\x01\x02", "no text file"),
            (
                (HEAD + GOOD).encode() + b"A2,2026-03-04T10:30,a@b.example,J\xfcrgen,R,B,1,DE,M,M,1,1\n",
                "not UTF-8",
            ),
            ((HEAD + "A1," + "x" * 10_000_000).encode(), "200,000 is the most"),
            ((HEAD + '"A1\n' + "x,y\n" * 100_000).encode(), "field larger than field limit"),
        ],
        ids=["empty", "columns", "xlsx", "binary", "latin-1", "10MB-cell", "open-quote"],
    )
    def test_a_file_that_is_no_such_sheet_says_what_to_do(self, merchant, data, says):
        job, _ = job_of(merchant, data)
        assert job.state == ImportJob.State.FAILED and says in job.message

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
    @pytest.mark.parametrize("comma", [",", ";", "\t"])
    def test_what_spreadsheets_write_is_read(self, merchant, encoding, comma):
        text = (HEAD + GOOD.replace("Ada", "Zoë 田中")).replace(",", comma)
        job, issues = job_of(merchant, text.encode(encoding))
        assert (job.created_orders, issues) == (1, [])
        assert Order.objects.get().ship_to.name == "Zoë 田中"

    def test_formulas_are_text(self, merchant):
        _, issues = job_of(
            merchant, HEAD + GOOD.replace("Blue mug", '"=HYPERLINK(""x"")"').replace("Ada", "'=1+1")
        )
        order = Order.objects.get()
        assert (order.lines.get().name, order.ship_to.name, issues) == ('=HYPERLINK("x")', "=1+1", [])

    def test_a_job_is_run_by_one_worker_and_found_when_it_died(self, merchant):
        job = jobs.start(
            merchant=merchant, user=None, file=io.BytesIO((HEAD + GOOD).encode()), filename="o", dry_run=False
        )
        ImportJob.objects.filter(pk=job.pk).update(state="running", touched_at=NOW)
        jobs.run(job.pk, now=NOW)
        assert not Order.objects.exists()
        later = NOW + jobs.STALE * 2
        assert jobs.stalled(now=later) == [job.pk]
        jobs.run(job.pk, now=later)
        assert Order.objects.count() == 1 and jobs.stalled(now=later) == []

    def test_the_command_says_what_it_did(self, merchant, tmp_path, capsys):
        path = tmp_path / "orders.csv"
        path.write_text(HEAD + GOOD)
        call_command("import_orders", str(path), merchant=merchant.slug, dry_run=True)
        assert "1 orders would come in, 0 were in already, 0 refused (1 rows" in capsys.readouterr().out
        with pytest.raises(CommandError, match=r"no merchant “nope”\. Known: kiosk"):
            call_command("import_orders", str(path), merchant="nope")
        with pytest.raises(CommandError, match="No such file"):
            call_command("import_orders", "nowhere.csv", merchant=merchant.slug)


def test_reading_20000_orders_takes_little_memory():
    tracemalloc.start()
    lines = (
        line for source in ([HEAD], (GOOD.replace("A1", f"A{n}") for n in range(20_000))) for line in source
    )
    count = sum(sheet.order is not None for sheet in read_orders(lines, zone=ZoneInfo("UTC")))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 20_000
    assert peak < 3_000_000


def test_an_upload_is_not_read_into_memory(tmp_path):
    path = tmp_path / "big.csv"
    path.write_bytes(b"x" * 30_000_000)
    tracemalloc.start()
    with pytest.raises(Unreadable), open_text(path) as lines:
        list(read_orders(lines, zone=ZoneInfo("UTC")))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


def test_the_documented_columns_are_the_columns(request):
    text = (request.config.rootpath / "docs" / "csv.md").read_text("utf-8")
    for name, (needed, meaning) in COLUMNS.items():
        assert f"| `{name}` | {'yes' if needed else ''} | {meaning} |" in text
