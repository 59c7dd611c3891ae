"""Two processes want the last piece at the same moment, on the embedded database: exactly one gets it.

(On PostgreSQL: tests/test_races.py. The suite's own SQLite lies in memory, where two writers cannot meet.)
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SET_UP = """
from tests.factories import make_merchant, make_product
make_product(make_merchant(), on_hand=3)
"""
BUY = """
import sys, time
from orders.models import Merchant
from orders.place import IncomingLine
from tests.factories import make_order
merchant = Merchant.objects.get()
print("ready", flush=True)
sys.stdin.readline()
for _ in range(5):
    make_order(merchant, lines=(IncomingLine("MUG-1", 1, "Mug"),), external_id=f"{sys.argv[-1]}-{time.time_ns()}")
"""
COUNT = """
from orders.models import OrderLine, Product
product = Product.objects.get()
print(OrderLine.objects.count(), sum(OrderLine.objects.values_list("reserved", flat=True)), product.reserved)
"""


def test_three_pieces_ten_orders_two_processes(tmp_path):
    env = os.environ | {
        "VAR_DIR": str(tmp_path), "DATABASE_URL": f"sqlite:///{tmp_path}/race.sqlite3", "BROKER_URL": "memory://",
        "DJANGO_SETTINGS_MODULE": "tracker.settings", "LOG_LEVEL": "ERROR", "DEBUG": "1",
    }  # fmt: skip

    def python(code: str, *words: str, **more) -> subprocess.Popen:
        line = f"import django; django.setup()\n{code}"
        return subprocess.Popen([sys.executable, "-c", line, *words], cwd=ROOT, env=env, text=True, **more)

    migrate = [sys.executable, "manage.py", "migrate", "-v0"]
    subprocess.run(migrate, cwd=ROOT, env=env, check=True, timeout=120)
    assert python(SET_UP).wait(60) == 0
    buyers = [
        python(BUY, name, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for name in "ab"
    ]
    for buyer in buyers:
        assert buyer.stdout.readline() == "ready\n", buyer.stderr.read()
    for buyer in buyers:
        buyer.stdin.write("go\n")
        buyer.stdin.flush()
    for buyer in buyers:
        _, errors = buyer.communicate(timeout=120)
        assert buyer.returncode == 0, errors
    told, _ = python(COUNT, stdout=subprocess.PIPE).communicate(timeout=60)
    assert told.split() == ["10", "3", "3"]
