"""What every role opens first and closes last: databases, the event log, the bus, blobs, mail, limits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from livecommerce.foundation.core.clock import Clock, SystemClock
from livecommerce.foundation.core.settings import Settings
from livecommerce.foundation.http.limits import RateLimiter
from livecommerce.foundation.http.mail import FolderMailer, Mailer, SmtpMailer
from livecommerce.foundation.media.registry import NodeRegistry, RedisStreamClock
from livecommerce.foundation.realtime.bus import Bus
from livecommerce.foundation.realtime.eventlog import EventLog
from livecommerce.foundation.realtime.publishing import Publisher
from livecommerce.foundation.storage.blobs import Blobs, DirectoryBlobs
from livecommerce.foundation.storage.postgres import Database
from livecommerce.foundation.storage.redis import Redis, connect, connect_blocking


@dataclass(frozen=True, slots=True)
class Resources:
    """The foundation of one process, open."""

    settings: Settings
    clock: Clock
    database: Database
    redis: Redis
    listening_redis: Redis
    """For subscriptions: reads on it may take as long as they like."""
    nodes: NodeRegistry
    log: EventLog
    bus: Bus
    limiter: RateLimiter
    mailer: Mailer
    blobs: Blobs


@asynccontextmanager
async def open_resources(settings: Settings) -> AsyncIterator[Resources]:
    """Open everything, and close it in reverse order."""
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        redis, listening = connect(settings.redis.url), connect_blocking(settings.redis.url)
        stack.push_async_callback(redis.aclose)
        stack.push_async_callback(listening.aclose)
        pool = settings.database
        database = await stack.enter_async_context(
            Database(pool.url, min_size=min(pool.pool_min, pool.pool_max), max_size=pool.pool_max)
        )
        nodes = NodeRegistry(redis, clock)
        publisher = Publisher(redis, window=settings.realtime.log_window)
        log = EventLog(database, redis, clock, RedisStreamClock(nodes, clock), publisher=publisher)
        await log.open()
        yield Resources(
            settings=settings,
            clock=clock,
            database=database,
            redis=redis,
            listening_redis=listening,
            nodes=nodes,
            log=log,
            bus=Bus(redis, clock),
            limiter=RateLimiter(redis),
            mailer=_mailer(settings, clock),
            blobs=DirectoryBlobs(settings.data_dir / "blobs"),
        )


def _mailer(settings: Settings, clock: Clock) -> Mailer:
    if settings.mail.smtp_url:
        return SmtpMailer(settings.mail.smtp_url, sender=settings.mail.sender, clock=clock)
    return FolderMailer(settings.data_dir / "mail", sender=settings.mail.sender, clock=clock)
