"""Hostile pictures: each is refused with its reason, and the picture after it is looked at."""

import io
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from png_bomb import png_bomb

from tasks.detect import avatar_images
from tasks.detect.avatar_images import MOST_BYTES, Limits, Look, look_at
from tasks.detect.picture_reuse import MOST_BITS, unpack


def coded(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def drawing(seed: int = 1, size: int = 200) -> Image.Image:
    """Some coloured shapes: enough structure for a hash."""
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", (size, size), tuple(rng.integers(0, 256, 3).tolist()))
    draw = ImageDraw.Draw(image)
    for _ in range(12):
        x, y, r = [*rng.integers(0, size, 2).tolist(), int(rng.integers(size // 10, size // 3))]
        draw.ellipse((x - r, y - r, x + r, y + r), fill=tuple(rng.integers(0, 256, 3).tolist()))
    return image


def noise(size: tuple[int, int], mode: str = "RGB") -> Image.Image:
    return Image.effect_noise(size, 60).convert(mode)


@pytest.fixture(scope="module")
def seen() -> dict[str, Look]:
    plain = drawing()
    turned = Image.Exif()
    turned[0x0112] = 6  # to be shown turned by a quarter to the right
    sixteen = Image.fromarray(np.asarray(plain.convert("L")).astype(np.uint16) * 257)
    frames = [drawing(seed) for seed in (1, 2, 3)]
    clear = plain.convert("RGBA")
    clear.putalpha(Image.new("L", clear.size, 0))
    hostile = {
        "30,000 pixels wide": png_bomb(30_000),
        "4,097 pixels wide": png_bomb(4_097),
        "cut off": coded(noise((300, 300)), "JPEG")[:4000],
        "cut off within a PNG": coded(plain)[:800],
        "GIF named .jpg": coded(plain, "GIF"),
        "SVG named .jpg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>',
        "HTML named .png": b"<!doctype html><title>Not found</title>",
        "zero bytes": b"",
        "only a beginning": b"\x89PNG\r\n\x1a\n",
        "RIFF of another kind": b"RIFF\x24\x00\x00\x00WAVEfmt ",
        "too large": b"\xff\xd8\xff" + bytes(MOST_BYTES),
        "an icon": coded(drawing(size=48)),
    }
    whole = {
        "plain": coded(plain),
        "JPEG": coded(plain, "JPEG", quality=85),
        "WebP": coded(plain, "WEBP"),
        "CMYK": coded(plain.convert("CMYK"), "JPEG", quality=90),
        "grey": coded(plain.convert("L")),
        "16 bits": coded(sixteen),
        "palette": coded(plain.quantize(64)),
        "transparent": coded(clear),
        "turned by EXIF": coded(plain.rotate(90), "JPEG", exif=turned, quality=90),
        "animated PNG": coded(frames[0], save_all=True, append_images=frames[1:], duration=100),
        "animated WebP": coded(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=100),
        "large": coded(plain.resize((3000, 3000)), "JPEG"),
        "mirrored": coded(plain.transpose(Image.Transpose.FLIP_LEFT_RIGHT)),
        "another": coded(drawing(9)),
        "blank": coded(Image.new("RGB", (200, 200), "white")),
    }
    return look_at((hostile | whole).items())


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("30,000 pixels wide", "more than 16,777,216 pixels"),
        ("4,097 pixels wide", "more than 16,777,216 pixels"),
        ("cut off", "damaged or cut off"),
        ("cut off within a PNG", "damaged or cut off"),
        ("GIF named .jpg", "not a PNG, JPEG or WebP picture"),
        ("SVG named .jpg", "not a PNG, JPEG or WebP picture"),
        ("HTML named .png", "not a PNG, JPEG or WebP picture"),
        ("RIFF of another kind", "not a PNG, JPEG or WebP picture"),
        ("zero bytes", "empty file"),
        ("only a beginning", "damaged or cut off"),
        ("too large", "larger than 8 MiB"),
        ("an icon", "smaller than 64 by 64 pixels"),
    ],
)
def test_a_hostile_picture_is_refused_with_its_reason(seen: dict[str, Look], name: str, reason: str) -> None:
    assert seen[name] == Look(refused=reason)


def bits_apart(one: str, other: str) -> int:
    return int(np.bitwise_count(unpack([one]) ^ unpack([other])).sum())


@pytest.mark.parametrize(
    "name",
    ["JPEG", "WebP", "CMYK", "grey", "16 bits", "palette", "turned by EXIF", "animated PNG", "animated WebP", "large"],
)
def test_the_same_picture_in_another_form_is_the_same_picture(seen: dict[str, Look], name: str) -> None:
    assert not seen[name].refused
    assert bits_apart(seen["plain"].pdq, seen[name].pdq) <= MOST_BITS


def test_another_picture_is_another_and_a_mirror_image_is_known_as_one(seen: dict[str, Look]) -> None:
    assert bits_apart(seen["plain"].pdq, seen["another"].pdq) > MOST_BITS
    assert bits_apart(seen["plain"].pdq, seen["mirrored"].pdq) > MOST_BITS
    assert seen["plain"].mirrored == seen["mirrored"].pdq


def test_a_picture_without_structure_has_no_quality(seen: dict[str, Look]) -> None:
    assert seen["blank"].quality == 0
    assert seen["transparent"].quality == 0  # white all over
    assert seen["plain"].quality >= 50


def scan_bomb() -> bytes:
    """A progressive JPEG of 4,096 x 4,096 pixels that says its last scan 5,000 times: 200 kB, seconds of CPU, little memory."""
    whole = coded(Image.new("RGB", (4096, 4096), "red"), "JPEG", progressive=True)
    last = whole.rindex(b"\xff\xda")
    return whole[:last] + whole[last:-2] * 5000 + whole[-2:]


def test_a_picture_that_ends_its_reader_is_lost_alone() -> None:
    jobs = [("before", coded(drawing())), ("slow", scan_bomb()), ("after", coded(drawing()))]
    looks = look_at(jobs, Limits(cpu_s=0, children=1))
    assert looks["slow"].refused == "took too long to open"
    assert looks["before"].pdq == looks["after"].pdq != ""


def test_after_many_deaths_no_more_pictures_are_tried() -> None:
    looks = look_at([(f"{n}", scan_bomb()) for n in range(3)], Limits(wall_s=0.1, children=1, deaths=1))
    assert [look.refused for look in looks.values()] == [
        "took too long to open",
        *["not looked at: 1 readers before it had ended on a picture"] * 2,
    ]


def test_memory_is_limited() -> None:
    jobs = [("large", coded(Image.new("RGBA", (4096, 4096), (255, 0, 0, 128)))), ("small", coded(drawing()))]
    looks = look_at(jobs, Limits(memory_mb=500, children=1))
    assert looks["large"].refused == "needs more memory than a picture may"
    assert not looks["small"].refused


def test_the_child_may_open_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    limits: list[str] = []
    popen, end = subprocess.Popen, avatar_images._Child._end

    def start(*arguments: object, **options: object) -> subprocess.Popen[bytes]:
        started.append(popen(*arguments, **options))  # type: ignore[call-overload]
        return started[-1]

    def look_and_end(process: subprocess.Popen[bytes]) -> int | None:
        limits.append(Path(f"/proc/{process.pid}/limits").read_text())
        return end(process)

    if not Path("/proc/self/limits").exists():
        pytest.skip("this system shows no limits of a process")
    monkeypatch.setattr(avatar_images.subprocess, "Popen", start)
    monkeypatch.setattr(avatar_images._Child, "_end", staticmethod(look_and_end))
    assert not look_at([("plain", coded(drawing()))], Limits(children=1))["plain"].refused
    found = {line[:25].strip(): line[25:].split() for line in limits[0].splitlines()}
    assert found["Max open files"][:2] == ["3", "3"]
    assert found["Max file size"][:2] == ["0", "0"]
    assert found["Max address space"][:2] == [str(1024 << 20)] * 2
    assert started[0].returncode == 0
