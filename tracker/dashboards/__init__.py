"""The admin's first page: one board for those who run a shop, one for those who pack and hand over."""
