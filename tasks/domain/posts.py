"""Posts: one row is one observation of one post."""

from tasks.domain.frames import Column, FrameSchema

KINDS = ("original", "repost", "reply", "quote")

POSTS = FrameSchema(
    "posts",
    (
        Column("campaign", "text"),
        Column("platform", "text"),
        Column("post_id", "text"),
        Column("observed_at", "instant"),  # when we captured the row; decides what a briefing with an earlier as_of may see
        Column("account_id", "text"),
        Column("posted_at", "instant"),
        Column("time_precision_s", "count"),  # 1 = second clock, 60 = minute clock, 86400 = only the day is known
        Column("kind", "text", vocabulary=KINDS),
        Column("text", "text", optional=True),
        Column("lang", "text", optional=True),  # BCP 47 ("en", "zh-Hans"); null = the source does not say
        Column("urls", "list", optional=True),
        Column("domains", "list", optional=True),
        Column("hashtags", "list", optional=True),  # without "#", case folded
        Column("mentions", "list", optional=True),  # without "@"
        Column("media_hashes", "list", optional=True),
        Column("repost_of_id", "text", optional=True),
        Column("reply_to_id", "text", optional=True),
        Column("like_count", "count", optional=True),  # null = not measured, never 0
        Column("share_count", "count", optional=True),
        Column("reply_count", "count", optional=True),
        Column("view_count", "count", optional=True),
        Column("batch_id", "text"),
        Column("row_number", "count"),  # 0-based row in the landed files of the batch, in their order
        Column("query_id", "text", optional=True),
    ),
)
POST_KEY = ("platform", "post_id")
