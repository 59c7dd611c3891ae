from orders.admin import customers, imports, merchants, order, purchases, stock, suppliers, tokens

__all__ = ["customers", "imports", "merchants", "order", "purchases", "stock", "suppliers", "tokens"]
