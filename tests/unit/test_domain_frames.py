"""Frame schemas: exact columns and dtypes, list columns without Python loops, and membership as a filter."""

from datetime import UTC, datetime

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.domain.accounts import MEMBERSHIP, account_key, posts_of_members
from tasks.domain.frames import Column, FrameSchema, flatten_lists
from tasks.domain.posts import POSTS

SMALL = FrameSchema(
    "small",
    (
        Column("name", "text"),
        Column("seen", "instant", optional=True),
        Column("likes", "count", optional=True),
        Column("tags", "list", True),
    ),
)


def test_conform_fills_optional_columns_and_fixes_the_order() -> None:
    frame = SMALL.conform(pd.DataFrame({"likes": [1, None], "name": ["a", "b"]}))
    assert list(frame.columns) == SMALL.names
    assert [str(dtype) for dtype in frame.dtypes] == ["str", "datetime64[us, UTC]", "Int64", "list<item: string>[pyarrow]"]
    assert frame["likes"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"likes": [1]}, "column name is missing"),
        ({"name": ["a"], "colour": ["x"]}, "not declared: colour"),
        ({"name": ["a"], "likes": ["many"]}, "likes is not count"),
    ],
)
def test_conform_names_the_column_at_fault(columns: dict[str, list[object]], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        SMALL.conform(pd.DataFrame(columns))


def test_arrow_and_back_is_the_same_frame() -> None:
    frame = SMALL.conform(
        pd.DataFrame(
            {"name": ["a", "b"], "seen": [datetime(2023, 8, 29, tzinfo=UTC), None], "likes": [3, None], "tags": [["x", "y"], None]}
        )
    )
    table = SMALL.to_arrow(frame)
    assert table.schema.equals(SMALL.arrow)
    pd.testing.assert_frame_equal(SMALL.from_arrow(table), frame)
    pd.testing.assert_frame_equal(SMALL.from_arrow(table.select(["tags", "name"])), frame[["tags", "name"]])


def test_an_empty_frame_has_the_dtypes_of_a_full_one() -> None:
    assert POSTS.empty().dtypes.tolist() == POSTS.from_arrow(POSTS.to_arrow(POSTS.empty())).dtypes.tolist()


@given(st.lists(st.none() | st.lists(st.text(max_size=3), max_size=4), max_size=20), st.integers(0, 5))
def test_flatten_equals_the_plain_loop(lists: list[list[str] | None], cut: int) -> None:
    frame = pd.DataFrame({"tags": pd.array(lists, dtype=pd.ArrowDtype(pa.list_(pa.string())))}).iloc[cut:]
    positions, values = flatten_lists(frame, "tags")
    expected = [(position, value) for position, row in enumerate(lists[cut:]) for value in row or ()]
    assert list(zip(positions.tolist(), values.tolist(), strict=True)) == expected


def _posts(rows: list[tuple[str, str, int]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "platform": [row[0] for row in rows],
            "account_id": [row[1] for row in rows],
            "posted_at": pd.to_datetime([datetime(2023, 8, row[2], tzinfo=UTC) for row in rows], utc=True),
        },
        index=range(10, 10 + len(rows)),
    )


def _members(rows: list[tuple[str, str, int | None]]) -> pd.DataFrame:
    return MEMBERSHIP.conform(
        pd.DataFrame(
            {
                "campaign": "c",
                "platform": [row[0] for row in rows],
                "account_id": [row[1] for row in rows],
                "known_at": pd.to_datetime([datetime(2023, 1, 1, tzinfo=UTC)] * len(rows), utc=True),
                "basis": "seed",
                "until": pd.to_datetime([datetime(2023, 8, row[2], tzinfo=UTC) if row[2] else None for row in rows], utc=True),
                "outcome_selected": False,
                "reason": "",
            }
        )
    )


def test_members_are_told_apart_by_platform_and_leave_at_until() -> None:
    posts = _posts([("x", "1", 3), ("youtube", "1", 3), ("x", "2", 3), ("x", "2", 9), ("x", "3", 4)])
    kept = posts_of_members(posts, _members([("x", "1", None), ("x", "2", 9)]))
    assert kept.index.tolist() == [10, 12]
    assert account_key(kept).tolist() == ["x/1", "x/2"]


def test_no_members_no_posts() -> None:
    posts = _posts([("x", "1", 3)])
    assert posts_of_members(posts, MEMBERSHIP.empty()).empty
    assert posts_of_members(posts.iloc[:0], _members([("x", "1", None)])).empty
