"""Settings: `config/livecommerce.toml` < file given by `--config` < environment < flags.

The Structs below are the schema and the defaults; `config/livecommerce.toml` shows every key with unit and reason
(a test holds the two together). `DATABASE_URL` and `REDIS_URL` are understood as everywhere;
any other key is `LIVECOMMERCE_<SECTION>_<KEY>`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from livecommerce.foundation.core.errors import ConfigurationError

Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
Positive = Annotated[int, msgspec.Meta(ge=1)]
Seconds = Annotated[float, msgspec.Meta(gt=0)]


class ServerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    host: str = "127.0.0.1"
    port: Port = 8080
    public_url: str = ""
    web_workers: Annotated[int, msgspec.Meta(ge=1, le=64)] = 1
    tls_cert: str = ""
    tls_key: str = ""
    trusted_proxies: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    metrics_port: Port = 0
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    drain_s: Seconds = 20.0


class DatabaseSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    url: str = ""
    pool_min: Positive = 2
    pool_max: Positive = 12


class RedisSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    url: str = ""


class DataSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    dir: str = ".livecommerce"


class MediaSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    host: str = "127.0.0.1"
    udp_port: Port = 0
    announce: tuple[str, ...] = ()
    internal_host: str = "127.0.0.1"
    internal_port: Port = 0
    whep_viewers_max: Annotated[int, msgspec.Meta(ge=0)] = 120
    interrupted_end_s: Seconds = 300.0
    part_ms: Annotated[int, msgspec.Meta(ge=100, le=2000)] = 500
    uplink_kbps_max: Positive = 3000


class RealtimeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    tick_ms: Annotated[int, msgspec.Meta(ge=5, le=1000)] = 40
    connections_per_person: Positive = 20
    connections_per_address: Positive = 5000
    log_window: Positive = 1000


class ChatSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    text_max: Annotated[int, msgspec.Meta(ge=1, le=500)] = 300
    posts_per_5s: Positive = 5
    blocked_words: tuple[str, ...] = ()
    hold_links: bool = True


class SalesSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    buyer: Literal["guest", "contact", "account"] = "contact"
    hold_s: Annotated[int, msgspec.Meta(ge=60, le=3600)] = 600
    buys_per_s: Positive = 5
    open_holds_max: Positive = 20
    offer_s: Annotated[int, msgspec.Meta(ge=120, le=600)] = 300
    waitlist_max: Positive = 500


class IdentitySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    guest_token_h: Positive = 24
    session_h: Positive = 24
    guests_per_minute_per_address: Positive = 60
    code_ttl_s: Positive = 600


class MailSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    smtp_url: str = ""
    sender: str = "shop@localhost"


class ShopSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: str = "livecommerce"
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")] = "EUR"
    country: Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}$")] = "DE"
    tax_rate: Annotated[str, msgspec.Meta(pattern=r"^0(\.[0-9]{1,4})?$")] = "0.19"
    prices_include_tax: bool = True


class PaymentSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    methods: Annotated[tuple[Literal["sandbox", "stripe"], ...], msgspec.Meta(min_length=1)] = ("sandbox",)
    stripe_secret_key: str = ""
    stripe_webhook_secret: str = ""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything an operator can set. Passed down as an argument; nothing reads it from a global."""

    server: ServerSettings = ServerSettings()
    database: DatabaseSettings = DatabaseSettings()
    redis: RedisSettings = RedisSettings()
    data: DataSettings = DataSettings()
    media: MediaSettings = MediaSettings()
    realtime: RealtimeSettings = RealtimeSettings()
    chat: ChatSettings = ChatSettings()
    sales: SalesSettings = SalesSettings()
    identity: IdentitySettings = IdentitySettings()
    mail: MailSettings = MailSettings()
    shop: ShopSettings = ShopSettings()
    payment: PaymentSettings = PaymentSettings()

    @property
    def data_dir(self) -> Path:
        return Path(self.data.dir).resolve()

    @property
    def public_url(self) -> str:
        """Where browsers reach this server: `server.public_url`, else built from host and port."""
        if self.server.public_url:
            return self.server.public_url.rstrip("/")
        scheme = "https" if self.server.tls_cert else "http"
        host = "127.0.0.1" if self.server.host in ("0.0.0.0", "::") else self.server.host
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{self.server.port}"


Tree = dict[str, dict[str, Any]]


def load(
    *,
    file: Path | None = None,
    env: Mapping[str, str] | None = None,
    flags: Tree | None = None,
) -> Settings:
    """Merge the sources, later ones winning; `ConfigurationError` names the key that is wrong."""
    tree: Tree = {}
    for source in (_from_file(file), _from_environment(env or {}), flags or {}):
        for section, values in source.items():
            tree.setdefault(section, {}).update(values)
    try:
        return msgspec.convert(tree, Settings, strict=False)
    except msgspec.ValidationError as exc:
        raise ConfigurationError(f"The configuration is not usable: {exc}.") from exc


def _from_file(path: Path | None) -> Tree:
    if path is None:
        return {}
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise ConfigurationError(f"Cannot read {path}: {exc.strerror}.") from exc
    except tomllib.TOMLDecodeError as exc:
        raise ConfigurationError(f"{path} is not valid TOML: {exc}.") from exc
    if not all(isinstance(values, dict) for values in tree.values()):
        raise ConfigurationError(f"{path}: keys stand below a section such as [server].")
    return tree


def _from_environment(env: Mapping[str, str]) -> Tree:
    tree: Tree = {}
    for variable, section in (("DATABASE_URL", "database"), ("REDIS_URL", "redis")):
        if env.get(variable):
            tree[section] = {"url": env[variable]}
    for section in Settings.__struct_fields__:
        prefix = f"LIVECOMMERCE_{section.upper()}_"
        for variable, text in env.items():
            if variable.startswith(prefix):
                key = variable.removeprefix(prefix).lower()
                tree.setdefault(section, {})[key] = _value(section, key, text)
    return tree


def _value(section: str, key: str, text: str) -> Any:
    """Lists are written with commas; everything else is converted by its type."""
    default = getattr(getattr(Settings(), section), key, "")
    return [part.strip() for part in text.split(",") if part.strip()] if isinstance(default, tuple) else text
