"""Makes the pictures of the studio that the README and its page show.

    python bin/lab/studio.py            both, from the samples, with Chromium and Playwright
    python bin/lab/studio.py --size=256 smaller and sooner

They go to tf_style/samples/results: studio.jpg, the tab Paint in the middle of a run, and
studio-dark.jpg, the tab Learned styles in the dark. The time from the start of the command until
the page can be used, and the memory of the idle server with TensorFlow loaded, are printed.
"""

import argparse
import contextlib
import io
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

import tf_style

RESULTS = Path(tf_style.__file__).parent / "samples/results"
WIDTH, HEIGHT, SAVED, QUALITY = 1280, 900, 1000, 75
IDLE_S = 15  # after which TensorFlow is loaded


@contextlib.contextmanager
def studio() -> Iterator[tuple[str, int]]:
  """Starts the command, and yields its address and process number."""
  with tempfile.TemporaryDirectory() as folder:
    process = subprocess.Popen(
        [sys.executable, "-m", "tf_style.studio", "--port=0", f"--logdir={folder}/logs"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
      assert process.stdout is not None
      yield process.stdout.readline().strip(), process.pid
    finally:
      process.terminate()
      process.wait()


def opened(browser: Browser, address: str, scheme: str) -> Page:
  context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=scheme)
  page = context.new_page()
  page.set_default_timeout(120_000)
  page.goto(address)
  page.wait_for_selector("#paint")
  return page


def choose(page: Page, photograph: str, style: str, size: int) -> None:
  page.get_by_role("button", name=photograph).click()
  page.get_by_role("button", name=style).click()
  page.wait_for_selector("#photograph img")
  page.wait_for_selector("#styles img")
  page.locator("#size input[type=number]").fill(str(size))
  page.locator("#size input[type=number]").press("Enter")


def save(page: Page, name: str) -> None:
  page.evaluate("scrollTo(0, 0)")
  image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
  image.thumbnail((SAVED, SAVED))
  image.save(RESULTS / name, "JPEG", quality=QUALITY, optimize=True)
  print(f"{name}: {(RESULTS / name).stat().st_size // 1000} kB")


def resident_mb(process: int) -> int:
  match = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text())
  assert match is not None
  return int(match[1]) // 1024


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument("--size", type=int, default=512)
  size = parser.parse_args().size
  with sync_playwright() as playwright:
    browser = playwright.chromium.launch(
        executable_path=shutil.which("chromium"), args=["--no-sandbox"])
    start = time.monotonic()
    with studio() as (address, process):
      page = opened(browser, address, "light")
      print(f"usable after {time.monotonic() - start:.1f} s")
      time.sleep(IDLE_S)
      print(f"idle: {resident_mb(process)} MB")
      choose(page, "a cup of coffee", "oil", size)
      page.locator("#paint").click()
      page.wait_for_function(
          "parseInt(document.querySelector('.easel progress')?.value ?? 0) >= 60", timeout=600_000)
      save(page, "studio.jpg")
      page.locator("#stop").click()
      page.wait_for_selector(".easel[data-state=stopped]")
      dark = opened(browser, address, "dark")
      choose(dark, "a cat", "woodcut", size)
      dark.get_by_role("tab", name="Learned styles").click()
      dark.wait_for_selector("#learned img")
      time.sleep(1)
      save(dark, "studio-dark.jpg")
    browser.close()


if __name__ == "__main__":
  main()
