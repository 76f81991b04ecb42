"""The same work in image libraries, beside whole verdicts, on the same files in the same run.

python benches/peers.py [--rounds N] [--profile P] [--program PATH] [FILE[=SLOT] ...]

Needs opencv-python-headless, pillow and pyvips[binary] from PyPI, and the release program. Makes photos of a
card of 3 and 12 MP, an A4 scan at 300 pixels per inch, a verification photo of 12 MP, and progressive twins of
these, from the pictures of testdata/ with the noise of a sensor; FILEs are added (default slot: supporting-document).

Every figure is processor time on one thread, median of interleaved rounds. A verdict is the difference
between `scanvet check` of the file many times and a few times less, so that start, preparation of networks
and memory that is got from the system for the first time do not count.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from io import BytesIO
from pathlib import Path

# libvips reads it when it is loaded.
os.environ["VIPS_CONCURRENCY"] = "1"

import cv2
import numpy as np
import pyvips
from PIL import Image, ImageFilter, ImageStat

ROOT = Path(__file__).resolve().parents[1]
QUALITY = 90
# Of a phone in daylight, in levels of 255.
SENSOR_NOISE = 3.0


def sensor(picture: np.ndarray, width: int, height: int, seed: int) -> np.ndarray:
    """The picture as a sensor of that size sees it."""
    large = cv2.resize(picture, (width, height), interpolation=cv2.INTER_CUBIC)
    noise = np.random.default_rng(seed).normal(0, SENSOR_NOISE, large.shape)
    return np.clip(large + noise, 0, 255).astype(np.uint8)


def on_desk(card: np.ndarray, width: int, height: int) -> np.ndarray:
    """A card in the middle of a wooden desk, which fills two thirds of the width."""
    grain = np.random.default_rng(7).normal(0, 12, (height // 16, 8))
    desk = cv2.resize(grain, (width, height), interpolation=cv2.INTER_CUBIC)
    scene = np.clip(desk[..., None] + (70, 105, 140), 0, 255)
    wide = width * 2 // 3
    tall = wide * card.shape[0] // card.shape[1]
    top, left = (height - tall) // 2, (width - wide) // 2
    scene[top : top + tall, left : left + wide] = cv2.resize(
        card, (wide, tall), interpolation=cv2.INTER_CUBIC
    )
    return scene.astype(np.uint8)


def made(folder: Path) -> list[tuple[str, Path, str]]:
    """Name, path and slot of the files that are made here."""
    read = lambda name: cv2.imread(str(ROOT / "testdata" / name))  # noqa: E731
    card, portrait = read("filings/id-card-back.jpg"), read("filings/id-card-front.jpg")
    person = read("samples/accept-photo.jpg")
    form = read("samples/accept-form.jpg")
    scenes = [
        ("card on a desk, 3 MP", on_desk(card, 2048, 1536), (2048, 1536), "id-card-back"),
        ("card on a desk by phone, 12 MP", on_desk(card, 4000, 3000), (4000, 3000), "id-card-back"),
        ("A4 at 300 pixels per inch", form, (2480, 3508), "authenticity-form"),
        ("verification photo by phone, 12 MP", person, (3000, 4000), "verification-photo"),
        ("card, portrait side, 3 MP", on_desk(portrait, 2048, 1536), (2048, 1536), "id-card-front"),
    ]
    files = []
    for number, (name, scene, (width, height), slot) in enumerate(scenes):
        picture = sensor(scene, width, height, number)
        for kind, progressive in (("", 0), (", progressive", 1)):
            path = folder / f"{number}{progressive}.jpg"
            options = [cv2.IMWRITE_JPEG_QUALITY, QUALITY, cv2.IMWRITE_JPEG_PROGRESSIVE, progressive]
            assert cv2.imwrite(str(path), picture, options)
            files.append((name + kind, path, slot))
    return files


def opencv_decode(data: bytes) -> None:
    cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


def opencv_work(data: bytes) -> None:
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_64F))
    cv2.meanStdDev(cv2.cvtColor(picture, cv2.COLOR_BGR2HSV))


LAPLACE = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=128)


def pillow_work(data: bytes) -> None:
    picture = Image.open(BytesIO(data)).convert("RGB")
    ImageStat.Stat(picture.convert("L").filter(LAPLACE)).stddev  # noqa: B018
    ImageStat.Stat(picture.convert("HSV")).stddev  # noqa: B018


def pyvips_work(data: bytes) -> None:
    # Kept in memory, as it is looked at twice.
    picture = pyvips.Image.new_from_buffer(data, "").copy_memory()
    mask = pyvips.Image.new_from_array([[0, 1, 0], [1, -4, 1], [0, 1, 0]])
    picture.colourspace("b-w").conv(mask, precision="integer").deviate()
    picture.colourspace("hsv").stats()


PEERS = [
    ("OpenCV decode", opencv_decode),
    ("OpenCV work", opencv_work),
    ("Pillow work", pillow_work),
    ("pyvips work", pyvips_work),
]


# Files until a process has all the memory that it needs.
WARM = 4


def spent(work, data: bytes, repeats: int) -> float:
    """Milliseconds of processor time of one go."""
    began = time.process_time()
    for _ in range(repeats):
        work(data)
    return (time.process_time() - began) * 1000 / repeats


def checked(program: Path, path: Path, slot: str, profile: str, times: int) -> float:
    """Milliseconds of processor time of one process that judges the file so many times."""
    command = [str(program), "check", "--isolation", "none", "--format", "json", "--slot", slot]
    command += ["--profile", profile] if profile else []
    child = subprocess.Popen(
        command + [str(path)] * times, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    said = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    child.stderr.close()
    if child.returncode not in (0, 1, 3):
        sys.exit(f"{program} judges nothing: {said.decode(errors='replace')}")
    return (usage.ru_utime + usage.ru_stime) * 1000


def verdict(program: Path, path: Path, slot: str, profile: str, repeats: int) -> float:
    """Milliseconds of processor time of one verdict, of a process that is warm, as the peers are."""
    warm = checked(program, path, slot, profile, WARM)
    return (checked(program, path, slot, profile, WARM + repeats) - warm) / repeats


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--repeats", type=int, default=5, help="goes in each round")
    options.add_argument("--profile", default="")
    options.add_argument("--program", type=Path, default=ROOT / "target/release/scanvet")
    options.add_argument("files", nargs="*", metavar="FILE[=SLOT]")
    given = options.parse_args()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        files = made(Path(folder))
        for named in given.files:
            name, _, slot = named.partition("=")
            files.append((Path(name).name, Path(name), slot or "supporting-document"))
        print(f"OpenCV {cv2.__version__}, Pillow {Image.__version__}, ", end="")
        print(f"libvips {pyvips.version(0)}.{pyvips.version(1)}; {given.rounds} rounds of {given.repeats}\n")
        names = [name for name, _ in PEERS]
        print("| file | MB | " + " | ".join(names) + " | verdict | verdict / decode | verdict / work |")
        print("|---|" + "---:|" * (len(names) + 4))
        for name, path, slot in files:
            data = path.read_bytes()
            for _, work in PEERS:
                work(data)
            rounds: list[list[float]] = []
            for _ in range(given.rounds):
                row = [spent(work, data, given.repeats) for _, work in PEERS]
                row.append(verdict(given.program, path, slot, given.profile, given.repeats))
                rounds.append(row)
            *peers, ours = (statistics.median(column) for column in zip(*rounds))
            # Of each round by itself, so that a busy machine slows both sides of a ratio.
            ratio = lambda to: statistics.median(row[-1] / row[to] for row in rounds)  # noqa: E731
            cells = [f"{peer:.1f}" for peer in peers] + [f"**{ours:.1f}**", f"{ratio(0):.2f}", f"{ratio(1):.2f}"]
            print(f"| {name} | {len(data) / 1e6:.1f} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
