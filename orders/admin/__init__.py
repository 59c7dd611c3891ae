from orders.admin import customers, imports, merchants, order, stock, tokens

__all__ = ["customers", "imports", "merchants", "order", "stock", "tokens"]
