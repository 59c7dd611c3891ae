from orders.admin import customers, imports, merchants, order

__all__ = ["customers", "imports", "merchants", "order"]
