"""Files of every format that is imported: good ones, some with rows to refuse, with a field nobody knows, and damaged ones."""

import csv
import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from tasks.fetch.rows import PARSED

SAMPLES = Path(__file__).resolve().parent / "data"


@dataclass(frozen=True)
class Case:
    """How to try one importer: a good file, one with `bad` rows to refuse, one with a field nobody knows, and damaged ones.

    Each writer gets a folder and returns the files in their order. `landed`: rows by table that all of them hold."""

    form: str
    write: Callable[[Path], list[Path]]
    write_bad: Callable[[Path], list[Path]]
    bad: int
    write_strange: Callable[[Path], list[Path]]
    stranger: tuple[str, str]  # table, field
    damaged: dict[str, tuple[Callable[[Path], Path], str]]  # name -> (writer, what the error must say)
    landed: dict[str, int]
    options: dict[str, Any] = field(default_factory=dict)


MAP = {
    "map": {"post_id": "id", "account_id": "author", "posted_at": "at", "text": "body", "like_count": "likes"},
    "constants": {"platform": "facebook"},
    "ignore": ["unused"],
}
ROWS: list[dict[str, Any]] = [
    {
        "id": f"p{n}",
        "author": f"a{n % 3}",
        "at": f"2023-10-07T12:{n:02d}:00Z",
        "body": f"Line {n}\nwith #Tag{n}, @who",
        "likes": n,
        "unused": 1,
    }
    for n in range(7)
]
BAD_ROWS = [
    *ROWS[:3],
    {**ROWS[3], "likes": "many"},
    {**ROWS[4], "at": "yesterday"},
    {**ROWS[5], "id": None},
    *ROWS[6:],
]
TIMES = ["2017-03-01T10:00", "2017-03-01T12:00", "2017-03-02T00:00", "2017-03-04T00:00", "2017-03-05T00:00"]
STRANGE_ROWS = [{**row, "mood": "calm"} for row in ROWS]


def ndjson(rows: list[dict[str, Any]]) -> Callable[[Path], list[Path]]:
    def write(folder: Path) -> list[Path]:
        (folder / "rows.ndjson").write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n", encoding="utf-8")
        return [folder / "rows.ndjson"]

    return write


def csv_file(rows: list[dict[str, Any]]) -> Callable[[Path], list[Path]]:
    def write(folder: Path) -> list[Path]:
        with (folder / "rows.csv").open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return [folder / "rows.csv"]

    return write


def parquet(rows: list[dict[str, Any]], name: str = "rows.parquet") -> Callable[[Path], list[Path]]:
    def write(folder: Path) -> list[Path]:
        texts = [{key: value if value is None or key == "unused" else str(value) for key, value in row.items()} for row in rows]
        pq.write_table(pa.Table.from_pylist(texts), folder / name)
        return [folder / name]

    return write


def raw(name: str, data: bytes) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        (folder / name).write_bytes(data)
        return folder / name

    return write


def ira(*, bad: bool = False, strange: bool = False) -> Callable[[Path], list[Path]]:
    """A fictional miniature of the archive: 6 posts by 2 accounts and 3 listed accounts, one of which never posts."""

    def write(folder: Path) -> list[Path]:
        posts = pd.DataFrame(
            {
                "post_id": [f"ira-{n}" for n in range(6)],
                "account_id": ["Maple", "Maple", "Maple", "Birch", "Birch", "Maple"],
                "account_handle": ["Maple", "Maple", "Maple", "Birch", "Birch", "Maple"],
                "platform": "twitter",
                "posted_at": pd.to_datetime([*TIMES, None if bad else "2017-03-05T01:00"], utc=True, format="ISO8601"),
                "text": ["#One [url]", "RT @oak: two", "three", "four", "five", "six"],
                "lang": ["English", "Russian", "LANGUAGE UNDEFINED", "German", "English", "English"],
                "region": "Unknown",
                "urls": [["https://t.co/Ab1"], [], [], [], [], []],
                "is_repost": [False, True, False, False, False, False],
                "is_quote": [False, False, True, False, False, False],
                "repost_of_handle": [None, "oak", None, None, None, None],
                "followers": [1, 2, -1, 4, 5, 6],
                "following": [9, 9, 9, 9, 9, 9],
                "statuses": 1,
                "category": "Test",
                "account_type": "Test",
            }
        )
        accounts = pd.DataFrame(
            {
                "account_id": ["Maple", "Birch", "Yew"],
                "account_handle": ["Maple", "Birch", "Yew"],
                "twitter_user_id": ["1", "2", "3"],
                "user_id_exact": [True, False, True],
                "account_created_est": pd.to_datetime(["2017-02-01 00:00:00.5", "2017-02-10", None], utc=True, format="ISO8601"),
                "category": "Test",
                "account_type": "Test",
            }
        )
        if strange:
            posts["mood"] = "calm"
        accounts.to_parquet(folder / "accounts.parquet")
        posts.to_parquet(folder / "posts.parquet")
        return [folder / "accounts.parquet", folder / "posts.parquet"]

    return write


def simulated(*, bad: bool = False, strange: bool = False) -> Callable[[Path], list[Path]]:
    """Four posts and two observations of one account, as the simulated platform writes them."""

    def record(kind: str, table: str, values: dict[str, Any]) -> dict[str, Any]:
        names = [name for name in PARSED[table].names if name != "row_number"]
        return {
            "record": kind,
            **dict.fromkeys(names),
            "platform": "x",
            "account_id": "a1",
            "observed_at": "2023-10-08T00:00:00Z",
            **values,
        }

    def write(folder: Path) -> list[Path]:
        post = {"kind": "original", "posted_at": "2023-10-07T12:00:00Z", "time_precision_s": 1, "text": "A line"}
        posts = [record("post", "posts", {**post, "post_id": f"s{n}", **({"mood": "calm"} if strange else {})}) for n in range(4)]
        if bad:
            posts[1]["posted_at"] = "yesterday"
            posts[2]["like_count"] = "many"
        rows = [*posts[:2], record("account", "accounts", {}), *posts[2:], record("account", "accounts", {"status": "active"})]
        (folder / "page.ndjson").write_text("".join(json.dumps(row) + "\n" for row in rows))
        return [folder / "page.ndjson"]

    return write


def sample(
    names: tuple[str, ...], changes: dict[int, dict[str, str]] | None = None, more: str = ""
) -> Callable[[Path], list[Path]]:
    """The sample files, with cells of the first one changed (row -> column -> value), or with a column `more` in it."""

    def write(folder: Path) -> list[Path]:
        for number, name in enumerate(names):
            with (SAMPLES / name).open(newline="", encoding="utf-8") as stream:
                rows = list(csv.DictReader(stream))
            if not number:
                rows = [
                    {**row, **(changes or {}).get(place, {}), **({more: "calm"} if more else {})} for place, row in enumerate(rows)
                ]
            with (folder / name).open("w", newline="", encoding="utf-8") as stream:
                writer = csv.DictWriter(stream, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)
        return [folder / name for name in names]

    return write


def telegram(changes: dict[int, dict[str, Any]] | None = None, more: str = "") -> Callable[[Path], list[Path]]:
    def write(folder: Path) -> list[Path]:
        export = json.loads((SAMPLES / "telegram_export_channel.json").read_text(encoding="utf-8"))
        posts = [message for message in export["messages"] if message["type"] == "message"]
        for place, message in enumerate(posts):
            message.update({**(changes or {}).get(place, {}), **({more: "calm"} if more else {})})
        (folder / "result.json").write_text(json.dumps(export, indent=1), encoding="utf-8")
        return [folder / "result.json"]

    return write


def zipped(name: str, inside: dict[str, bytes]) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, data in inside.items():
                archive.writestr(path, data)
        return folder / name

    return write


TWITTER_IO = ("twitter_io_tweets.csv", "twitter_io_users.csv")
HALF_CSV = raw("half.csv", b'a,b\n1,"x\n')
CUT = json.dumps(ROWS[0]) + "\n" + json.dumps(ROWS[1])[:-9]
POSTS_LANDED = {"posts": 7, "accounts": 0}
CASES = [
    Case(
        "ndjson", ndjson(ROWS), ndjson(BAD_ROWS), 3, ndjson(STRANGE_ROWS), ("posts", "mood"),
        {
            "cut off": (raw("cut.ndjson", CUT.encode()), "cut.ndjson.*line 2: invalid JSON"),
            "Latin-1": (raw("latin.ndjson", b'{"id": "1"}\n\n{"id": "\xe9"}\n'), "line 3: invalid UTF-8"),
            "UTF-16": (raw("wide.ndjson", "{}".encode("utf-16")), "line 1: UTF-16"),
            "NUL": (raw("nul.ndjson", b'{"id": "a\x00"}\n'), "line 1: invalid JSON"),
            "NaN": (raw("nan.ndjson", b'{"id": NaN}\n'), "line 1: invalid JSON"),
            "an array": (raw("array.ndjson", b'[\n{"id": 1}\n]\n'), "line 1: invalid JSON"),
        },
        POSTS_LANDED, MAP,
    ),
    Case(
        "csv", csv_file(ROWS), csv_file(BAD_ROWS), 3, csv_file(STRANGE_ROWS), ("posts", "mood"),
        {
            "unbalanced quote": (raw("quote.csv", b'id,author,at\n1,a,"x"\n2,a,"x\n3,a,x\n'), "line 3: unbalanced quote"),
            "text after a quote": (raw("after.csv", b'id,author\n1,"a"b\n'), "line 2: unbalanced quote"),
            "Latin-1": (raw("latin.csv", b"id,author\n1,a\n2,\xe9\n"), "line 3: invalid UTF-8"),
            "no byte": (raw("empty.csv", b""), "the file is empty"),
            "a name twice": (raw("twice.csv", b"id,id\n1,2\n"), "names 'id' twice"),
        },
        POSTS_LANDED, MAP,
    ),
    Case(
        "parquet", parquet(ROWS), parquet(BAD_ROWS), 3, parquet(STRANGE_ROWS), ("posts", "mood"),
        {
            "text": (raw("text.parquet", b"id,author\n1,2\n"), "text.parquet.*not a Parquet file, or its footer is missing"),
            "no byte": (raw("empty.parquet", b""), "the file is empty"),
            "footer only": (raw("foot.parquet", b"PAR1" + b"\x00" * 40 + b"\x10\x00\x00\x00PAR1"), "footer"),
        },
        POSTS_LANDED, MAP,
    ),
    Case(
        "ira", ira(), ira(bad=True), 1, ira(strange=True), ("posts", "mood"),
        {
            "text": (raw("text.parquet", b"no"), "not a Parquet file, or its footer is missing"),
            "another table": (lambda folder: parquet(ROWS, "other.parquet")(folder)[0], "it is no accounts file of this archive"),
        },
        {"posts": 6, "accounts": 3 + 4},  # Birch first posted on a day with one post
    ),
    Case(
        "simulated", simulated(), simulated(bad=True), 2, simulated(strange=True), ("posts", "mood"),
        {
            "cut off": (raw("cut.ndjson", b'{"record": "post", "platform'), "cut.ndjson, line 1"),
            "an array": (raw("array.ndjson", b'{}\n[]\n'), "array.ndjson, line 2"),
        },
        {"posts": 4, "accounts": 2},
    ),
    Case(
        "twitter-io", sample(TWITTER_IO), sample(TWITTER_IO, {2: {"is_retweet": "maybe"}, 3: {"hashtags": "a, b"}}), 2,
        sample(TWITTER_IO, more="mood"), ("posts", "mood"),
        {
            "another table": (raw("other.csv", b"id,author\n1,2\n"), "line 1: it is no users file of these archives"),
            "empty zip": (zipped("none.zip", {"readme.txt": b"x"}), "holds no file that ends in .csv"),
            "a bomb": (zipped("bomb.zip", {"a.csv": b"0" * (70 << 20)}), "a.csv.*times its size"),
            "cut zip": (lambda folder: cut(zipped("cut.zip", {"a.csv": b"tweetid,userid"})(folder)), "damaged or cut off"),
        },
        {"posts": 5, "accounts": 3 + 4},  # first and last post of two accounts
    ),
    Case(
        "crowdtangle", sample(("crowdtangle_pages.csv",)),
        sample(("crowdtangle_pages.csv",), {0: {"Likes": "1,20"}, 1: {"Post Created": "2021-07-06 23:10:00 IST"}, 3: {"URL": "x"}}), 3,
        sample(("crowdtangle_pages.csv",), more="mood"), ("posts", "mood"),
        {"another table": (raw("other.csv", b"id,author\n1,2\n"), "no CrowdTangle file, it lacks Comments, Facebook Id")},
        {"posts": 4, "accounts": 4},  # by day
    ),
    Case(
        "meta-content-library", sample(("meta_content_library_posts.csv",)),
        sample(("meta_content_library_posts.csv",), {0: {"creation_time": "May"}, 1: {"statistics.views": "1.5k"}}), 2,
        sample(("meta_content_library_posts.csv",), more="mood"), ("posts", "mood"),
        {"another table": (raw("other.csv", b"id,author\n1,2\n"), "it lacks post_owner.id, creation_time"), "half": (HALF_CSV, "line 2")},
        {"posts": 4, "accounts": 2}, {"platform": "facebook"},
    ),
    Case(
        "4cat", sample(("4cat_telegram.csv",)), sample(("4cat_telegram.csv",), {0: {"unix_timestamp": "14:00"}, 1: {"id": "new"}}), 2,
        sample(("4cat_telegram.csv",), more="mood"), ("posts", "mood"),
        {"another table": (raw("other.csv", b"id,author\n1,2\n"), "no 4CAT export of telegram, it lacks body")},
        {"posts": 3, "accounts": 1}, {"source": "telegram"},
    ),
    Case(
        "telegram-export", telegram(), telegram({0: {"text": 7}, 1: {"type": "unsupported"}, 2: {"date_unixtime": "now"}}), 3,
        telegram(more="mood"), ("posts", "mood"),
        {
            "cut off": (raw("cut.json", b'{"type": "public_channel", "id": 1,\n"messages": [\n{"id": 1'), "cut.json.*line 3: invalid JSON"),
            "Latin-1": (raw("latin.json", b'{"type":\n"\xe9"}'), "line 2: invalid UTF-8"),
            "something else": (raw("other.json", b'{"a": [1, 2]}'), "holds no chats and no messages"),
            "NaN": (raw("nan.json", b'{"id": NaN}'), "line 1: invalid JSON"),
            "no chat": (raw("bare.json", b'{"messages": [{"id": 1}]}'), "without id and type"),
            "two documents": (raw("two.json", b'{"messages": []}\n{}'), "line 2: something follows"),
        },
        {"posts": 4, "accounts": 1},
    ),
]  # fmt: skip


def cut(path: Path) -> Path:
    path.write_bytes(path.read_bytes()[:-30])
    return path


@dataclass(frozen=True)
class Sample:
    """Files of a format as somebody would bring them, and the rows by table that come of them."""

    form: str
    write: Callable[[Path], list[Path]]
    rows: dict[str, int]
    options: dict[str, Any] = field(default_factory=dict)
    observed_at: str | None = "posted"


def pictures(folder: Path) -> list[Path]:
    out = io.BytesIO()
    Image.linear_gradient("L").resize((96, 96)).save(out, "PNG")
    with tarfile.open(folder / "faces.tar", "w") as archive:
        for name, data in {"accounts.csv": b"platform,account_id,file,handle\nx,1,a.png,one\n", "a.png": out.getvalue()}.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return [folder / "faces.tar"]


def indicators(folder: Path) -> list[Path]:
    listed = ["https://x[.]com/tern", "pier[.]example", "#harbour"]
    pd.DataFrame({"Tactic": "t", "Procedure": "", "Indicator": listed}).to_csv(folder / "indicators.csv", index=False)
    return [folder / "indicators.csv"]


def ledger(folder: Path) -> list[Path]:
    given = {
        "row_id": "T1", "date_start": "2023-08-29", "date_end": "2023-08-29", "date_precision": "day", "platform": "facebook",
        "campaign": "", "asset_type": "accounts", "count": "7704", "approximate": "False", "source_url": "https://example.org/a",
        "source_kind": "primary", "note": "",
    }  # fmt: skip
    pd.DataFrame([given]).to_csv(folder / "ledger.csv", index=False)
    return [folder / "ledger.csv"]


MARCH = "2026-03-01T06:00:00Z"
OTHER_SAMPLES = [
    Sample("avatars", pictures, {"accounts": 1}, observed_at=MARCH),
    Sample("meta-indicators", indicators, {"indicators": 3}, observed_at=MARCH),
    Sample("takedown-ledger", ledger, {"takedowns": 1}),
]
SAMPLES_OF_ALL = {
    sample.form: sample
    for sample in (
        *(Sample(c.form, c.write, {t: n for t, n in c.landed.items() if n}, c.options) for c in CASES),
        *OTHER_SAMPLES,
    )
}
