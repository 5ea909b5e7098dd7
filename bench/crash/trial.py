"""One set-up from its first process to the verdict."""

import asyncio
import json
import random
import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from bench.crash.databases import NoServer, store
from bench.crash.killer import Killer, plan
from bench.crash.ledger import Ledger
from bench.crash.options import SETUPS, Options
from bench.crash.posts import standing
from bench.crash.processes import Bot, BotFailed
from bench.crash.referee import Verdict, Violation, Wrong, judge
from bench.crash.report import Result
from bench.crash.stage import Stage
from bench.crash.traffic import Traffic

CALM = {1: 2.0, 2: 12.0, 3: 12.0}  # seconds of silence after the last answer; replicas repeat a last edit
GIVEN_UP = {1: 75.0, 2: 90.0, 3: 90.0}  # seconds of silence: the windows of the paced platforms last 60
_LOOK = 0.5


class Trial:
    """The parts of one run."""

    def __init__(self, setup: str, options: Options, folder: Path, stage: Stage) -> None:
        self.replicas = SETUPS[setup]
        self.stage = stage
        self.options = options
        config, letters = folder / "config.yaml", "abc"[: self.replicas]
        self.bots = [Bot(f"{setup}-{letter}", config, folder) for letter in letters]
        self.ledger = Ledger(stage, options.seed)
        self.killer = Killer(self.bots, self.ledger, stage, options.seed + 2, self._prepare)
        self.traffic = Traffic(stage, self.ledger, self.killer, options)

        self._folder = folder

    def _prepare(self) -> None:
        for file in self._folder.glob("parley.db*") if self.options.forgetful else ():
            file.unlink()

    async def run(self) -> None:
        """Ask and kill, let it come to rest, and end the bots in good order. Raises BotFailed."""
        blows = plan(self.options.kills, random.Random(self.options.seed + 3), replicas=self.replicas)
        try:
            async with asyncio.TaskGroup() as group:
                for bot in self.bots:
                    group.create_task(self.killer.supervise(bot))
                await self.ledger.until(lambda: all(bot.serves for bot in self.bots), within=120)
                asking = group.create_task(self.traffic.run())
                await self.killer.run(blows)
                await self.ledger.until(lambda: len(self.ledger.questions) >= self.options.turns, within=300)
                self.traffic.end()
                await asking
                await self._settle()
                self.killer.close()
        finally:
            for bot in self.bots:
                await bot.destroy()

    async def _settle(self) -> None:
        """Wait until every answer stands and nothing moves any more, or nothing moves for long."""
        ends = time.monotonic() + self.options.settle

        def rest() -> bool:
            silent = time.monotonic() - self.ledger.active_at
            done = not self.ledger.unfinished and not self.killer.frozen
            return silent > (CALM if done else GIVEN_UP)[self.replicas] or time.monotonic() > ends

        while not rest():
            await self.ledger.until(rest, within=_LOOK)

    def verdict(self) -> Verdict:
        """What the chats and Dify show, and what the processes did."""
        talks = {question.conversation.number: question.conversation for question in self.ledger.questions}
        posts = standing(self.stage.slack, self.stage.discord)
        verdict = judge(talks.values(), posts, self.killer.blows)
        bots = tuple(Violation(Wrong.BOT, *finding.split(": ", 1)) for finding in self.killer.findings)
        return replace(verdict, violations=verdict.violations + bots)


async def run_setup(setup: str, options: Options) -> Result:
    """Run one set-up. Logs are kept where something went wrong."""
    logs = Path(tempfile.mkdtemp(prefix=f"parley-crash-{setup}-", dir=options.logs))
    try:
        async with store(setup, options.postgres, logs) as url:
            result = await _run_in(logs, setup, url, options)
    except NoServer as reason:
        result = Result(setup, skipped=str(reason))
    if result.ok and options.logs is None:
        shutil.rmtree(logs)
        return result
    result = replace(result, logs=logs)
    (logs / "report.txt").write_text(result.details(), encoding="utf-8")
    return result


async def _run_in(logs: Path, setup: str, url: str, options: Options) -> Result:
    began, cpu, broken = time.monotonic(), time.process_time(), ""
    async with Stage(people=options.turns // 4 + options.conversations) as stage:
        (logs / "config.yaml").write_text(json.dumps(stage.config(url)), encoding="utf-8")  # JSON is YAML
        trial = Trial(setup, options, logs, stage)
        try:
            await trial.run()
        except* BotFailed as failures:
            broken = "; ".join(str(failure) for failure in failures.exceptions)
        return Result(
            setup,
            (options.turns, options.kills),
            trial.ledger.questions,
            trial.killer.blows,
            standing(stage.slack, stage.discord),
            trial.verdict(),
            trial.traffic.repeated,
            [seconds for bot in trial.bots for seconds in bot.start_seconds],
            time.monotonic() - began,
            {name: len(journal.calls) for name, journal in stage.journals.items()},
            trial.killer.struck_at - began,
            time.process_time() - cpu,
            broken=broken,
        )
