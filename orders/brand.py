"""Colours that can be read (WCAG 2.2 relative luminance and contrast). static/js/brand.js says the same while one types."""

LIGHT, DARK = "#f4f5f7", "#22262d"  # of portal.css's surfaces the ones hardest to read on
AA, AIM = 4.5, 4.6


def luminance(colour: str) -> float:
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """From 1 (the same) to 21 (black on white)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def text_on(colour: str) -> str:
    """Black or white, whichever reads better on the colour; at least 4.58 : 1 on any."""
    return max("#ffffff", "#000000", key=lambda text: contrast(text, colour))


def mix(colour: str, other: str, share: float) -> str:
    """`colour` with a share (0 to 1) of `other` in it."""
    pairs = [(int(colour[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(one + (two - one) * share):02x}" for one, two in pairs)


def readable(colour: str, surface: str) -> str:
    """The colour, moved towards black or white until it can be read on the surface."""
    towards = text_on(surface)
    for step in range(21):
        moved = mix(colour, towards, step / 20)
        if contrast(moved, surface) >= AIM:
            return moved
    return towards


def poor(colour: str) -> bool:
    """Whether the page must not show the colour as it was asked for."""
    return contrast("#ffffff", colour) < AA or min(contrast(colour, LIGHT), contrast(colour, DARK)) < AA


def explained(colour: str) -> list[str]:
    """What becomes of a brand colour on the page, in words for the shop's owner."""
    white, black = contrast("#ffffff", colour), contrast("#000000", colour)
    word = "white" if text_on(colour) == "#ffffff" else "black"
    said = [
        f"White text on this colour has {_ratio(white)}, black text {_ratio(black)}; WCAG AA wants {AA}:1. "
        f"The page will use {word} text on it."
    ]
    for name, surface in (("light", LIGHT), ("dark", DARK)):
        moved = readable(colour, surface)
        if moved != colour.lower():
            has = _ratio(contrast(colour, surface))
            said.append(f"As words on the {name} page it has {has}; the page will use {moved} there.")
    return said


def _ratio(contrast: float) -> str:
    """Cut, not rounded: 4.49 must not read as 4.5."""
    return f"{int(contrast * 10) / 10:.1f}:1"
