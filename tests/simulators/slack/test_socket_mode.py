"""Connections, acknowledgements, redelivery and what goes wrong with them."""

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp


async def _deaf(slack, client):
    """A bolt app with no listener at all: it acknowledges nothing."""
    handler = AsyncSocketModeHandler(AsyncApp(client=client), slack.app_token, ping_interval=0.05)
    await handler.connect_async()
    await slack.journal.wait(lambda: slack.socket.open)
    return handler


async def test_an_event_without_listener_is_never_acknowledged_and_comes_again(slack, client):
    handler = await _deaf(slack, client)
    try:
        slack.post("general", "ada", "anybody?")
        delivery = slack.deliveries[0]
        await slack.journal.wait(lambda: delivery.paused)
        assert delivery.attempts == 2
        slack.redeliver_now()
        await slack.journal.wait(lambda: delivery.attempts == 3)
        first, second, _ = delivery.envelopes
        assert (first["retry_attempt"], first["retry_reason"]) == (0, "")
        assert (second["retry_attempt"], second["retry_reason"]) == (1, "timeout")
        assert first["envelope_id"] != second["envelope_id"]
        assert first["payload"]["event_id"] == second["payload"]["event_id"]
    finally:
        await handler.close_async()


async def test_redelivery_ends_after_the_last_delay(slack, client):
    slack.socket.retry_delays, slack.socket.ack_timeout = (0.0, 0.0, 0.0), 0.02
    handler = await _deaf(slack, client)
    try:
        slack.post("general", "ada", "anybody?")
        delivery = slack.deliveries[0]
        await slack.journal.wait(lambda: delivery.given_up)
        assert [envelope["retry_attempt"] for envelope in delivery.envelopes] == [0, 1, 2, 3]
    finally:
        await handler.close_async()


async def test_events_sent_while_nobody_listens_come_later_as_retries(slack, client, bot):
    for handler in bot.handlers:
        await handler.close_async()
    await slack.journal.wait(lambda: not slack.socket.open)
    slack.post("general", "ada", "while you were away")
    delivery = slack.deliveries[0]
    await slack.journal.wait(lambda: delivery.paused)
    await bot.connect()
    slack.redeliver_now()
    await slack.journal.wait(lambda: delivery.acked and bot.events)
    assert (delivery.envelopes[0]["retry_attempt"], delivery.envelopes[0]["retry_reason"]) == (
        2,
        "connection_failed",
    )
    assert bot.events[0]["event"]["text"] == "while you were away"


async def test_a_payload_goes_to_one_of_several_connections(slack, bot):
    await bot.connect()
    await bot.connect()
    assert len(slack.socket.open) == 3
    for number in range(12):
        slack.post("general", "ada", f"message {number}")
    await slack.journal.wait(lambda: all(delivery.acked for delivery in slack.deliveries))
    heard = [body["event"]["text"] for body in bot.events]
    again = sum(
        len(delivery.envelopes) - 1 for delivery in slack.deliveries
    )  # acknowledged late: sent once more
    assert set(heard) == {f"message {n}" for n in range(12)}
    assert len(heard) <= 12 + again


async def test_the_app_moves_to_a_new_socket_when_asked_to(slack, bot):
    old = slack.socket.open[0]
    await slack.refresh_sockets()
    await slack.journal.wait(lambda: slack.socket.open and old not in slack.socket.connections)
    slack.post("general", "ada", "still there?")
    await slack.journal.wait(lambda: bot.events)
    assert len(slack.journal.named("apps.connections.open")) == 2


async def test_a_cut_socket_is_replaced(slack, bot):
    old = slack.socket.open[0]
    slack.drop_sockets()
    await slack.journal.wait(lambda: slack.socket.open and slack.socket.open != [old])
    slack.post("general", "ada", "still there?")
    await slack.journal.wait(lambda: slack.deliveries[0].acked)


async def test_no_connection_while_refusing_and_one_afterwards(slack, bot):
    slack.refuse_connections()
    slack.drop_sockets()
    refused = await slack.journal.wait(
        lambda: [
            call for call in slack.journal.named("apps.connections.open") if call.error == "internal_error"
        ]
    )
    assert refused
    assert not slack.socket.open
    slack.refuse_connections(on=False)
    await slack.journal.wait(lambda: slack.socket.open)


async def test_malformed_envelopes_do_not_end_the_connection(slack, bot):
    before = slack.socket.open
    for text in (
        "not json",
        "{",
        '{"type": "events_api"}',
        '{"type":"events_api","envelope_id":"x","payload":7}',
    ):
        await slack.send_raw(text)
    slack.post("general", "ada", "after the noise")
    await slack.journal.wait(lambda: bot.events)
    assert slack.socket.open == before


async def test_the_hello_and_the_limit_of_connections(slack, session):
    async def open_url():
        headers = {"Authorization": f"Bearer {slack.app_token}"}
        async with session.post(f"{slack.api_url}apps.connections.open", headers=headers) as response:
            return (await response.json())["url"]

    sockets = [await session.ws_connect(await open_url()) for _ in range(11)]
    hellos = [await ws.receive_json() for ws in sockets]
    assert [hello["type"] for hello in hellos] == ["hello"] * 10 + ["disconnect"]
    assert hellos[9]["num_connections"] == 10
    assert hellos[9]["connection_info"] == {"app_id": slack.world.app_id}
    assert hellos[10]["reason"] == "too_many_websockets"
    for ws in sockets:
        await ws.close()


async def test_a_ticket_is_good_for_one_connection(slack, session):
    url = f"{slack.base}/link/?ticket={slack.socket.ticket()}"
    async with session.ws_connect(url) as ws:
        assert (await ws.receive_json())["type"] == "hello"
        async with session.get(url) as second:
            assert second.status == 401


async def test_an_event_can_be_delivered_again_although_it_was_acknowledged(slack, bot):
    slack.post("general", "ada", "once")
    delivery = slack.deliveries[0]
    await slack.journal.wait(lambda: delivery.acked)
    again = slack.redeliver(delivery)
    await slack.journal.wait(lambda: again.acked and len(bot.events) == 2)
    assert again.envelopes[0]["retry_attempt"] == 1
    assert again.envelopes[0]["retry_reason"] == "timeout"
    first, second = bot.events
    assert first["event_id"] == second["event_id"]
