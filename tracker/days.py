from orders.days import day_words, range_words, time_words, zone, zone_label

__all__ = ["day_words", "range_words", "time_words", "zone", "zone_label"]
