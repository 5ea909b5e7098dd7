"""The configuration turned into running parts, and back down in order."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from importlib import import_module

import httpx

from bots.config import Config
from bots.endpoints import Endpoints
from bots.platforms import adapter_type
from bots.wiring import Reception, reception
from core.annotating import Annotating
from core.apps import App
from core.contract import ChatAdapter
from core.dify.apps import DifyApp
from core.dify.client import DifyClient
from core.dify.server import DifyServer, StreamLimits, api_base
from core.dispatch.local import LocalQueues
from core.dispatch.queues import Queues
from core.emojis import meanings
from core.errors import StoreUnavailable
from core.feedback import Feedback
from core.lanes import Lanes
from core.metrics import Metrics
from core.running import Stops
from core.store.asides import Asides
from core.store.database import Database
from core.store.ledger import Ledger
from core.store.marks import Marks
from core.store.ratings import Ratings
from core.store.retention import Retention
from core.store.store import Store
from core.turn import Turns

log = logging.getLogger(__name__)

READY_SECONDS = 2.0  # how long /readyz waits for the store


@dataclass
class Parts:
    """Everything that runs, wired together."""

    store: Store
    adapters: dict[str, ChatAdapter]
    apps: dict[str, App]
    servers: list[DifyServer]
    metrics: Metrics
    feedback: Feedback
    turns: Turns
    queues: Queues
    reception: Reception
    stops: Stops
    retention: Retention


def dify_apps(config: Config) -> tuple[dict[str, App], list[DifyServer]]:
    """The configured apps, and the servers that they are on: apps of one URL share its connections."""
    limits = StreamLimits(config.core.dify.max_streams, config.core.dify.max_runs)
    tls = httpx.create_ssl_context()  # loading the certificates takes longer than everything else here
    servers: dict[str, DifyServer] = {}
    apps: dict[str, App] = {}
    for name, settings in config.core.apps.items():
        url = api_base(settings.base_url or config.core.dify.base_url)
        if url not in servers:
            servers[url] = DifyServer(url, limits, tls)
        server = servers[url]
        key, files = settings.api_key.get_secret_value(), settings.files_base_url or ""
        client = DifyClient(server, key, files_base=files)
        blocking = settings.response == "blocking"
        dify = DifyApp(name, client, server, settings.mode, settings.query_input, wants_blocking=blocking)
        apps[name] = App(settings, dify)
    return apps, list(servers.values())


def adapters_of(config: Config) -> dict[str, ChatAdapter]:
    """The configured platforms' adapters."""
    return {name: adapter_type(name)(settings) for name, settings in config.platforms.items()}


@asynccontextmanager
async def assemble(config: Config) -> AsyncIterator[Parts]:
    """Open the store and wire everything; at the end close it all. Raises StoreLocked, StoreTooNew."""
    async with AsyncExitStack() as stack:
        database = await Database.open(config.store_url)
        stack.push_async_callback(database.aclose)
        parts = await _wire(config, database)
        stack.push_async_callback(parts.queues.aclose)
        for server in parts.servers:
            stack.push_async_callback(server.aclose)
        for app in parts.apps.values():
            stack.push_async_callback(app.dify.aclose)
        for adapter in parts.adapters.values():
            stack.push_async_callback(adapter.aclose)
        stack.push_async_callback(parts.turns.aclose)
        stack.push_async_callback(parts.reception.aclose)
        yield parts


async def _wire(config: Config, database: Database) -> Parts:
    replicas = not config.store_url.startswith("sqlite:")
    store, ledger, metrics, stops = Store(database), Ledger(database), Metrics(), Stops(shared=replicas)
    apps, servers = dify_apps(config)
    adapters = adapters_of(config)
    feedback = _feedback(config, database, apps, adapters, metrics)
    lanes = Lanes(asyncio.get_running_loop().time, time.process_time)
    asides, reasons = Asides(database), config.core.feedback.reasons
    turns = Turns(ledger, asides, adapters, apps, lanes, stops, feedback, metrics, reasons=reasons)
    if replicas:
        shares = [lanes.share, *(s.share for s in servers), *(a.share for a in adapters.values())]
        queues = await _shared_queues(config.store_url, turns, store, stops, shares)
    else:
        queues = LocalQueues(turns.run, store)
    taking_in = reception(config, store, apps, adapters, queues, stops, feedback)
    keep_days, idle_days = config.core.store.keep_days, config.core.conversations.idle_days
    retention = Retention(database, keep_days=keep_days, idle_days=idle_days)
    return Parts(
        store, adapters, apps, servers, metrics, feedback, turns, queues, taking_in, stops, retention
    )


def _feedback(
    config: Config,
    database: Database,
    apps: Mapping[str, App],
    adapters: Mapping[str, ChatAdapter],
    metrics: Metrics,
) -> Feedback:
    """What becomes of reactions on answers."""
    settings, asked = config.core.feedback, {name: app.dify for name, app in apps.items()}
    emojis = meanings({"annotate": settings.annotate})
    annotating = Annotating(Marks(database), asked, adapters, emojis, config.admins)
    rates = meanings({"like": settings.like, "dislike": settings.dislike})
    return Feedback(Ratings(database), asked, rates, metrics, annotating=annotating)


async def _shared_queues(
    url: str, turns: Turns, store: Store, stops: Stops, shares: Sequence[Callable[[int], None]]
) -> Queues:
    # procrastinate takes 0.3 s to import: only where it is used
    jobs, replicas = import_module("core.dispatch.jobs"), import_module("core.dispatch.replicas")

    def shared(among: int) -> None:
        """Each live replica takes an equal share of what the platforms and Dify allow."""
        for share in shares:
            share(among)

    queues: Queues = replicas.ReplicaQueues(
        await jobs.Jobs(url).open(), turns.run, store, shared=shared, stop=stops.stop
    )
    return queues


def endpoints_of(config: Config, parts: Parts) -> Endpoints:
    """The HTTP endpoints over the running parts."""
    server = config.core.server

    async def ready() -> dict[str, str]:
        with suppress(StoreUnavailable, TimeoutError):
            async with asyncio.timeout(READY_SECONDS):
                await parts.store.ping()
        return {name: adapter.status for name, adapter in parts.adapters.items()} | {
            "store": parts.store.database.status
        }

    return Endpoints(server.listen, server.metrics_listen, ready, parts.metrics)
