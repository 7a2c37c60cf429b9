"""Does the 90 % interval of the index hold the true index about nine times in ten?"""

import numpy as np
from rebuilding_simulation import coverage


def test_the_interval_covers_at_low_autocorrelation() -> None:
    covered = coverage(replicates=200, rho=0.2, rng=np.random.default_rng(20230829))
    assert 0.8 <= covered <= 0.97
