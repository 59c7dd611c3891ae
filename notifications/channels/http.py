"""One HTTP request to a receiver of ours, on a connection that is kept open."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from urllib3.exceptions import NewConnectionError

from notifications.channels.base import ChannelError

CONNECT, READ = 5.0, 15.0
"""Seconds. Reading takes longer than connecting: a gateway may ask the network before it answers."""

SLOW_DOWN = frozenset({408, 425, 429})
MAY_HAVE = frozenset({500, 502, 504})
"""A receiver that stumbles may have passed the message on before."""
_mine = threading.local()


@dataclass(frozen=True)
class Answer:
    status: int
    text: str

    @property
    def accepted(self) -> bool:
        return 200 <= self.status < 300

    @property
    def refused(self) -> bool:
        """By something that asking again will not change."""
        return 400 <= self.status < 500 and self.status not in SLOW_DOWN


def call(method: str, url: str, *, who: str, headers: Mapping[str, str], **how: Any) -> Answer:
    """What was answered, whatever it is. A receiver that cannot be reached or does not answer in time is a
    transient ChannelError. One session a thread: `requests` does not promise that threads may share one."""
    session = getattr(_mine, "session", None)
    if session is None:
        session = _mine.session = requests.Session()
    try:
        # A redirect would hand the secret, or the customer's number, to somebody else.
        with session.request(
            method,
            url,
            headers=dict(headers),
            timeout=(CONNECT, READ),
            allow_redirects=False,
            stream=True,
            **how,
        ) as response:
            return Answer(response.status_code, _text(response))
    except requests.Timeout as error:
        raise ChannelError(
            f"{who} did not answer in time.", permanent=False, unsure=not never_reached(error)
        ) from error
    except (
        requests.exceptions.InvalidURL,
        requests.exceptions.InvalidSchema,
        requests.exceptions.MissingSchema,
    ) as error:
        raise ChannelError(f"The address of {who} is not a web address: {url}", permanent=False) from error
    except requests.RequestException as error:
        raise ChannelError(
            f"{who} cannot be reached: {type(error).__name__}.",
            permanent=False,
            unsure=not never_reached(error),
        ) from error
    finally:
        session.cookies.clear()


def never_reached(error: BaseException | None) -> bool:
    """Whether no connection came about, so that the receiver cannot have the message (pure)."""
    reason = getattr(next(iter(error.args), None), "reason", None) if error else None
    return isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError)


def _text(response: requests.Response) -> str:
    """The status is the answer: a text that breaks off after it must not send the message again."""
    try:
        return response.text
    except requests.RequestException:
        return ""
