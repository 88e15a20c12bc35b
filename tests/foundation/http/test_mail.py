from __future__ import annotations

import email
import stat
from pathlib import Path

import pytest

from livecommerce.foundation.core.errors import ConfigurationError
from livecommerce.foundation.http import mail


async def test_letters_are_kept_in_order_for_their_owner_only(tmp_path: Path) -> None:
    mailer = mail.mailer("", sender="shop@example.com", folder=tmp_path / "mail")

    await mailer.send(to="freja@example.com", subject="123456 is your code", text="Hej Freja,\n\u00e9n kode\n")
    await mailer.send(to="bo@example.com", subject="654321 is your code", text="Hej Bo\n")

    first, second = sorted((tmp_path / "mail").iterdir())
    message = email.message_from_bytes(first.read_bytes(), policy=email.policy.default)
    assert (message["To"], message["Subject"]) == ("freja@example.com", "123456 is your code")
    assert "\u00e9n kode" in message.get_content()
    assert b"bo@example.com" in second.read_bytes()
    assert stat.S_IMODE(first.stat().st_mode) == 0o600


async def test_the_folder_does_not_grow_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "KEEP_LETTERS", 3)
    mailer = mail.FolderMailer(tmp_path, sender="shop@example.com")

    for n in range(6):
        await mailer.send(to="freja@example.com", subject=f"{n}", text="x")

    assert [path.stem.partition("-")[0] for path in sorted(tmp_path.iterdir())] == ["000004", "000005", "000006"]


async def test_an_address_cannot_add_a_header(tmp_path: Path) -> None:
    mailer = mail.FolderMailer(tmp_path, sender="shop@example.com")

    with pytest.raises(ValueError, match=r"linefeed|newline|line"):
        await mailer.send(to="freja@example.com\r\nBcc: all@example.com", subject="x", text="x")
    assert list(tmp_path.iterdir()) == []


async def test_an_unreachable_server_is_a_busy_answer(unused_tcp_port: int) -> None:
    mailer = mail.SmtpMailer(f"smtp://127.0.0.1:{unused_tcp_port}", sender="shop@example.com")

    with pytest.raises(mail.MailUnavailable):
        await mailer.send(to="freja@example.com", subject="x", text="x")


def test_a_wrong_address_of_the_server_is_said_at_start() -> None:
    with pytest.raises(ConfigurationError):
        mail.SmtpMailer("mail.example.com", sender="shop@example.com")
