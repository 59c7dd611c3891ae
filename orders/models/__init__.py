from orders.models.catalogue import Product
from orders.models.customer import Customer
from orders.models.imports import ImportIssue, ImportJob
from orders.models.ledger import OrderEvent
from orders.models.merchant import Location, Membership, Merchant, User
from orders.models.order import Order, OrderLine, ShippingAddress

__all__ = [
    "Customer",
    "ImportIssue",
    "ImportJob",
    "Location",
    "Membership",
    "Merchant",
    "Order",
    "OrderEvent",
    "OrderLine",
    "Product",
    "ShippingAddress",
    "User",
]
