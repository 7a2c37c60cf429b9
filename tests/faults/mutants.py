"""Errors put into the product on purpose: the simulation must find every one of them, else it shows nothing."""

from collections.abc import Callable
from typing import Any

import simulation

from tasks.deliver import delivery, outbox
from tasks.domain.errors import ResurgeError, StaleWrite, WorkspaceProblem
from tasks.domain.ports import Handover
from tasks.store import bundles, lake


def _nonce_of_all() -> None:
    """The outbox without a nonce: after a lost answer twins both believe that the claim is theirs."""
    simulation.Actor._nonce = lambda _self: "nonce"  # type: ignore[method-assign]


def _pointer_without_condition() -> None:
    """The pointer written without comparing what stands there."""
    real = simulation.SimulatedStore.swap

    def swap(self: Any, key: str, data: bytes, *, expected: str | None) -> str:
        if key != simulation.POINTER:
            return real(self, key, data, expected=expected)
        self.simulation.turn("writes the pointer")
        found = self.simulation.objects.get(key)
        self._write(key, data, found[1] if found else 0)
        return "1"

    simulation.SimulatedStore.swap = swap  # type: ignore[method-assign]


def _pointer_without_fence() -> None:
    """A pointer whose fence does not rise."""
    real = bundles.Pointer

    def pointer(**fields: Any) -> Any:
        return real(**{**fields, "fence": 1})

    pointer.model_validate_json = real.model_validate_json  # type: ignore[attr-defined]
    bundles.Pointer = pointer  # type: ignore[assignment, misc]


def _pointer_goes_anywhere() -> None:
    """The pointer moves whatever it names."""
    bundles._may_move = lambda current, edition, *_: bool(current.edition != edition)


def _manifest_first() -> None:
    """A bundle committed before its files are there."""
    real = bundles.publish_bundle

    def publish(store: Any, **given: Any) -> Any:
        class First:
            def __getattr__(self, name: str) -> Any:
                return getattr(store, name)

            def create(self, key: str, data: bytes) -> Any:
                waiting.append((key, data))
                if not key.endswith("manifest.json"):
                    return "created"
                return [store.create(*one) for one in reversed(waiting)].pop()

        waiting: list[tuple[str, bytes]] = []
        return real(First(), **given)  # type: ignore[arg-type]

    bundles.publish_bundle = publish


def _unknown_is_sent_again() -> None:
    """A message of unknown fate counted as not sent."""
    delivery._AFTER = {**delivery._AFTER, "unknown": ("pending", "pending")}


def _unknown_counts_as_sent() -> None:
    """A message of unknown fate counted as sent."""
    delivery._AFTER = {**delivery._AFTER, "unknown": ("sent", "sent")}


def _sent_before_it_is_sent() -> None:
    """The record says sent before the message leaves."""
    real = delivery._Sender._hand_over

    def early(self: Any, message: Any, recipient: Any) -> Handover:
        for key, (data, _) in list(self.store.simulation.objects.items()):
            if "/outbox/" in key and b'"state": "sending"' in data:
                record = outbox.OutboxRecord.model_validate_json(data)
                outbox.settle(self.store, key, record, "sent", "")
        return real(self, message, recipient)

    delivery._Sender._hand_over = early  # type: ignore[method-assign]


def _lost_claim_is_free() -> None:
    """A claim whose sender vanished is taken as if nothing had been sent."""
    real = outbox._step

    def step(record: Any, fresh: Any, nonce: str, now: Any, lease: Any, _resend: bool) -> Any:
        return real(record, fresh, nonce, now, lease, True)

    outbox._step = step


def _nobody_is_told() -> None:
    """Held messages are reported as sent."""
    delivery._FOUND = {**delivery._FOUND, "held": "already sent"}


def _batch_before_its_rows() -> None:
    """A batch committed although its files could not be written."""
    real = simulation.SimulatedStore.create

    def create(self: Any, key: str, data: Any) -> Any:
        try:
            return real(self, key, data)
        except WorkspaceProblem:
            if key.startswith("lake/posts/"):
                return "created"
            raise

    simulation.SimulatedStore.create = create  # type: ignore[method-assign]


def _twin_batches() -> None:
    """Batches that bear the time of their run: a twin's is another one."""
    real = simulation.Actor._batch

    def batch(self: Any, raw: Any) -> Any:
        record = real(self, raw)
        identity = record.identity.model_copy(update={"fetched_at": self.simulation.now + self.skew})
        return record.model_copy(update={"batch_id": identity.batch_id, "identity": identity})

    simulation.Actor._batch = batch  # type: ignore[method-assign]


def _other_bytes_replace() -> None:
    """A key that is written once takes other bytes."""

    def create(self: Any, key: str, data: Any) -> Any:
        self.simulation.turn("creates")
        found = self.simulation.objects.get(key)
        self._write(key, data, found[1] if found else 0)
        return "created"

    simulation.SimulatedStore.create = create  # type: ignore[method-assign]
    lake._commit = lambda store, record: store.create(f"lake/batches/reeds/{record.batch_id}.json", record.canonical()) and record


def _one_try() -> None:
    """A lost answer to a claim ends in sending without it."""
    real = delivery.claim

    def claim(store: Any, key: str, fresh: Any, **given: Any) -> Any:
        try:
            return real(store, key, fresh, **given)
        except (StaleWrite, ResurgeError):
            return outbox.Claim(True, fresh.model_copy(update={"state": "sending", "nonce": given["nonce"]}))

    def hasty(store: Any, key: str, fresh: Any, **given: Any) -> Any:
        found = claim(store, key, fresh, **given)
        return outbox.Claim(found.ours or found.record.state == "sending", found.record)

    delivery.claim = hasty


MUTANTS: dict[str, Callable[[], None]] = {
    "nonce of all": _nonce_of_all,
    "pointer without condition": _pointer_without_condition,
    "pointer without fence": _pointer_without_fence,
    "pointer goes anywhere": _pointer_goes_anywhere,
    "manifest first": _manifest_first,
    "unknown is sent again": _unknown_is_sent_again,
    "unknown counts as sent": _unknown_counts_as_sent,
    "sent before it is sent": _sent_before_it_is_sent,
    "lost claim is free": _lost_claim_is_free,
    "nobody is told": _nobody_is_told,
    "batch before its rows": _batch_before_its_rows,
    "twin batches": _twin_batches,
    "other bytes replace": _other_bytes_replace,
    "sending without a claim": _one_try,
}


def found_by(name: str, most: int) -> int | None:
    """The seed of the first schedule that shows a mutant, of `most`; run in a process of its own, which is spoilt after."""
    MUTANTS[name]()
    for seed in range(most):
        try:
            simulation.schedule(seed)
        except simulation.Broken:
            return seed
    return None
