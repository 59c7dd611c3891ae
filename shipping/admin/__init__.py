from shipping.admin import carriers, late, parcels

__all__ = ["carriers", "late", "parcels"]
