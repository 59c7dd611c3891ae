from shipping.admin import carriers, late, parcels, printing

__all__ = ["carriers", "late", "parcels", "printing"]
