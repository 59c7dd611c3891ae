"""People, merchants and orders for tests: Alice owns a shop, Bob packs for it, Charlie owns another."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import count

from orders import stock
from orders.models import Location, Membership, Merchant, Order, Product, User
from orders.place import IncomingAddress, IncomingLine, IncomingOrder, place
from orders.roles import Role
from shipping.models import Shipment

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)  # a Wednesday
_ids = count(1)


def make_merchant(slug: str = "kiosk", **fields) -> Merchant:
    defaults = {
        "name": slug.title(), "zone": "Europe/Berlin", "order_prefix": slug[:3].upper() + "-",
        "support_email": f"help@{slug}.example", "holiday_country": "DE",
    }  # fmt: skip
    merchant = Merchant.objects.create(slug=slug, **(defaults | fields))
    for kind in Location.Kind.values:
        Location.objects.create(
            merchant=merchant, kind=kind, name=merchant.name, line1="Lagerweg 1", city="Berlin",
            postal_code="10115", country="DE",
        )  # fmt: skip
    return merchant


def make_user(username: str, merchant: Merchant | None = None, role: str = Role.OWNER, **fields) -> User:
    user = User.objects.create_user(
        username, f"{username}@example.com", "pw-for-tests", is_staff=True, **fields
    )
    if merchant:
        Membership.objects.create(merchant=merchant, user=user, role=role)
    return user


def incoming(**changes) -> IncomingOrder:
    """An ordinary order of two lines; name what should differ. Address fields go by `address=dict(...)`."""
    address = {
        "name": "Ada Lovelace", "line1": "Hauptstr. 5", "city": "München", "postal_code": "80331", "country": "DE",
    } | changes.pop("address", {})  # fmt: skip
    defaults = {
        "source": "test", "external_id": f"X{next(_ids)}", "placed_at": NOW, "email": "ada@example.com",
        "phone": "+49 89 1234567",
        "lines": (IncomingLine("MUG-1", 2, "Blue mug", Decimal("9.50")), IncomingLine("TEA-7", 1, "Green tea", Decimal("4"))),
    }  # fmt: skip
    return IncomingOrder(address=IncomingAddress(**address), **(defaults | changes))


def make_order(merchant: Merchant, *, now: datetime = NOW, **changes) -> Order:
    return place(incoming(**changes), merchant=merchant, now=now).order


def make_shipment(merchant: Merchant, **changes) -> Shipment:
    """A parcel of a new order; `carrier` and `tracking_number` are set on the parcel."""
    own = {key: changes.pop(key) for key in ("carrier", "tracking_number") if key in changes}
    shipment = make_order(merchant, **changes).shipments.get()
    Shipment.objects.filter(pk=shipment.pk).update(**own)
    shipment.refresh_from_db()
    return shipment


def make_product(merchant: Merchant, sku: str = "MUG-1", **fields) -> Product:
    product = Product.objects.create(merchant=merchant, sku=sku, **({"name": sku, "on_hand": 10} | fields))
    stock.open_ledger(product, now=NOW)
    return product
