from orders.admin import customers, imports, merchants, order, stock

__all__ = ["customers", "imports", "merchants", "order", "stock"]
