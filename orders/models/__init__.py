from orders.models.access import AccessCode, PageView
from orders.models.catalogue import Product, StockMove
from orders.models.customer import Customer
from orders.models.imports import ImportIssue, ImportJob
from orders.models.ledger import OrderEvent
from orders.models.merchant import LabelSize, Location, Membership, Merchant, PaperSize, User
from orders.models.order import Order, OrderLine, ShippingAddress
from orders.models.purchase import Purchase, PurchaseLine, Supplier, SupplierWord
from orders.models.token import ApiToken

__all__ = [
    "AccessCode",
    "ApiToken",
    "Customer",
    "ImportIssue",
    "ImportJob",
    "LabelSize",
    "Location",
    "Membership",
    "Merchant",
    "Order",
    "OrderEvent",
    "OrderLine",
    "PageView",
    "PaperSize",
    "Product",
    "Purchase",
    "PurchaseLine",
    "ShippingAddress",
    "StockMove",
    "Supplier",
    "SupplierWord",
    "User",
]
