"""PDQ against what the reference's package (pdqhash 0.2.8) gave for pictures made by rule."""

import numpy as np
import numpy.typing as npt
import pytest

from tasks.detect.pdq import pdq

KNOWN = (
    ((64, 64), "8200dffe7550bffa1040dffe4050fffe5150fffe5554fffeaaab000900030007"),
    ((96, 131), "aaed004babed014babed014bfbed014bfbed514bffed55470003554a001eaeb4"),
    ((200, 250), "d7e5aaa55aa0b56a6be096c2efe09ab5441e98fc631e84fd11bac7301d9be101"),
    ((512, 384), "2cd5307aa4f5f07884d5f060a5d50f7f5ac00f6bfac08c6bd8c1087f18d70c7f"),
    ((300, 129), "56fced5656fcfd56fefc555602031529025314b343520087ab8f5c39a1ebfe01"),
)


def picture(number: int, height: int, width: int) -> npt.NDArray[np.uint8]:
    y, x = np.mgrid[0:height, 0:width]
    waves = (
        np.sin(x / (7 + number) + y / (11 + 2 * number)),
        np.cos(x / (13 + number) - y / (5 + number)),
        np.sin((x * y) / (900 + 70 * number)),
    )
    return np.stack([127 + 90 * wave for wave in waves], -1).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("number", range(len(KNOWN)))
def test_the_reference_gives_the_same_bits(number: int) -> None:
    (height, width), known = KNOWN[number]
    bits, quality = pdq(picture(number, height, width))
    assert np.packbits(bits).tobytes().hex() == known
    assert quality == 100


def test_a_plain_picture_has_no_quality() -> None:
    bits, quality = pdq(np.full((120, 80, 3), 77, np.uint8))
    assert quality == 0
    assert bits.shape == (256,)


def test_a_copy_made_smaller_stays_close_and_another_picture_does_not() -> None:
    whole = picture(2, 400, 400)
    half = whole[::2, ::2]
    assert (pdq(whole)[0] != pdq(half)[0]).sum() <= 31
    assert (pdq(whole)[0] != pdq(picture(0, 400, 400))[0]).sum() > 90
