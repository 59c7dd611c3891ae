"""Which board a person opens the admin on, and which they may switch to."""

from datetime import datetime

from orders.models import User
from orders.roles import Can
from tracker.dashboards import merchant, warehouse
from tracker.dashboards.parts import Asker, Board

BOARDS = {"shop": ("Shop", merchant.board), "warehouse": ("Warehouse", warehouse.board)}


def allowed(user: User) -> list[str]:
    """The shop's board is for owners, managers and viewers, and comes first; the warehouse's for who may scan."""
    scans = set(user.merchants_where(Can.SCAN))
    looks = set(user.merchants_where(Can.EDIT)) | (set(user.merchants_where(Can.VIEW)) - scans)
    if user.is_superuser:
        return list(BOARDS)
    return [name for name, may in (("shop", looks), ("warehouse", scans)) if may]


def board_of(user: User, *, asked: str, now: datetime) -> tuple[Board | None, list[tuple[str, str]]]:
    """The board to show, and the names and titles to switch between (none where there is one only)."""
    may = allowed(user)
    if not may:
        return None, []
    name = asked if asked in may else may[0]
    board = BOARDS[name][1](Asker(user, now))
    return board, [(key, BOARDS[key][0]) for key in may] if len(may) > 1 else []
