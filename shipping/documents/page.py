"""A page as plain data: words, filled rectangles and pictures, each at its place. Millimetres from the top left;
sizes of letters in points."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from shipping.documents.codes import Code, Rect
from shipping.documents.measure import MM

Align = Literal["start", "left", "center", "right", "end"]
BLACK, DARK, GREY = "#16191d", "#3c434b", "#646c75"
_MIDDLE = 0.36  # of the size: half a capital's height, from a line's middle down to its baseline


@dataclass(frozen=True, slots=True)
class Words:
    """One line of text on its baseline `y`. It begins at `x`, or lies within `room` from there. "start" is left,
    but right for text that runs from right to left; "end" is right on mirrored pages too."""

    text: str
    x: float
    y: float
    size: float
    room: float = 0
    align: Align = "left"
    bold: bool = False
    lang: str = ""
    colour: str = BLACK
    spaced: float = 0  # between letters, in ems


@dataclass(frozen=True, slots=True)
class Ink:
    """Filled rectangles: their box's left and top, and how many millimetres one of their units is, across and
    down."""

    rects: tuple[Rect, ...]
    left: float = 0
    top: float = 0
    across: float = 1
    down: float = 1
    colour: str = "#000000"
    mirror: bool = False  # each rectangle moves when the page is mirrored, not all of them as one
    wide: float = 0  # the width of the box, where not `mirror`

    @classmethod
    def code(cls, code: Code, *, left: float, top: float, width: float, height: float) -> "Ink":
        return cls(code.rects, left, top, width / code.width, height / code.height, wide=width)


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG or JPEG as a data: address, as large as fits its box; in the middle of it, or at its left."""

    source: str
    left: float
    top: float
    width: float
    height: float
    centred: bool = False


@dataclass
class Page:
    width: float
    height: float
    words: list[Words] = field(default_factory=list)
    ink: list[Ink] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)

    def write(
        self,
        lines: Sequence[str] | str,
        x: float,
        top: float,
        size: float,
        *,
        leading: float = 1.3,
        room: float = 0,
        align: Align = "left",
        bold: bool = False,
        lang: str = "",
        colour: str = BLACK,
        spaced: float = 0,
    ) -> float:
        """Lines under each other, `leading` times their size apart. Returns where the next would begin."""
        step = size * leading * MM
        for line in (lines,) if isinstance(lines, str) else lines:
            if line:
                baseline = top + step / 2 + size * _MIDDLE * MM
                self.words.append(Words(line, x, baseline, size, room, align, bold, lang, colour, spaced))
            top += step
        return top

    def caption(self, text: str, x: float, top: float, *, room: float = 0, align: Align = "left") -> None:
        """The small grey name of what stands below it."""
        self.write(text.upper(), x, top, 7, leading=1.4, room=room, align=align, colour=GREY, spaced=0.08)

    def rule(self, x: float, y: float, width: float, height: float, colour: str = "#a6a6a6") -> None:
        self.ink.append(Ink(((x, y, width, height),), colour=colour, mirror=True))

    def mirrored(self) -> "Page":
        """The page for a language that runs from right to left: all of it at the other side, codes unturned."""
        other: dict[Align, Align] = {"left": "right", "right": "left"}
        return Page(
            self.width,
            self.height,
            [
                replace(word, x=self.width - word.x - word.room, align=other.get(word.align, word.align))
                for word in self.words
            ],
            [self._mirrored(mark) for mark in self.ink],
            [replace(picture, left=self.width - picture.left - picture.width) for picture in self.pictures],
        )

    def _mirrored(self, mark: Ink) -> Ink:
        if not mark.mirror:
            return replace(mark, left=self.width - mark.left - mark.wide)
        moved = tuple((round(self.width - x - w, 3), y, w, h) for x, y, w, h in mark.rects)
        return replace(mark, rects=moved)

    def put(self, other: "Page", left: float, top: float, scale: float = 1) -> None:
        """Another page onto this one, smaller or larger."""
        for word in other.words:
            x, y = left + word.x * scale, top + word.y * scale
            self.words.append(replace(word, x=x, y=y, size=word.size * scale, room=word.room * scale))
        for mark in other.ink:
            at = left + mark.left * scale, top + mark.top * scale
            self.ink.append(
                replace(mark, left=at[0], top=at[1], across=mark.across * scale, down=mark.down * scale)
            )
        for picture in other.pictures:
            x, y = left + picture.left * scale, top + picture.top * scale
            size = picture.width * scale, picture.height * scale
            self.pictures.append(replace(picture, left=x, top=y, width=size[0], height=size[1]))
