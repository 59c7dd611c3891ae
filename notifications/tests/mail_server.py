"""A real SMTP server on this machine that accepts, refuses, dawdles and hangs up as told."""

import asyncio
import email
import socket
from email import policy

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP


class MailServer(Controller):
    """`answers` are taken one by one, the last stays. Each is what becomes of one mail:

    "accept" · "RCPT 550 5.1.1 no" or "MAIL …" or "DATA …" (that answer there) · a number of seconds before DATA's yes ·
    "cut" (hangs up after the first bytes of the text) · "leave" (accepts, then hangs up) ·
    "gone" (hangs up as it begins) · "stuck" (a second without a word as it begins)
    """

    def __init__(self):
        self.answers, self.mails, self.begun, self.connections = ["accept"], [], 0, 0
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        super().__init__(self, hostname="127.0.0.1", port=port)

    def factory(self):
        self.connections += 1
        return _Server(self, hostname="mail.example")

    def __enter__(self):
        self.start()
        self.connections = 0  # the controller calls itself to see that it is up
        return self

    def __exit__(self, *_):
        self.stop()

    def texts(self):
        return [email.message_from_bytes(one, policy=policy.default) for one in self.mails]

    def _refusal(self, stage):
        word, _, words = self.now.partition(" ") if isinstance(self.now, str) else ("", "", "")
        return words if word == stage else None

    async def handle_MAIL(self, server, session, envelope, address, options):
        self.begun += 1
        self.now = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if self.now == "gone":
            server.transport.abort()
            return "250 never heard"
        if self.now == "stuck":
            await asyncio.sleep(1)
        if refused := self._refusal("MAIL"):
            if refused.startswith("421"):
                asyncio.get_running_loop().call_later(0.01, server.transport.close)
            return refused
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if refused := self._refusal("RCPT"):
            return refused
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if isinstance(self.now, int | float):
            await asyncio.sleep(self.now)
        if refused := self._refusal("DATA"):
            return refused
        self.mails.append(envelope.content)
        if self.now == "leave":
            asyncio.get_running_loop().call_later(0.02, server.transport.close)
        return "250 OK"


class _Server(SMTP):
    async def smtp_DATA(self, arg):
        if self.event_handler.now == "cut":
            await self.push("354 go on")
            await self._reader.read(10)
            self.transport.abort()
            return
        await super().smtp_DATA(arg)
