"""Who may do what inside a merchant. A table, read by the admin and by every edge that acts."""

from django.db import models


class Role(models.TextChoices):
    OWNER = "owner", "Owner"
    MANAGER = "manager", "Manager"
    WAREHOUSE = "warehouse", "Warehouse"
    VIEWER = "viewer", "Viewer"


class Can(models.TextChoices):
    VIEW = "view", "see orders, parcels and events"
    SCAN = "scan", "scan, print and pack"
    EDIT = "edit", "change orders, products and customers, import, correct events"
    MANAGE = "manage", "change the brand, people and carrier accounts"


ALLOWED: dict[str, frozenset[Can]] = {
    Role.OWNER: frozenset(Can),
    Role.MANAGER: frozenset({Can.VIEW, Can.SCAN, Can.EDIT}),
    Role.WAREHOUSE: frozenset({Can.VIEW, Can.SCAN}),
    Role.VIEWER: frozenset({Can.VIEW}),
}
