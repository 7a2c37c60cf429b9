"""Fields that a format of fixed columns does not know, and those it expects and does not find."""

from collections.abc import Collection

from tasks.domain.batches import FieldDrift
from tasks.fetch.chunks import Chunk, count_and_sample


class Drift:
    """Counts over all chunks; a name in `ignored` that ends in `*` covers every field that begins so."""

    def __init__(self) -> None:
        self._unknown: dict[tuple[str, str], tuple[int, str]] = {}
        self._missing: dict[tuple[str, str], int] = {}

    def see(self, table: str, chunk: Chunk, used: Collection[str], ignored: Collection[str]) -> None:
        """`used`: the fields that the importer reads; any of them that the chunk lacks is missing there."""
        begins = tuple(name[:-1] for name in ignored if name.endswith("*"))
        names = chunk.names()
        for name in sorted(names - set(used) - set(ignored)):
            if not name.startswith(begins or ("\0",)):
                self.strange(table, name, *count_and_sample(chunk.column(name)))
        for name in sorted(set(used) - names):
            self._missing[table, name] = self._missing.get((table, name), 0) + chunk.rows

    def strange(self, table: str, name: str, rows: int, sample: str) -> None:
        before, first = self._unknown.get((table, name), (0, ""))
        self._unknown[table, name] = (before + rows, first or sample)

    def afresh(self) -> "Drift":
        """For the next part of the same files."""
        return Drift()

    def found(self) -> tuple[FieldDrift, ...]:
        """Unknown fields by name, then missing ones."""
        unknown = (
            FieldDrift(table=t, field=n, kind="unknown", rows=r, sample=s) for (t, n), (r, s) in sorted(self._unknown.items())
        )
        missing = (FieldDrift(table=t, field=n, kind="missing", rows=r) for (t, n), r in sorted(self._missing.items()))
        return (*unknown, *missing)
