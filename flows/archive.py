"""The archive pages of a workspace: written anew from what was published, one for each label, after every briefing."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import orjson

from reports.archive import ArchivedEdition, ArchivedPeriod, archive_page, archived_edition
from tasks.domain.bundles import Manifest, Pointer
from tasks.domain.campaign import TLP_ORDER
from tasks.domain.errors import ResurgeError, StaleWrite, WorkspaceProblem
from tasks.domain.facts import edition_of
from tasks.domain.ports import ObjectInfo, ObjectStore
from tasks.store.bundles import FACTS, MANIFEST
from tasks.store.keys import ARCHIVE_CACHE_KEY, archive_key, parse_pointer_key

FORM = 1  # of the cache; another one is not read
_TRIES = 5
_DEPTH = 6  # briefings / campaign / period / label / edition / manifest.json


@dataclass
class _Known:
    """What was read before: editions by their folder, and pointers by key with the version they were read at."""

    editions: dict[str, ArchivedEdition] = field(default_factory=dict)
    pointers: dict[str, tuple[str, Pointer]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Held:
    """What the workspace holds: periods by label, and bundles that cannot be listed."""

    periods: list[tuple[str, ArchivedPeriod]]
    unreadable: list[tuple[str, str]]  # label, folder


def write_archive(store: ObjectStore, labels: Sequence[str] = (), *, since: Sequence[str] = ()) -> list[str]:
    """Write the page of each of `labels`; returns the pages' keys. Without labels: of every label under which something was published,
    and with `since`, the labels of what was published just now, only of those whose page that changes.

    A page holds the briefings of its label and of those below. It is swapped in whole; where another run wrote it since, it is made again
    from what stands then. Raises WorkspaceProblem if the store does not answer, or another writer was faster five times.
    """
    for _ in range(_TRIES):
        known = _recall(store)
        listed = list(store.entries("briefings"))
        held = _held(store, listed, known)
        _remember(store, known)
        present = {label for label, _ in held.periods}
        lowest = min(map(_rank, since), default=0)
        chosen = [label for label in TLP_ORDER if (label in labels if labels else label in present and _rank(label) >= lowest)]
        versions = {info.key: info.version for info in listed}
        try:
            return [_write(store, label, held, versions) for label in chosen]
        except StaleWrite:
            continue
    raise WorkspaceProblem("The archive page was changed by others five times.", remedy="Run `resurge archive` when they are done.")


def refresh_archive(store: ObjectStore, since: Sequence[str]) -> str:
    """After briefings under the labels `since`. Returns what went wrong, for a note: an index that is out of date must not make a
    briefing fail."""
    try:
        write_archive(store, since=since)
    except (ResurgeError, OSError, ValueError) as error:
        return f"The archive page is not up to date ({str(error)[:200]}). Run `resurge archive`."
    return ""


def _held(store: ObjectStore, listed: Sequence[ObjectInfo], known: _Known) -> _Held:
    """Everything listed, read where it is not known; what is gone is forgotten."""
    found: dict[tuple[str, str, str], list[ArchivedEdition]] = {}
    bad: list[tuple[str, str]] = []
    folders = dict(_manifests(listed))
    known.editions = {folder: one for folder, one in known.editions.items() if folder in folders}
    for folder, parts in folders.items():
        if folder not in known.editions:
            try:
                known.editions[folder] = _read(store, folder, parts)
            except (ResurgeError, ValueError):
                bad.append((parts[2], folder))
                continue
        found.setdefault((parts[0], parts[1], parts[2]), []).append(known.editions[folder])
    pointers = dict(_pointers(store, listed, known))
    periods = []
    for key, editions in sorted(found.items()):
        pointer = pointers.get(key)
        periods.append(
            (
                key[2],
                ArchivedPeriod(
                    tuple(editions),
                    current=pointer.edition if pointer else None,
                    corrections=pointer.corrections if pointer else 0,
                    supersedes=pointer.supersedes if pointer else None,
                ),
            )
        )
    return _Held(periods, bad)


def _manifests(listed: Sequence[ObjectInfo]) -> Iterator[tuple[str, list[str]]]:
    """(folder, [campaign, period, label, edition]) of every bundle that is whole: its manifest is written last."""
    for info in listed:
        parts = info.key.split("/")
        if len(parts) == _DEPTH and parts[-1] == MANIFEST and parts[3] in TLP_ORDER:
            yield info.key.rpartition("/")[0], parts[1:5]


def _read(store: ObjectStore, folder: str, parts: list[str]) -> ArchivedEdition:
    """Raises ValueError where the bundle is not what its folder says."""
    manifest, facts = store.read(f"{folder}/{MANIFEST}"), store.read(f"{folder}/{FACTS}")
    if manifest is None or facts is None or edition_of(facts.data) != parts[3]:
        raise ValueError(folder)
    said = Manifest.model_validate_json(manifest.data)
    if [said.campaign, said.period, said.tlp, said.edition] != parts:
        raise ValueError(folder)
    return archived_edition(facts.data, said)


def _pointers(store: ObjectStore, listed: Sequence[ObjectInfo], known: _Known) -> Iterator[tuple[tuple[str, str, str], Pointer]]:
    for info in listed:
        parts = parse_pointer_key(info.key)
        if parts is None:
            continue
        version, pointer = known.pointers.get(info.key, ("", None))
        if pointer is None or version != info.version:
            stored = store.read(info.key)
            if stored is None:
                continue
            with contextlib.suppress(ValueError):  # of a newer version of the program: the period then has no current edition
                pointer = Pointer.model_validate_json(stored.data)
                known.pointers[info.key] = (stored.version, pointer)
        if pointer is not None:
            yield parts, pointer


def _write(store: ObjectStore, label: str, held: _Held, versions: dict[str, str]) -> str:
    """Swap the page in, unless it stands there as it is."""
    key = archive_key(label)
    page = archive_page(
        [period for own, period in held.periods if _rank(own) <= _rank(label)],
        tlp=label,
        unreadable=[folder for own, folder in held.unreadable if _rank(own) <= _rank(label)],
    ).encode()
    stored = store.read(key) if key in versions else None
    if stored is None or stored.data != page:
        # the version of the listing, not of now: what a faster run wrote since may hold more than was listed here
        store.swap(key, page, expected=versions.get(key))
    return key


def _recall(store: ObjectStore) -> _Known:
    """What was read before. It is a cache: what cannot be read is read anew from the bundles."""
    stored = store.read(ARCHIVE_CACHE_KEY)
    if stored is None:
        return _Known()
    try:
        kept = orjson.loads(stored.data)
        if kept["form"] != FORM:
            return _Known()
        editions = {folder: ArchivedEdition.model_validate_json(text) for folder, text in kept["editions"].items()}
        pointers = {key: (version, Pointer.model_validate_json(text)) for key, (version, text) in kept["pointers"].items()}
    except (ValueError, KeyError, TypeError):
        return _Known()
    return _Known(editions, pointers)


def _remember(store: ObjectStore, known: _Known) -> None:
    data = orjson.dumps(
        {
            "form": FORM,
            "editions": {folder: one.model_dump_json() for folder, one in sorted(known.editions.items())},
            "pointers": {key: (version, one.model_dump_json()) for key, (version, one) in sorted(known.pointers.items())},
        }
    )
    stored = store.read(ARCHIVE_CACHE_KEY)
    if stored is None or stored.data != data:
        with contextlib.suppress(StaleWrite):  # another run's is as good
            store.swap(ARCHIVE_CACHE_KEY, data, expected=stored.version if stored else None)


def _rank(label: str) -> int:
    return [str(one) for one in TLP_ORDER].index(label)
