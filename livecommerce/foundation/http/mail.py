"""Outgoing mail: one plain-text letter at a time, through an SMTP server, or into a folder in development."""

from __future__ import annotations

import asyncio
import secrets
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from urllib.parse import unquote, urlsplit

import aiosmtplib
import structlog

from livecommerce.foundation.core.errors import Busy, ConfigurationError

log = structlog.get_logger(__name__)

TIMEOUT_S = 10.0
AT_ONCE = 4
"""Connections to the mail server; whoever waits longer than the time-out is told to try again."""
KEEP_LETTERS = 200
"""In the folder of development; older ones are removed."""


class MailUnavailable(Busy):
    """The mail could not be sent; try again in a moment."""


def letter(sender: str, *, to: str, subject: str, text: str) -> EmailMessage:
    """A message with the headers that mail servers expect. Line breaks in a header are refused by the library."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2].strip("> ") or "localhost")
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834 5: no out-of-office answers, please
    message.set_content(text)
    return message


class SmtpMailer:
    """Sends through a server: `smtp://user:password@host:587` (STARTTLS when offered) or `smtps://…:465`."""

    def __init__(self, url: str, *, sender: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ConfigurationError("mail.smtp_url looks like smtp://user:password@host:587 or smtps://host:465.")
        self._host, self._sender = parts.hostname, sender
        self._is_tls = parts.scheme == "smtps"
        self._port = parts.port or (465 if self._is_tls else 587)
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def send(self, *, to: str, subject: str, text: str) -> None:
        """Hand the letter to the server; `MailUnavailable` when it does not take it in time."""
        message = letter(self._sender, to=to, subject=subject, text=text)
        try:
            async with asyncio.timeout(2 * TIMEOUT_S), self._turn:
                await aiosmtplib.send(
                    message,
                    hostname=self._host,
                    port=self._port,
                    username=self._user,
                    password=self._password,
                    use_tls=self._is_tls,
                    timeout=TIMEOUT_S,
                )
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as exc:
            log.warning("a mail was not sent", reason=type(exc).__name__)
            raise MailUnavailable(retry_after_s=30) from exc


class FolderMailer:
    """Keeps letters as `.eml` files, newest last by name, for whoever develops or tries the demo."""

    def __init__(self, folder: Path, *, sender: str) -> None:
        self._folder, self._sender = folder, sender

    async def send(self, *, to: str, subject: str, text: str) -> None:
        """Write the letter and forget the oldest ones."""
        message = letter(self._sender, to=to, subject=subject, text=text)
        await asyncio.to_thread(self._keep, bytes(message))

    def _keep(self, content: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        letters = sorted(self._folder.glob("*.eml"))
        for old in letters[: max(0, len(letters) - KEEP_LETTERS + 1)]:
            old.unlink(missing_ok=True)
        number = int(letters[-1].stem.partition("-")[0]) + 1 if letters else 1
        path = self._folder / f"{number:06}-{secrets.token_hex(2)}.eml"
        path.touch(mode=0o600)
        path.write_bytes(content)


def mailer(smtp_url: str, *, sender: str, folder: Path) -> SmtpMailer | FolderMailer:
    """The mailer that the settings ask for: a server if one is named, else the folder."""
    return SmtpMailer(smtp_url, sender=sender) if smtp_url else FolderMailer(folder, sender=sender)
