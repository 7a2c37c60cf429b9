"""What became of posts: one row is one statement of a source that a post was edited, is gone, or was still there."""

from tasks.domain.frames import Column, FrameSchema

STATES = ("edited", "deleted", "seen")  # deleted: asked for again and no longer given; seen: asked for again and still given
GONE, EDITED, SEEN = "deleted", "edited", "seen"

POST_STATES = FrameSchema(
    "post_states",
    (
        Column("campaign", "text"),
        Column("platform", "text"),
        Column("post_id", "text"),
        Column("observed_at", "instant"),  # when we were told
        Column("state", "text", vocabulary=STATES),
        Column("changed_at", "instant", optional=True),  # when it happened; null = the source does not say
        Column("batch_id", "text"),
        Column("row_number", "count"),
    ),
)
