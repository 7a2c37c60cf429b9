"""docs/hostile.md says what `./run hostile` counted, and it counted the corpus that stands here, to its last label."""

import json

from corpus import broken_rows, campaigns, files, pictures, posts
from hostile import KEPT, PAGE
from hostile_page import COUNTED, page


def test_the_page_says_what_was_counted() -> None:
    kept = json.loads(KEPT.read_text())
    assert PAGE.read_text(encoding="utf-8") == page(kept)
    assert {name: kept["counts"][name] for name in COUNTED if name != "asked"} == dict.fromkeys(set(COUNTED) - {"asked"}, 0)
    assert kept["counts"]["asked"] > 0


def test_every_post_row_and_file_of_the_corpus_is_in_it() -> None:
    texts = posts("http://127.0.0.1:1", "/none")
    assert len(texts) >= 300
    assert len({post.label for post in texts}) == len(texts)
    assert all(post.label in post.text for post in texts)
    told: dict[str, int] = {"files": len(files()), "pictures": len(pictures()), "campaign files": len(campaigns(""))}
    for post in (*texts, *broken_rows()):
        told[post.kind] = told.get(post.kind, 0) + 1
    assert {kind: sum(fates.values()) for kind, fates in json.loads(KEPT.read_text())["classes"].items()} == told
