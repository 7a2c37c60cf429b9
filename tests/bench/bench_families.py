# ruff: noqa: T201 - a benchmark says what it measured
"""Time and memory of text families over a million texts: pytest tests/bench/bench_families.py -s

In a process of its own each: the texts of a simulated campaign and its neighbours, and texts of which no two are alike. FAMILIES_TEXTS
(a number) asks for another size.
"""

import json
import os
import subprocess
import sys

import pytest

TEXTS = int(os.environ.get("FAMILIES_TEXTS", "1_000_000"))
MAX_CPU_S_MILLION, MAX_GB_MILLION = 60.0, 3.0

PROGRAM = """
import json, resource, sys, time
import numpy as np, pandas as pd, pyarrow as pa
from tasks.detect.families import text_families

many, case = int(sys.argv[1]), sys.argv[2]
if case == "simulated":
    from tasks.simulate.scenario import simulate
    texts = pa.chunked_array([week.posts["text"].combine_chunks() for week in simulate("spamouflage", seed=1, scale=many).weeks()])
    texts = texts.slice(0, many)
else:
    rng = np.random.default_rng(1)
    signs = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    words = np.array(["".join(rng.choice(signs, size)) for size in rng.integers(3, 10, 30_000)])
    lengths = rng.integers(6, 22, many)
    ends = np.cumsum(lengths)
    drawn = words[rng.integers(0, len(words), ends[-1])].tolist()
    texts = pa.chunked_array([[" ".join(drawn[end - size : end]) for end, size in zip(ends.tolist(), lengths.tolist())]])
    del drawn
number = np.arange(len(texts))
posts = pd.DataFrame({
    "platform": pd.Series(np.full(len(texts), "x"), dtype="str"),
    "post_id": pd.array(pa.array(number).cast(pa.string()).to_pandas(), dtype="str"),
    "posted_at": pd.to_datetime(number + 1_700_000_000, unit="s", utc=True),
    "text": texts.to_pandas().astype("str"),
})
del texts
before = resource.getrusage(resource.RUSAGE_SELF)
wall = time.perf_counter()
families = text_families(posts)
after = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({
    "texts": len(posts), "distinct": int(posts["text"].nunique()), "families": int(families["family_id"].nunique()),
    "s": round(time.perf_counter() - wall, 1),
    "cpu_s": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1),
    "gb": round(after.ru_maxrss / 1e6, 2), "gb_before": round(before.ru_maxrss / 1e6, 2),
}))
"""


@pytest.mark.parametrize("case", ["simulated", "distinct"])
def test_families_of_a_million_texts(case: str) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(TEXTS), case], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    print(f"\n{case}: {found}")
    assert found["families"] > 0.01 * TEXTS
    assert found["cpu_s"] <= MAX_CPU_S_MILLION * TEXTS / 1e6
    assert found["gb"] <= MAX_GB_MILLION * TEXTS / 1e6
