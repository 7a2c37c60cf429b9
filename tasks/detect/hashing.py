"""Ids as 64-bit numbers with a 32-bit check beside each, so that two ids that share a number are noticed.

Whole numbers are mixed by a bijection (Steele, Lea and Flood 2014, SplitMix64) and never share one. Other ids are hashed over their
UTF-8 bytes, eight at a time, in two lanes that differ in constants and order of operations; the second gives the check. Among 10^8
distinct ids two share 64 bits with probability 3 * 10^-4; that their checks agree too, and nobody notices, has probability 6 * 10^-14.
Whoever notices begins again with another `key`.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Hashes = npt.NDArray[np.uint64]
Checks = npt.NDArray[np.uint32]

_ODD = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


class SharedHash(Exception):
    """Two different ids have the same 64-bit number under this key."""


@dataclass(frozen=True)
class Hashed:
    """A column of ids: the number and the check of every row."""

    number: Hashes
    check: Checks

    def __getitem__(self, rows: npt.NDArray[np.intp]) -> "Hashed":
        return Hashed(self.number[rows], self.check[rows])


def hashed(ids: pa.ChunkedArray, *, key: int, as_text: bool = False) -> Hashed:
    """The numbers of a column without nulls. Equal ids of one type have equal numbers in every part of a file; `as_text` compares
    ids of any type by their text."""
    array = _one(ids)
    if pa.types.is_integer(array.type) and not as_text and array.type != pa.uint64():
        whole = array.cast(pa.int64()).to_numpy(zero_copy_only=False).view(np.uint64)
        return Hashed(_mixed(whole + np.uint64(key)), np.zeros(len(whole), np.uint32))
    binary = pa.types.is_binary(array.type) or pa.types.is_large_binary(array.type)
    return _of_bytes(array.cast(pa.large_binary() if binary and not as_text else pa.large_string()), key)


def verify(numbers: Hashes, checks: Checks) -> None:
    """Raises SharedHash if equal numbers, which stand side by side, have checks that differ."""
    if ((numbers[1:] == numbers[:-1]) & (checks[1:] != checks[:-1])).any():
        raise SharedHash


def bucket_of(numbers: Hashes, buckets: int) -> npt.NDArray[np.uint16]:
    """Bucket 0 to buckets - 1, ascending with the number."""
    return (((numbers >> np.uint64(32)) * np.uint64(buckets)) >> np.uint64(32)).astype(np.uint16)


def _one(ids: pa.ChunkedArray) -> pa.Array:
    if pa.types.is_dictionary(ids.type):
        ids = ids.cast(ids.type.value_type)
    joined = ids.combine_chunks()
    return joined if isinstance(joined, pa.Array) else pa.concat_arrays(joined.chunks)


def _mixed(values: Hashes) -> Hashes:
    """SplitMix64's finalizer: a bijection of 64 bits."""
    values = (values ^ (values >> np.uint64(30))) * _ODD[2]
    values = (values ^ (values >> np.uint64(27))) * _ODD[3]
    return values ^ (values >> np.uint64(31))


def _of_bytes(array: pa.Array, key: int) -> Hashed:
    count = len(array)
    _, bounds, data = array.buffers()
    offset = np.frombuffer(bounds, np.int64)[array.offset : array.offset + count + 1]
    start, length = offset[:-1], np.diff(offset).astype(np.uint64)
    held = np.frombuffer(data, np.uint8)[: int(offset[-1]) if count else 0] if data is not None else np.empty(0, np.uint8)
    padded = np.concatenate([held, np.zeros(8, np.uint8)])
    words = np.ndarray((len(padded) - 7,), np.uint64, buffer=padded, strides=(1,))  # eight bytes from every byte on
    one = _mixed(length * _ODD[0] + np.uint64(key))
    two = _mixed(length * _ODD[1] + ~np.uint64(key))
    rows: npt.NDArray[np.intp] | slice = slice(None)
    for at in range(0, int(length.max(initial=np.uint64(0))), 8):
        if at and not bool((length > at).all()):
            rows = np.flatnonzero(length > at)
        left = np.minimum(length[rows] - np.uint64(at), np.uint64(8))
        word = words[start[rows] + at] & (~np.uint64(0) >> (np.uint64(64) - left * np.uint64(8)))
        one[rows] = _turned((one[rows] ^ word) * _ODD[0])
        two[rows] = _turned(two[rows] * _ODD[2] + word * _ODD[3])
    return Hashed(_mixed(one), (_mixed(two) >> np.uint64(32)).astype(np.uint32))


def _turned(values: Hashes) -> Hashes:
    return values ^ (values >> np.uint64(29))


def distinct(ids: pa.ChunkedArray) -> list[object]:
    """Distinct values that are not null, as Python objects."""
    return [value for value in pc.unique(ids).to_pylist() if value is not None]
