"""How days and moments are written where Django’s own formats would be (its `FORMAT_MODULE_PATH`)."""
