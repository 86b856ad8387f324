"""Draw the characters that charts need into bot/reports/glyphs.bin, once, with a local Chromium.

Run after new characters appear in names: .venv/bin/python docs/make_glyphs.py
The glyphs are those of Noto Sans CJK SC (SIL Open Font License 1.1).
"""

from __future__ import annotations

import json
import zlib
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

SIZE = 24
TARGET = Path(__file__).resolve().parent.parent / "bot" / "reports" / "glyphs.bin"
KNOWLEDGE = Path(__file__).resolve().parent.parent / "knowledge" / "data"
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-proxy-server")
DRAW = """
const size = arguments[0], chars = arguments[1];
const canvas = document.createElement('canvas');
canvas.width = size; canvas.height = size;
const pen = canvas.getContext('2d', {willReadFrequently: true});
pen.font = '20px "Noto Sans CJK SC"';
pen.textBaseline = 'alphabetic';
const widths = [], dots = [];
for (const c of chars) {
  pen.clearRect(0, 0, size, size);
  pen.fillText(c, 1, 19);
  widths.push(Math.min(size, Math.ceil(pen.measureText(c).width) + 2));
  const data = pen.getImageData(0, 0, size, size).data;
  for (let i = 3; i < data.length; i += 4) dots.push(data[i] >> 6);
}
let text = '';
for (const d of dots) text += d;
return [widths, text];
"""


def characters() -> str:
    """Return ASCII, GB 2312's first level, punctuation, and every character of the names."""
    found = {chr(n) for n in range(33, 127)}
    for high in range(0xB0, 0xD8):
        for low in range(0xA1, 0xFF):
            try:
                found.add(bytes((high, low)).decode("gb2312"))
            except UnicodeDecodeError:
                continue
    found |= set("，。、：；（）“”—…％·《》？！／－")
    names = [KNOWLEDGE / "places.yaml", KNOWLEDGE / "departments.yaml"]
    for path in [*names, *(KNOWLEDGE / "packages").glob("*.yaml")]:
        for line in path.read_text(encoding="utf-8").splitlines():
            if "name:" in line or "short_name:" in line or "names:" in line:
                found |= {c for c in line if ord(c) > 0x2E80}
    return "".join(sorted(found))


def main() -> None:
    """Draw and write."""
    options = webdriver.ChromeOptions()
    for flag in FLAGS:
        options.add_argument(flag)
    browser = webdriver.Chrome(options, Service("/usr/bin/chromedriver"))
    chars = characters()
    widths, rows = [], []
    try:
        for start in range(0, len(chars), 200):
            more, dots = browser.execute_script(DRAW, SIZE, list(chars[start : start + 200]))
            widths += more
            rows.append(dots)
    finally:
        browser.quit()
    dots = "".join(rows)
    packed = bytes(
        int(dots[n]) << 6 | int(dots[n + 1]) << 4 | int(dots[n + 2]) << 2 | int(dots[n + 3])
        for n in range(0, len(dots), 4)
    )
    head = json.dumps({"size": SIZE, "chars": chars, "widths": widths}).encode()
    TARGET.write_bytes(zlib.compress(len(head).to_bytes(4, "big") + head + packed, 9))
    print(len(chars), "characters,", TARGET.stat().st_size, "bytes")  # noqa: T201


if __name__ == "__main__":
    main()
