"""Coordination: shares, co-action edges, and the network of accounts."""

from tasks.domain.frames import Column, FrameSchema

# In the order in which they are looked at and listed. What each takes for the same thing: tasks.detect.objects.
BEHAVIOURS = ("co-url", "co-text", "co-domain", "co-repost", "co-reply", "co-hashtag", "co-media")
CLOCKS = ("certain", "possible")  # certain: what is said stands even if only pairs count that the clocks put inside the window

EDGE_LABELS = ("co-interest", "coordinated")  # more objects in common than chance; and closer in time than their sharers

SHARES = FrameSchema(
    "shares",
    (
        Column("object_id", "text"),  # what two accounts can do the same thing to: a URL, a text family
        Column("account_id", "text"),  # "platform/account_id" inside a briefing: ids are unique per platform only
        Column("content_id", "text"),  # the post
        Column("timestamp_share", "number"),  # seconds since 1970-01-01 UTC
    ),
)

EDGES = FrameSchema(
    "edges",
    (
        Column("behaviour", "text"),
        Column("source", "text"),  # source < target
        Column("target", "text"),
        Column("weight", "count"),  # surviving in-window row pairs
        Column("objects", "count"),  # distinct objects co-acted on
        Column("p_value", "number", optional=True),
        Column("q_value", "number", optional=True),
        Column("p_timing", "number", optional=True),  # closer than the objects' sharers are; null = not asked or not testable
        Column("label", "text", optional=True, vocabulary=EDGE_LABELS),  # only for edges that pass the threshold
        Column("example_object", "text", optional=True),  # an object an analyst can open
        Column("example_posts", "list", optional=True),  # the two posts of one in-window pair on it
        Column("object_ids", "list", optional=True),  # all objects co-acted on, sorted; only for edges that pass the threshold
        Column("objects_certain", "count", optional=True),  # with a pair certainly inside the window; where object_ids stand
        Column("clock", "text", optional=True, vocabulary=CLOCKS),  # only for edges that pass the threshold
    ),
)

CO_ACTED = FrameSchema(
    "co_acted",  # what an edge rests on: one row an edge and object
    (
        Column("behaviour", "text"),
        Column("source", "text"),
        Column("target", "text"),
        Column("object_id", "text"),
        Column("pairs", "count"),  # in-window pairs of posts on the object; the closest one is named, certain ones first
        Column("source_post", "text"),  # "platform/post_id"
        Column("source_at", "instant"),
        Column("target_post", "text"),
        Column("target_at", "instant"),
        Column("clock", "text", vocabulary=CLOCKS),  # of the pair named
    ),
)

FAMILIES = FrameSchema(
    "families",
    (
        Column("platform", "text"),
        Column("post_id", "text"),
        Column("family_id", "text", optional=True),  # null = empty text; lasting: a function of the family's oldest visible text
        Column("short", "flag", optional=True),  # below 20 characters (10 CJK): equal texts only, never copypasta; null = not said
    ),
)
