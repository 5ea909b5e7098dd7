"""What is counted for the operator (Prometheus); labels never hold people or texts."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 60, 300)


class Metrics:
    """The counters of one process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.turns = Counter(
            "parley_turns", "Turns closed, by outcome.", ["platform", "outcome"], registry=self.registry
        )
        self.first_text = Histogram(
            "parley_first_text_seconds",
            "From the question's arrival to its first text on the screen.",
            ["platform"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.calls = Counter(
            "parley_message_calls", "Posts and edits made.", ["platform"], registry=self.registry
        )
        self.rate_limited = Counter(
            "parley_rate_limited",
            "Calls that the platform put off (429).",
            ["platform"],
            registry=self.registry,
        )
        self.recoveries = Counter(
            "parley_recoveries", "Turns taken up again after a restart.", ["platform"], registry=self.registry
        )
        self.ratings = Counter("parley_ratings", "Ratings sent to Dify.", ["rating"], registry=self.registry)
        self.running = Gauge("parley_turns_running", "Turns in progress.", registry=self.registry)
        self.tokens = Counter(
            "parley_tokens", "Tokens that answers cost, as Dify counts them.", ["app"], registry=self.registry
        )
        self.run_seconds = Counter(
            "parley_run_seconds", "Seconds that Dify worked on answers.", ["app"], registry=self.registry
        )

    def spent(self, app: str, tokens: float, seconds: float) -> None:
        """An app's answer cost so much."""
        self.tokens.labels(app).inc(tokens)
        self.run_seconds.labels(app).inc(seconds)
