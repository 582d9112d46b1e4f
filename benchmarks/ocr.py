"""OCR in the confined process's way against Tesseract's own program, on the same pages, in turn.

Pages of A4 are made from text (Noto Sans and Serif KR), laid askew, blurred, shaded and noisy;
errors are those of characters. Seconds are of the processor, so that a busy machine matters less.

    python -m benchmarks.ocr
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from onetomany.formats import ocr
from onetomany.sources.files import package_folder

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from test_ocr import ENGLISH, KOREAN, MIXED, error_rate

SANS, SERIF = "NotoSansKR-Regular.otf", "NotoSerifKR-Regular.otf"
PAGES = [
    (name, text, font, dpi, points)
    for dpi in (150, 200, 300)
    for name, text, font, points in (
        ("Korean", KOREAN, SANS, 11.0),
        ("Korean, serif", KOREAN, SERIF, 11.0),
        ("Korean, small", KOREAN, SANS, 8.5),
        ("Korean and English, figures", MIXED, SANS, 11.0),
        ("English", ENGLISH, SANS, 11.0),
    )
]


def page(text: str, font: str, dpi: int, points: float, seed: int) -> tuple[Image.Image, str]:
    """A page of A4 that repeats a text until it is full, and the text that it holds."""
    per, random = dpi / 72, np.random.default_rng(seed)
    size = (round(595 * per), round(842 * per))
    image = Image.new("L", size, 250)
    face = package_folder("pylopdf_fonts_ko") / font
    drawn, ink = ImageFont.truetype(str(face), round(points * per)), ImageDraw.Draw(image)
    lines = (text.splitlines() * 40)[: int(720 / (points * 2))]
    for number, line in enumerate(lines):
        ink.text((55 * per, (60 + number * points * 2) * per), line, font=drawn, fill=20)
    image = image.rotate(random.uniform(-1, 1), Image.Resampling.BICUBIC, fillcolor=250)
    grey = np.asarray(image.filter(ImageFilter.GaussianBlur(0.3 * per))).astype(float)
    grey += random.normal(0, random.uniform(8, 16), grey.shape) - np.linspace(0, 25, size[0])
    return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8)), "\n".join(lines)


def program(path: Path) -> tuple[str, float]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = ["tesseract", str(path), "-", "-l", "kor+eng", "-c", "preserve_interword_spaces=1"]
    said = subprocess.run(command, capture_output=True, check=True).stdout.decode()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return said, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    engine = ocr.OcrEngine()
    print(engine.name)
    print(f"{'page':30} dpi   errors: here, program   seconds: here, program")
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        for seed, (name, text, font, dpi, points) in enumerate(PAGES):
            image, truth = page(text, font, dpi, points, seed)
            path = Path(folder) / "page.pdf"
            image.save(path, resolution=dpi)
            begun = time.process_time()
            sheet = ocr._from_pdf(path.read_bytes(), 1)
            words, _ = ocr._either_way(engine, sheet, 60.0)
            took = time.process_time() - begun
            image.save(path.with_suffix(".png"), dpi=(dpi, dpi))
            said, seconds = program(path.with_suffix(".png"))
            read = " ".join(word.text for word in words)
            ours.append((error_rate(truth, read), took))
            theirs.append((error_rate(truth, said), seconds))
            line = f"{name:30} {dpi}   {ours[-1][0]:6.3f} {theirs[-1][0]:6.3f}"
            print(f"{line}   {took:6.1f} {seconds:6.1f}", flush=True)
    here, there = np.mean(ours, axis=0), np.mean(theirs, axis=0)
    print(f"mean errors {here[0]:.3f}, {there[0]:.3f}; median {np.median(ours, axis=0)[0]:.3f}, "
          f"{np.median(theirs, axis=0)[0]:.3f}; seconds {here[1]:.1f}, {there[1]:.1f}, "
          f"ratio {here[1] / there[1]:.2f}")  # fmt: skip


if __name__ == "__main__":
    main()
