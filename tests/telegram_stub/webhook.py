"""Push updates to the bot's webhook, as Telegram does."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.telegram_stub.records import Json
from tests.telegram_stub.world import PendingUpdate, World

PUSH_SECONDS = 30
RETRY_SECONDS = 0.2


def push_pending(world: World) -> tuple[int, ...]:
    """Post each pending update once, in order, and return the status codes; 0 is no answer."""
    with world.changed:
        pending = tuple(world.updates)
    with _client() as client:
        return tuple(_push(world, client, update) for update in pending)


@contextmanager
def pushing(world: World, connections: int) -> Iterator[None]:
    """Post updates as they come over several connections; what is refused is tried again."""
    stop = threading.Event()
    in_hand: set[int] = set()
    threads = [
        threading.Thread(target=_push_until, args=(world, stop, in_hand), daemon=True)
        for _ in range(connections)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        world.note_change()
        for thread in threads:
            thread.join(PUSH_SECONDS)


def _push_until(world: World, stop: threading.Event, in_hand: set[int]) -> None:
    with _client() as client:
        while not stop.is_set():
            pending = _next_pending(world, in_hand)
            if pending is None:
                continue
            if not 200 <= _push(world, client, pending) < 300:
                stop.wait(RETRY_SECONDS)
            with world.changed:
                in_hand.discard(pending.update_id)


def _next_pending(world: World, in_hand: set[int]) -> PendingUpdate | None:
    with world.changed:
        free = [each for each in world.updates if each.update_id not in in_hand]
        if not free or not world.webhook.url:
            world.changed.wait(RETRY_SECONDS)
            return None
        in_hand.add(free[0].update_id)
        return free[0]


def _push(world: World, client: httpx.Client, pending: PendingUpdate) -> int:
    with world.changed:
        webhook = world.webhook
        world.hand_out(pending)
    secret: Json = (
        {"X-Telegram-Bot-Api-Secret-Token": webhook.secret_token} if webhook.secret_token else {}
    )
    try:
        status = client.post(webhook.url, json=pending.body, headers=secret).status_code
        problem = f"Wrong response from the webhook: {status}"
    except httpx.HTTPError as error:
        status, problem = 0, f"Connection failed: {type(error).__name__}"
    with world.changed:
        if 200 <= status < 300:
            world.updates = [each for each in world.updates if each is not pending]
        else:
            webhook.last_error_at, webhook.last_error = world.now(), problem
        world.note_change()
    return status


def _client() -> httpx.Client:
    return httpx.Client(timeout=PUSH_SECONDS, trust_env=False)
