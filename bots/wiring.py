"""Who answers which press, form and command: the parts of the intake, put together."""

from collections.abc import Mapping
from dataclasses import dataclass

from bots.config import Config
from core.apps import App
from core.command_handlers import CommandHandlers
from core.contract import ChatAdapter
from core.decisions import Decisions
from core.dispatch.queues import Queues
from core.emojis import meanings
from core.extras import ALOUD, REASON, ReadAloud, Reasons
from core.feedback import Feedback
from core.giving_up import GivingUp
from core.history_commands import HISTORY
from core.human_forms import DECIDE
from core.inbox import Intake
from core.offers import ASK, Offers
from core.responses import Responses
from core.retries import RETRY, Retries
from core.running import Stops
from core.setup import FORM, Setup
from core.stopping import STOP, Stopping, StopPresses
from core.store.asides import Asides
from core.store.store import Store
from core.taking import Taking


@dataclass
class Reception:
    """Everything that takes something from people."""

    intake: Intake
    decisions: Decisions
    offers: Offers
    aloud: ReadAloud

    async def aclose(self) -> None:
        """Let what was taken be kept."""
        await self.offers.aclose()
        await self.aloud.aclose()
        await self.intake.aclose()


def reception(
    config: Config,
    store: Store,
    apps: Mapping[str, App],
    adapters: Mapping[str, ChatAdapter],
    queues: Queues,
    stops: Stops,
    feedback: Feedback,
) -> Reception:
    """The intake with everything behind it."""
    asides, taking, admins = Asides(store.database), Taking(queues), config.admins
    stopping = Stopping(store, stops, queues, GivingUp(asides, taking, admins))
    setup = Setup(store, asides, apps, adapters, taking)
    decisions = Decisions(asides, apps, taking, admins)
    offers, aloud = Offers(store, asides, adapters, taking), ReadAloud(asides, apps, adapters)
    both: dict[str, Setup | Decisions | Reasons] = {
        FORM: setup, DECIDE: decisions, REASON: Reasons(asides, apps),
    }  # fmt: skip
    commands = CommandHandlers(asides, apps, adapters, config.routes, setup, stopping, admins)
    responses = Responses(
        {
            **both,
            RETRY: Retries(store, stops, taking),
            ASK: offers,
            ALOUD: aloud,
            HISTORY: commands,
            STOP: StopPresses(stopping, admins),
        },
        both,
        commands,
    )
    stop_emojis = meanings({"stop": config.core.feedback.stop})
    intake = Intake(store, config.routes, taking, feedback, stops, stopping, responses, stop_emojis, admins)
    return Reception(intake, decisions, offers, aloud)
