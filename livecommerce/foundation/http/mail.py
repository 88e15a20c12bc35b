"""Mail: over SMTP, or into a folder while developing."""

from __future__ import annotations

import asyncio
import secrets
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import Protocol
from urllib.parse import SplitResult, unquote, urlsplit

import aiosmtplib
import structlog

from livecommerce.foundation.core.clock import Clock
from livecommerce.foundation.core.errors import Busy, ConfigurationError, Invalid

log = structlog.get_logger(__name__)

TIMEOUT_S = 15.0
AT_ONCE = 4
WAITING = 100
"""Mails that may wait for the mail server; more are answered `busy`."""


class Mailer(Protocol):
    """Sends plain-text mail."""

    async def send(self, *, to: str, subject: str, text: str) -> None:
        """Send one mail, or raise `Busy` when the mail server does not take it now."""


class FolderMailer:
    """Writes mail as `.eml` files, for development: nothing leaves the machine."""

    def __init__(self, folder: Path, *, sender: str, clock: Clock) -> None:
        self._folder, self._sender, self._clock = folder, sender, clock

    async def send(self, *, to: str, subject: str, text: str) -> None:
        """Write one mail; the newest has the name that sorts last."""
        message = compose(sender=self._sender, to=to, subject=subject, text=text, clock=self._clock)
        name = f"{self._clock.now_ms()}-{secrets.token_hex(4)}.eml"
        await asyncio.to_thread(self._write, name, message.as_bytes(policy=SMTP))

    def _write(self, name: str, content: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / name
        path.touch(mode=0o600)
        path.write_bytes(content)


class SmtpMailer:
    """Hands mail to a server: `smtps://` speaks TLS at once, `smtp://` upgrades to it when the server offers that.

    Raises:
        ConfigurationError: the address is not one of a mail server.
    """

    def __init__(self, url: str, *, sender: str, clock: Clock) -> None:
        self._sender, self._clock = sender, clock
        self._server = _server(url)
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def send(self, *, to: str, subject: str, text: str) -> None:
        """Send one mail over a connection of its own."""
        message = compose(sender=self._sender, to=to, subject=subject, text=text, clock=self._clock)
        if self._waiting >= WAITING:
            raise Busy("Mail cannot be sent now; try again in a moment.", retry_after_s=30)
        self._waiting += 1
        try:
            async with self._slots:
                await self._hand_over(message)
        except aiosmtplib.SMTPRecipientsRefused as exc:
            raise Invalid("The mail server does not accept this address.", field="email") from exc
        except (aiosmtplib.SMTPException, OSError) as exc:
            log.warning("mail could not be sent", reason=type(exc).__name__)
            raise Busy("Mail cannot be sent now; try again in a moment.", retry_after_s=30) from exc
        finally:
            self._waiting -= 1

    async def _hand_over(self, message: EmailMessage) -> None:
        await aiosmtplib.send(
            message,
            hostname=self._server.hostname or "",
            port=self._server.port,
            username=unquote(self._server.username) if self._server.username else None,
            password=unquote(self._server.password) if self._server.password else None,
            use_tls=self._server.scheme == "smtps",
            timeout=TIMEOUT_S,
        )


def compose(*, sender: str, to: str, subject: str, text: str, clock: Clock) -> EmailMessage:
    """Build a plain-text mail. A line break in an address or subject raises `Invalid` instead of becoming a header."""
    message = EmailMessage(policy=SMTP)
    try:
        message["From"], message["To"], message["Subject"] = sender, to, subject
    except ValueError as exc:
        raise Invalid("This mail cannot be addressed.", field="email") from exc
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2].strip("> ") or "localhost")
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: answering machines keep quiet
    message.set_content(text)
    return message


def _server(url: str) -> SplitResult:
    parts = urlsplit(url)
    try:
        usable = parts.scheme in ("smtp", "smtps") and parts.hostname and (parts.port or 1)
    except ValueError:
        usable = None
    if not usable:
        raise ConfigurationError("mail.smtp_url has the form smtps://user:password@host:465.")
    return parts
