"""Detection: time, memory and calibration. Run with `pytest tests/bench/bench_detect.py -s`; figures in docs/benchmarks.md.

Each measurement runs in a fresh process, so that its peak memory is its own.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SHARES = """
import numpy as np, pandas as pd
def zipf_shares(rows, seed=1):
    rng = np.random.default_rng(seed)
    accounts = objects = rows // 10
    popularity = 1 / (np.arange(objects) + 10.0)
    return pd.DataFrame({
        "object_id": pd.Series(rng.choice(objects, rows, p=popularity / popularity.sum())).astype("str"),
        "account_id": pd.Series(rng.integers(0, accounts, rows)).astype("str"),
        "content_id": pd.Series(np.arange(rows) + 10**8).astype("str"),
        "timestamp_share": np.floor(rng.uniform(0, 30 * 86_400, rows)),
    })
"""

PLAIN = """
def plain_pairs(shares, window_s):  # the vectorised baseline: encode, sort, sweep, count; no participation rule, no significance
    object_, account = pd.factorize(shares["object_id"])[0], pd.factorize(shares["account_id"])[0]
    time = shares["timestamp_share"].to_numpy()
    order = np.lexsort((time, object_)); object_, account, time = object_[order], account[order], time[order]
    codes, width, at, step = [], account.max() + 1, np.arange(len(time)), 1
    while len(at):
        at = at[at + step < len(time)]
        near = (object_[at] == object_[at + step]) & (time[at + step] - time[at] <= window_s)
        at = at[near]; one, other = account[at], account[at + step]; differ = one != other
        codes.append(np.minimum(one, other)[differ] * width + np.maximum(one, other)[differ]); step += 1
    return np.unique(np.concatenate(codes), return_counts=True)
"""

IRA = """
import numpy as np, pandas as pd, pyarrow as pa
from tasks.domain.posts import POSTS
def ira_posts(folder, end):
    raw = pd.read_parquet(folder + "/ira/ira_posts_2017_01_to_10.parquet")
    raw = raw[raw["posted_at"] < pd.Timestamp(end, tz="UTC")].reset_index(drop=True)
    at = raw["posted_at"].astype("datetime64[us, UTC]")
    kind = np.where(raw["is_repost"], "repost", np.where(raw["is_quote"], "quote", "original"))
    urls = pd.arrays.ArrowExtensionArray(pa.array(list(raw["urls"]), pa.list_(pa.string())))
    frame = pd.DataFrame({"campaign": "ira", "platform": raw["platform"].astype("str"), "post_id": raw["post_id"], "observed_at": at,
        "account_id": raw["account_id"].astype("str"), "posted_at": at, "time_precision_s": 60, "kind": kind, "text": raw["text"],
        "lang": raw["lang"].astype("str"), "urls": urls, "batch_id": "b", "row_number": np.arange(len(raw))})
    return POSTS.conform(frame)
"""

MEASURE = """
import json, resource, time
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
def measured(act):
    before, cpu, wall = peak(), time.process_time(), time.perf_counter()
    result = act()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return result, {"s": round(wall, 2), "cpu_s": round(cpu, 2), "mb": peak(), "extra_mb": peak() - before}
"""


def run(code: str, *arguments: str) -> dict[str, float]:
    """Run `code` in a process of its own; it prints one JSON object."""
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    print(json.dumps(figures))  # noqa: T201 (a benchmark is there to print its figures)
    return figures


@pytest.mark.parametrize(("rows", "most_s", "most_mb"), [(1_000_000, 2, 1_000), (5_000_000, 12, 2_000)])
def test_pairs_from_parquet(tmp_path: Path, rows: int, most_s: float, most_mb: float) -> None:
    path = str(tmp_path / "shares.parquet")
    run(SHARES + "import sys; zipf_shares(int(sys.argv[1])).to_parquet(sys.argv[2]); print('{}')", str(rows), path)
    plain = run(
        MEASURE
        + SHARES
        + PLAIN
        + "import sys; _, f = measured(lambda: plain_pairs(pd.read_parquet(sys.argv[1]), 60)); print(json.dumps(f))",
        path,
    )
    ours = run(
        MEASURE + "import sys\nfrom pathlib import Path\nfrom tasks.detect.files import read_shares\n"
        "from tasks.detect.coordination import co_actions\n"
        "edges, f = measured(lambda: co_actions(read_shares(Path(sys.argv[1])), window_s=60, min_participation=2))\n"
        "print(json.dumps({**f, 'edges': len(edges)}))",
        path,
    )
    judged = run(
        MEASURE + "import sys\nfrom pathlib import Path\nfrom tasks.detect.files import detect_file\n"
        "where = Path(sys.argv[1])\n"
        "out, given = where.with_name('e.parquet'), {'window_s': 60, 'min_participation': 2, 'significance': True}\n"
        "count, f = measured(lambda: detect_file(where, out, **given))\n"
        "print(json.dumps({**f, 'edges': count}))",
        path,
    )
    assert ours["cpu_s"] <= max(most_s, 2.5 * plain["cpu_s"])  # processor time, and beside the baseline: the machine may be shared
    assert ours["mb"] <= most_mb
    assert judged["edges"] == ours["edges"]
    assert judged["cpu_s"] <= 2.5 * ours["cpu_s"] + 1


def test_real_posts(shared_data: Path) -> None:
    """Families of 872,128 posts, then detection over the 26 weeks before 2017-09-11."""
    families = run(
        MEASURE + IRA + "import sys\nfrom tasks.detect.families import text_families\n"
        "posts = ira_posts(sys.argv[1], '2017-11-01'); frame, f = measured(lambda: text_families(posts))\n"
        "print(json.dumps({**f, 'posts': len(posts), 'families': frame['family_id'].nunique()}))",
        str(shared_data),
    )
    assert families["posts"] == 872_128
    assert families["cpu_s"] < 25
    assert families["extra_mb"] < 1_500
    found = run(
        MEASURE + IRA + "import sys\nfrom datetime import date, datetime, UTC\n"
        "from tasks.detect.families import text_families\nfrom tasks.detect.network import detect\n"
        "from tasks.domain.campaign import *\nfrom tasks.domain.periods import Cutoff\n"
        "posts = ira_posts(sys.argv[1], '2017-09-11'); families = text_families(posts)\n"
        "c = Campaign(slug='ira', title='ira', thresholds=Thresholds(window_s={'co-url': 120, 'co-text': 120}))\n"
        "end = datetime(2017, 9, 11, tzinfo=UTC)\n"
        "d, f = measured(lambda: detect(c, posts, families, Cutoff(end, end), 1))\n"
        "print(json.dumps({**f, 'edges': len(d.edges), 'significant': len(d.significant)}))",
        str(shared_data),
    )
    assert found["cpu_s"] < 12
    assert found["extra_mb"] < 1_500


def test_calibration_at_100k_rows() -> None:
    """Of 200 permuted data sets at most 6 may have any edge at q <= 0.01. Two behaviours are not needed: one carries the null."""
    figures = run(
        MEASURE + "import sys\nsys.path.insert(0, sys.argv[1])\nimport numpy as np\n"
        "from test_significance import organic, permuted\n"
        "from tasks.detect.coordination import co_actions\nfrom tasks.detect.significance import *\n"
        "shares = organic(100_000, 21); tests = count_tests(shares); many = 200; flagged = 0; edges = 0\n"
        "for seed in range(many):\n"
        "    mixed = permuted(shares, seed); found = co_actions(mixed, window_s=60, min_participation=2); edges += len(found)\n"
        "    p = pair_p_values(mixed, found, window_s=60, min_participation=2)\n"
        "    flagged += bool((benjamini_hochberg(p, tests=tests) <= 0.01).any())\n"
        "print(json.dumps({'permutations': many, 'with_any_edge': flagged, 'edges_a_set': edges // many, 'tests': tests}))",
        str(Path(__file__).resolve().parents[1] / "unit"),
    )
    assert figures["with_any_edge"] <= 6
