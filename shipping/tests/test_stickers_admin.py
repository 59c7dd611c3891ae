import io

import pytest
from django.urls import reverse
from pypdf import PdfReader

from orders.roles import Role
from shipping.models import LabelSheet
from tests.factories import make_user

pytestmark = pytest.mark.django_db
GOOD = {
    "name": "Avery 7160", "paper": "a4", "rows": 7, "columns": 3, "width": "63.5", "height": "38.1", "gap_x": "2.5",
    "gap_y": "0", "top": "15", "left": "7", "shift_x": "0", "shift_y": "0",
}  # fmt: skip


def test_a_packer_adds_a_sheet_and_prints_its_calibration_page(client, merchant, bob):
    client.force_login(bob)
    response = client.post(reverse("admin:shipping_labelsheet_add"), GOOD | {"merchant": merchant.pk})
    assert response.status_code == 302, response.content.decode()[-3000:]
    sheet = LabelSheet.objects.get(merchant=merchant)
    pdf = client.get(reverse("admin:shipping_labelsheet_calibration", args=[sheet.pk]))
    assert pdf["Content-Type"] == "application/pdf"
    text = PdfReader(io.BytesIO(pdf.content)).pages[0].extract_text()
    assert "Avery 7160" in text
    assert "21" in text.split()


@pytest.mark.parametrize(("change", "words"), [({"columns": 4}, "4 columns take"), ({"height": "60"}, "7 rows take"),
                                               ({"width": "12"}, "at least 30")])  # fmt: skip
def test_a_sheet_that_does_not_fit_its_paper_is_refused_in_words(client, merchant, alice, change, words):
    client.force_login(alice)
    response = client.post(
        reverse("admin:shipping_labelsheet_add"), GOOD | change | {"merchant": merchant.pk}
    )
    assert response.status_code == 200
    assert words in response.content.decode()
    assert not LabelSheet.objects.exists()


def test_strangers_and_viewers(client, merchant, charlie):
    sheet = LabelSheet.objects.create(merchant=merchant, name="x")
    url = reverse("admin:shipping_labelsheet_calibration", args=[sheet.pk])
    client.force_login(charlie)
    assert client.get(url).status_code == 404
    client.force_login(make_user("vera", merchant, Role.VIEWER))
    assert client.get(url).status_code == 200
    assert client.get(reverse("admin:shipping_labelsheet_add")).status_code == 403
