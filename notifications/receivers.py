from typing import Any


def connect(**_: Any) -> None: ...
