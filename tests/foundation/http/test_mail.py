"""Mail into a folder and over SMTP, against a mail server of the test."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from livecommerce.foundation.core.clock import SystemClock
from livecommerce.foundation.core.errors import Busy, ConfigurationError, Invalid
from livecommerce.foundation.http.mail import FolderMailer, SmtpMailer

CLOCK = SystemClock()


class MailServer:
    """Takes mail for anybody but `unknown@…`."""

    def __init__(self) -> None:
        self.port = 0
        self.mails: list[bytes] = []

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            verb = line.split()[0].upper()
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                self.mails.append(await reader.readuntil(b"\r\n.\r\n"))
            answer = b"550 nobody\r\n" if b"unknown@" in line else b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n"
            writer.write(answer)
            if verb == b"QUIT":
                break
        writer.close()


@asynccontextmanager
async def mail_server() -> AsyncIterator[MailServer]:
    made = MailServer()
    server = await asyncio.start_server(made.talk, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    async with server:
        yield made


async def test_mail_lands_in_the_folder_and_only_we_may_read_it(tmp_path: Path) -> None:
    mailer = FolderMailer(tmp_path / "mail", sender="Nordlys <shop@example.org>", clock=CLOCK)

    await mailer.send(to="maja@example.org", subject="123456 ist dein Code – für dich", text="Grüße\n")

    (path,) = (tmp_path / "mail").iterdir()
    message = message_from_bytes(path.read_bytes(), policy=default)
    assert (message["To"], message["Subject"]) == ("maja@example.org", "123456 ist dein Code – für dich")
    assert message.get_content().replace("\r\n", "\n") == "Grüße\n"
    assert (path.suffix, path.stat().st_mode & 0o777) == (".eml", 0o600)


@pytest.mark.parametrize("to", ["maja@example.org\r\nBcc: all@example.org", "maja@example.org\nX: y"])
async def test_an_address_cannot_add_a_header(tmp_path: Path, to: str) -> None:
    mailer = FolderMailer(tmp_path / "mail", sender="shop@example.org", clock=CLOCK)

    with pytest.raises(Invalid):
        await mailer.send(to=to, subject="Code", text="")

    assert not (tmp_path / "mail").exists()


async def test_mail_is_handed_to_the_server() -> None:
    async with mail_server() as server:
        mailer = SmtpMailer(f"smtp://127.0.0.1:{server.port}", sender="shop@example.org", clock=CLOCK)
        await mailer.send(to="maja@example.org", subject="Code", text="123456")

    assert b"\r\n\r\n123456\r\n" in server.mails[0]


async def test_an_address_that_the_server_refuses_is_said_so() -> None:
    async with mail_server() as server:
        mailer = SmtpMailer(f"smtp://127.0.0.1:{server.port}", sender="shop@example.org", clock=CLOCK)
        with pytest.raises(Invalid):
            await mailer.send(to="unknown@example.org", subject="Code", text="123456")


async def test_a_mail_server_that_is_away_is_busy() -> None:
    mailer = SmtpMailer("smtp://127.0.0.1:1", sender="shop@example.org", clock=CLOCK)

    with pytest.raises(Busy):
        await mailer.send(to="maja@example.org", subject="Code", text="123456")


@pytest.mark.parametrize("url", ["", "http://host", "smtp://", "smtps://host:port"])
def test_an_address_that_is_not_of_a_mail_server_is_refused_at_start(url: str) -> None:
    with pytest.raises(ConfigurationError, match="smtps://user:password@host:465"):
        SmtpMailer(url, sender="shop@example.org", clock=CLOCK)
