"""The page in headless Chromium: what an artist does, sees and gets."""

import io
import re
import shlex
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_inputs import write_picture
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from serving import served, small_service

from tf_style import run
from tf_style.page import jobs, places
from tf_style.page.server import Server
from tf_style.page.service import Service

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(BROWSER is None, reason="there is no Chromium")
SECONDS = 120
STEPS = "#steps :is(input, textarea)"
WIDE, PHONE = {"width": 1400, "height": 1000}, {"width": 390, "height": 800}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
  return tmp_path_factory.mktemp("studio")


@pytest.fixture(scope="module")
def service(folder) -> Service:
  return small_service(folder)


@pytest.fixture(scope="module")
def server(service, folder) -> Iterator[Server]:
  with served(service, folder) as made:
    service.warm_up()
    yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
  with sync_playwright() as playwright:
    made = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
    yield made
    made.close()


@pytest.fixture
def open_page(browser, server) -> Iterator[Callable[..., Page]]:
  """Opens pages, each a browser of its own; at the end none has asked for anything outside."""
  opened: list[Any] = []
  outside: list[str] = []
  errors: list[str] = []

  def note(request: Any) -> None:
    if not request.url.startswith((server.address, "data:", "blob:")):
      outside.append(request.url)

  def make(**options: Any) -> Page:
    context = browser.new_context(viewport=options.pop("viewport", WIDE), **options)
    page = context.new_page()
    page.set_default_timeout(1000 * SECONDS)
    page.on("request", note)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(server.address)
    page.wait_for_selector("#paint")
    opened.append(context)
    return page

  yield make
  for context in opened:
    context.close()
  assert outside == [] and errors == []


def drop(page: Page, folder: Path, photo: str = "photo.png", *styles: str) -> None:
  page.set_input_files("#photograph-file input[type=file]", folder / photo)
  page.wait_for_selector(f"#photograph img[alt={Path(photo).stem}]")
  names = styles or ("style.png",)
  page.set_input_files("#style-files input[type=file]", [folder / name for name in names])
  page.wait_for_selector(f"#styles img[alt={Path(names[-1]).stem}]")


def set_number(page: Page, control: str, value: str) -> None:
  field = page.locator(f"#{control} input[type=number]")
  field.fill(value)
  field.press("Enter")


def set_steps(page: Page, steps: int) -> None:
  """Opens Advanced, and asks there for so many steps."""
  if not page.locator("#steps").is_visible():
    page.get_by_role("button", name="Advanced: every setting").click()
    page.get_by_role("button", name="Optimization").click()
  page.locator(STEPS).fill(str(steps))
  page.locator(STEPS).press("Tab")


def wait_for_state(page: Page, state: str) -> None:
  page.wait_for_selector(f".easel[data-state={state}]")


def previews(page: Page) -> int:
  return int(page.locator(".easel").get_attribute("data-previews") or 0)


def wait(what: Callable[[], Any]) -> Any:
  end = time.monotonic() + SECONDS
  while not (found := what()) and time.monotonic() < end:
    time.sleep(0.02)
  assert found
  return found


def downloaded(page: Page, name: str) -> Image.Image:
  with page.expect_download() as download:
    page.get_by_role("link", name=name, exact=True).click()
  return Image.open(download.value.path())


def test_paint_stop_go_on_back_and_the_picture_of_the_command(open_page, folder, monkeypatch):
  page = open_page()
  drop(page, folder)
  set_number(page, "size", "96")
  set_steps(page, 1500)
  page.locator("#paint").click()
  seen = set[str | None]()
  preview = page.locator(".easel img.preview")
  wait(lambda: previews(page) and (seen.add(preview.get_attribute("src")) or len(seen) > 5))
  assert re.search("Painting, level [12] of 2, [0-9]+x[0-9]+, step",
                   page.locator(".state").inner_text())
  wait(lambda: "left" in page.locator(".state").inner_text())
  assert page.locator(".curve svg").get_attribute("aria-label").startswith("The loss of ")
  page.locator("#stop").click()
  wait_for_state(page, "stopped")
  stopped = downloaded(page, "PNG")
  page.locator("#go-on:not([disabled])").click()
  wait_for_state(page, "done")
  whole = downloaded(page, "PNG")
  assert not np.array_equal(np.asarray(stopped), np.asarray(whole))
  monkeypatch.chdir(folder)
  words = shlex.split(page.locator(".command code").inner_text().splitlines()[0])
  assert run.main([*words[1:], "--output=command.png", "--logdir=of-the-command"]) == 0
  assert np.array_equal(np.asarray(whole), np.asarray(Image.open("command.png")))
  for name, kind in (("JPEG", "JPEG"), ("WebP", "WEBP"), ("TIFF, 16 bits", "TIFF")):
    picture = downloaded(page, name)
    assert (picture.format, picture.size) == (kind, whole.size)
  page.locator("#back:not([disabled])").click()
  wait_for_state(page, "stopped")
  assert np.array_equal(np.asarray(downloaded(page, "PNG")), np.asarray(stopped))
  page.locator(".cut input").fill("50")
  assert page.locator(".easel").evaluate(
      "each => each.style.getPropertyValue('--cut')") == "50%"


def test_three_clicks_from_the_page_to_a_picture(open_page, service, monkeypatch):
  """The samples themselves, with small settings of the server."""
  monkeypatch.setitem(service.options, "steps", "4")
  page = open_page()
  page.get_by_role("button", name="a cat").click()
  page.get_by_role("button", name="woodcut").click()
  page.wait_for_selector("#photograph img[alt=cat]")
  page.wait_for_selector("#styles img[alt=waves]")
  page.locator("#paint").click()
  wait_for_state(page, "done")
  assert downloaded(page, "PNG").size == (512, 341)
  command = page.locator(".command code").inner_text()
  assert "--content=cat.jpg --style=waves.jpg" in command and str(places.SAMPLES) not in command


def test_a_run_outlives_its_page_and_is_found_again(open_page, folder):
  page = open_page()
  drop(page, folder)
  set_number(page, "size", "64")
  set_steps(page, 3000)
  page.locator("#paint").click()
  wait(lambda: previews(page) > 1)
  page.reload()
  wait_for_state(page, "running")
  before = previews(page)
  wait(lambda: previews(page) > before)
  page.wait_for_selector("#photograph img[alt=photo]")
  assert page.locator("#size input[type=number]").input_value() == "64"
  context = page.context
  page.close()
  again = context.new_page()
  again.goto(page.url)
  wait_for_state(again, "running")
  again.locator("#stop:not([disabled])").click()
  wait_for_state(again, "stopped")


def test_two_pages_take_turns_and_do_not_disturb_each_other(open_page, folder):
  first, second = open_page(), open_page()
  for page, photo in ((first, "photo.png"), (second, "other.png")):
    drop(page, folder, photo)
    set_number(page, "size", "64")
    set_steps(page, 3000 if page is first else 6)
  first.locator("#paint").click()
  wait(lambda: previews(first) > 1)
  second.locator("#paint").click()
  wait_for_state(second, "waiting")
  assert second.locator(".state").inner_text() == "Waiting: 1 job before this one."
  assert previews(first) > 0 and first.locator(".easel").get_attribute("data-state") == "running"
  first.locator("#stop").click()
  wait_for_state(first, "stopped")
  wait_for_state(second, "done")
  assert "--content=other.png" in second.locator(".command code").inner_text()
  assert "--content=photo.png" in first.locator(".command code").inner_text()


@pytest.mark.parametrize(("zone", "view"), [
    ("#photograph-file", "#photograph"), ("#style-files", "#styles")])
def test_a_wrong_file_is_said_where_it_was_dropped(open_page, zone, view):
  page = open_page()
  page.set_input_files(f"{zone} input[type=file]", {
      "name": "${alert(1)} {{x}} <b>.txt", "mimeType": "text/plain", "buffer": b"no picture"})
  page.wait_for_selector(f"{view} .problem[role=alert]")
  text = page.locator(f"{view} .problem").inner_text()
  assert "received" in text and ".txt, which is none" in text and "\n" not in text
  assert "/tmp" not in text and "gradio" not in text
  page.locator("#paint").click()
  page.wait_for_selector("#problem .problem")
  assert "Choose a photograph first" in page.locator("#problem").inner_text() or zone != (
      "#photograph-file")


def test_a_wrong_setting_is_said_and_reset(open_page, folder):
  page = open_page()
  drop(page, folder)
  set_steps(page, 0)
  page.locator("#paint").click()
  page.wait_for_selector("#problem .problem")
  assert page.locator("#problem").inner_text().startswith(
      "--steps: expected a finite number and at least 1")
  page.locator(".setting:has(#steps) .reset").click()
  wait(lambda: page.locator(STEPS).input_value() == "")
  page.get_by_label("best", exact=True).check()
  page.locator(".setting:has(#effort) .reset").click()
  wait(lambda: page.get_by_label("standard", exact=True).is_checked())


@pytest.mark.full
def test_regions_are_painted_with_the_mouse(open_page, folder):
  page = open_page()
  drop(page, folder)
  set_number(page, "size", "64")
  set_steps(page, 6)
  page.get_by_role("button", name="Regions: paint where").click()
  page.locator("#regions-begin").click()
  canvas = page.locator("#regions-editor canvas").first
  canvas.scroll_into_view_if_needed()
  time.sleep(1)
  box = canvas.bounding_box()
  for row in range(8):
    y = box["y"] + box["height"] * (0.3 + 0.05 * row)
    page.mouse.move(box["x"] + box["width"] * 0.3, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, y, steps=5)
    page.mouse.up()
  time.sleep(0.5)
  page.locator("#regions-use").click()
  page.wait_for_selector("#regions-problem .state, #regions-problem .problem")
  assert page.locator("#regions-problem").inner_text() == "The next picture has these regions."
  page.locator("#paint").click()
  wait_for_state(page, "done")
  assert "--mask_keep=000000" in page.locator(".command code").inner_text()
  mask = np.asarray(downloaded(page, "mask").convert("RGB"))
  black = (mask == 0).all(-1)
  assert 0.01 < black.mean() < 0.5 and (mask[~black] == (255, 0, 0)).all()
  picture = np.asarray(downloaded(page, "PNG"), float)
  photo = np.asarray(Image.open(folder / "photo.png").resize(
      picture.shape[1::-1], Image.Resampling.LANCZOS), float)
  kept = np.asarray(Image.fromarray(black).resize(picture.shape[1::-1], Image.Resampling.BOX))
  assert np.abs(picture - photo)[kept].mean() < 3 < np.abs(picture - photo)[~kept].mean()


def test_a_learned_style_follows_its_sliders(open_page):
  page = open_page()
  page.get_by_role("button", name="a cup of coffee").click()
  page.wait_for_selector("#photograph img[alt=photo]")
  page.get_by_role("tab", name="Learned styles").click()
  page.wait_for_selector("#learned img")
  shown = lambda: page.locator("#learned img").get_attribute("src")
  for control, value in (("learned-strength", "0.4"), ("learned-strength", "0.1")):
    before = shown()
    set_number(page, control, value)
    wait(lambda before=before: shown() != before)
  before = shown()
  page.locator("#learned-color").get_by_label("of the photograph").check()
  wait(lambda: shown() != before)
  assert "painted by oil" in page.locator("#learned img").get_attribute("alt")


@pytest.mark.full
def test_explore_and_runs_take_settings_over(open_page, folder, service):
  page = open_page()
  drop(page, folder)
  set_number(page, "size", "64")
  set_steps(page, 6)
  page.get_by_role("tab", name="Explore").click()
  page.locator("#across input, #across textarea").first.fill("0.5,2")
  page.locator("#make-sheet").click()
  wait(lambda: page.locator("#sheet img").count() == 2)
  page.get_by_role("button", name="content_weight=2").click()
  page.locator("#paint").click()
  wait_for_state(page, "done")
  assert "--content_weight=2" in page.locator(".command code").inner_text()
  name = next(iter(sorted((each.name for each in service.places.logdir.iterdir() if (
      each / "flags.txt").exists()), reverse=True)))
  page.get_by_role("tab", name="Runs").click()
  page.locator(f"#runs button[aria-label^='{name}']").click()
  page.wait_for_selector("#run th:has-text('content_weight')")
  page.locator("#run-open").click()
  wait(lambda: f"the run {name}" in page.locator(".note").first.inner_text())
  page.get_by_role("tab", name="Runs").click()
  page.locator("#run-trash").click()
  page.wait_for_selector("#runs-problem [role=status]")
  assert (service.places.trash / name / "picture.png").exists()
  wait(lambda: page.locator(f"#runs button[aria-label^='{name}']").count() == 0)


def test_keyboard_alternatives_and_phones(open_page, folder):
  """Pictures and controls have names, keys reach them, and nothing is wider than a phone."""
  page = open_page(viewport=PHONE, color_scheme="dark")
  page.locator("#photographs button").first.focus()
  page.keyboard.press("Enter")
  page.wait_for_selector("#photograph img[alt=photo]")
  for tab in ("Learned styles", "Explore", "Runs", "Paint"):
    page.get_by_role("tab", name=tab).first.focus() if page.get_by_role(
        "tab", name=tab).first.is_visible() else None
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
  unnamed = page.evaluate("""() => [...document.querySelectorAll('img, button, input')].filter(
    each => each.offsetParent && !each.closest('[aria-hidden=true]') && !(each.alt
      || each.ariaLabel || each.title || each.textContent.trim() || each.labels?.length
      || (each.tagName == 'IMG' && each.hasAttribute('alt')))).map(each => each.outerHTML)""")
  assert unnamed == []
  colors = page.evaluate("""() => { const style = getComputedStyle(document.body);
    return [style.color, style.backgroundColor]; }""")
  text, ground = (np.array([int(part) for part in each.split("(")[1].rstrip(")").split(",")[:3]])
                  for each in colors)
  assert ground.mean() < 80 < 180 < text.mean()


def test_a_job_that_ends_saves_what_it_has_when_the_server_ends(tmp_path):
  service = small_service(tmp_path)
  photo, style = (str(service.take(str(tmp_path / f"{name}.png"), name))
                  for name in ("photo", "style"))
  with served(service, tmp_path):
    job = service.paint({"content": photo, "style": [style], "image_size": "64", "steps": "5000"})
    wait(lambda: job.report.step > 2)
  assert job.report.state == jobs.STOPPED and job.report.picture.exists()
  assert threading.active_count() >= 1 and Image.open(
      io.BytesIO(job.report.picture.read_bytes())).size == (64, 48)


def test_a_picture_in_another_format_is_dropped_as_well(open_page, tmp_path, folder):
  write_picture(tmp_path / "a.tif")
  page = open_page()
  page.set_input_files("#photograph-file input[type=file]", tmp_path / "a.tif")
  page.wait_for_selector("#photograph img[alt=a]")


def test_a_picture_is_pasted(open_page, folder):
  page = open_page()
  page.evaluate("""async bytes => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], 'pasted.png', {type: 'image/png'}));
    document.dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true}));
  }""", list((folder / "photo.png").read_bytes()))
  page.wait_for_selector("#photograph img[alt=pasted]")
