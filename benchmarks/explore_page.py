"""Times the page of explore.py in headless Chromium.

Until its first image, for an image alone, and for an image of a grid that two workers draw."""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SYSTEMS = ("mnist_tutorial", "mnist_keras", "mnist_beginners", "celeba64", "images96")
SINGLE = """async () => {
  const start = performance.now();
  for (let i = 0; i < 24; i++) await engine.draw(state.draws[i], true);
  return (performance.now() - start) / 24;
}"""
GRID = """async () => {
  const start = performance.now();
  await Promise.all(state.draws.map((z) => engine.draw(z)));
  return (performance.now() - start) / 24;
}"""


def measured(browser, path):
    """Returns milliseconds: (to the first image, an image alone, one of a grid)."""
    tab = browser.new_page()
    start = time.perf_counter()
    tab.goto(path.as_uri())
    while not tab.evaluate("Boolean(state.shown)"):
        time.sleep(0.005)
    first = 1000 * (time.perf_counter() - start)
    while not tab.inner_text("#status").startswith("Ready"):
        time.sleep(0.01)
    figures = first, tab.evaluate(SINGLE), tab.evaluate(GRID)
    tab.close()
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--run-dir", type=Path, help="a run instead of the pretrained models")
    args = parser.parse_args()
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    models = [("--run-dir", args.run_dir)] if args.run_dir else []
    models = models or [("--pretrained", name) for name in SYSTEMS]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        pages = {}
        for option, name in models:
            out = Path(folder) / Path(name).name
            script = [sys.executable, ROOT / "scripts" / "explore.py"]
            subprocess.run([*script, option, name, "--export", out], check=True)
            pages[name] = out / "index.html"
        found = {name: [] for name in pages}
        for _ in range(args.rounds):
            for name, path in pages.items():
                browser = playwright.chromium.launch(
                    executable_path=chromium, args=["--no-sandbox"]
                )
                found[name].append(measured(browser, path))
                browser.close()
        print("| model | MB | first image, ms | image alone, ms | of a grid, ms |")
        print("|---|---|---|---|---|")
        for name, figures in found.items():
            size = pages[name].stat().st_size / 1e6
            cells = [f"{statistics.median(values):.0f}" for values in zip(*figures, strict=True)]
            print(f"| `{Path(name).name}` | {size:.1f} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
