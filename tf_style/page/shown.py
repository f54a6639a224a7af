"""What the page shows of a job, as HTML: picture, state, loss curve, files, command."""

import html
from collections.abc import Sequence

from tf_style.cli.progress import clock
from tf_style.page import jobs
from tf_style.page.jobs import Job, Report
from tf_style.page.previews import data_uri

_WIDTH, _HEIGHT = 320, 90  # of the curve
FORMATS = {"png": "PNG", "jpg": "JPEG", "webp": "WebP", "tif": "TIFF, 16 bits"}
_EMPTY = ("<div class='easel empty'><p>Choose a photograph and a style, then press Paint. "
          "The picture comes to be here.</p></div>")


def easel(job: Job | None, place: int = 0) -> str:
  """Returns the picture so far, with how far it is.

  Args:
    job: None where there is none.
    place: how many jobs come before it.
  """
  if job is None:
    return _EMPTY
  report = job.report
  if report.picture is not None:
    picture = _compared(job)
  elif report.preview:
    alt = f"The picture so far, at step {report.step} of {report.steps}"
    picture = f"<img class='preview' alt='{alt}' src='{data_uri(report.preview)}'>"
  else:
    picture = "<div class='blank' aria-hidden='true'></div>"
  if report.state == jobs.FAILED:
    picture = picture if report.preview else ""
  return (f"<div class='easel' data-state='{report.state}' data-previews='{job.previews}'>"
          f"{picture}{_state(job, place)}{curve(report.losses)}</div>")


def _compared(job: Job) -> str:
  """Returns the finished picture; a slider uncovers the photograph behind it."""
  picture = f"<img class='result' alt='The finished picture' src='picture/{job.id}.png'>"
  if "content" not in job.given:
    return f"<div class='pair'>{picture}</div>"
  behind = f"<img class='behind' alt='The photograph' src='photograph/{job.id}.jpg'>"
  return (f"<div class='pair'>{behind}{picture}</div>"
          "<label class='cut'>Uncover the photograph <input type='range' min='0' max='100' "
          "value='0' aria-label='How much of the photograph is uncovered' oninput=\""
          "this.closest('.easel').style.setProperty('--cut', this.value + '%')\"></label>")


def _state(job: Job, place: int) -> str:
  report = job.report
  if report.state == jobs.FAILED:
    return problem(report.line)
  if report.state == jobs.WAITING:
    ahead = f"{place} job{'s' * (place != 1)} before this one" if place else "next"
    return f"<p class='state' role='status'>Waiting: {ahead}.</p>"
  words = {jobs.RUNNING: "Painting", jobs.DONE: "Done", jobs.STOPPED: "Stopped"}[report.state]
  facts = [words + (", stopping" if job.stopping and not job.ended else "")]
  if report.levels:
    facts.append(f"level {report.level} of {report.levels}")
  if report.width:
    facts.append(f"{report.width}x{report.height}")
  if report.steps:
    facts.append(f"step {report.step} of {report.steps}")
  if report.state == jobs.RUNNING and report.step:
    left = report.seconds_left
    facts.append("time left: known soon" if left is None else f"{clock(left)} left")
  bar = (f"<progress max='100' value='{report.percent}' aria-label='Work done'>"
         f"{report.percent} %</progress>")
  return (f"{bar}<p class='state'>{html.escape(', '.join(facts))}</p>"
          f"<p class='note'>{html.escape(report.line)}</p>")


def curve(losses: Sequence[tuple[int, float]]) -> str:
  """Returns the losses of all steps as a curve; each level is drawn by its own scale."""
  finite = [(level, loss) for level, loss in losses if loss == loss and loss > 0]
  if len(finite) < 2:
    return ""
  lines = []
  for level in dict.fromkeys(level for level, _ in finite):
    points = [(index, loss) for index, (of, loss) in enumerate(finite) if of == level]
    low, high = min(loss for _, loss in points), max(loss for _, loss in points)
    spots = " ".join(
        f"{index / (len(finite) - 1) * _WIDTH:.1f},"
        f"{_HEIGHT - 4 - (loss - low) / (high - low or 1) * (_HEIGHT - 8):.1f}"
        for index, loss in points)
    lines.append(f"<polyline points='{spots}' fill='none' stroke='currentColor' "
                 "stroke-width='1.5' vector-effect='non-scaling-stroke'/>")
  last = finite[-1][1]
  return (f"<figure class='curve'><svg viewBox='0 0 {_WIDTH} {_HEIGHT}' role='img' "
          f"preserveAspectRatio='none' aria-label='The loss of {len(finite)} steps, level by "
          f"level; the last is {last:.4g}'>{''.join(lines)}</svg>"
          f"<figcaption>Loss, each level by its own scale; now {last:.4g}</figcaption></figure>")


def outcome(job: Job | None) -> str:
  """Returns the files of a finished picture and the command that makes it again."""
  if job is None or job.report.picture is None:
    return ""
  links = " ".join(
      f"<a class='file' href='picture/{job.id}.{ending}' download>{name}</a>"
      for ending, name in FORMATS.items())
  if "content_mask" in job.given:
    links += f" <a class='file' href='mask/{job.id}.png' download>mask</a>"
  return f"<p class='files'>Download: {links}</p>{copied(job.command_line)}"


def copied(command: str) -> str:
  """Returns a command with a button that copies it."""
  if not command:
    return ""
  return ("<p class='note'>The same picture from a shell, in the folder of the pictures:</p>"
          f"<div class='command'><code>{html.escape(command)}</code><button type='button' onclick="
          "\"navigator.clipboard.writeText(this.previousElementSibling.textContent)"
          ".then(() => this.textContent = 'Copied')\">Copy</button></div>")


def problem(line: str) -> str:
  """Returns a line that says what is wrong; nothing for an empty one."""
  return f"<p class='problem' role='alert'>{html.escape(line)}</p>" if line else ""


def thumbnail(jpeg: bytes, alt: str) -> str:
  """Returns a small picture with its name."""
  return (f"<figure class='thumb'><img alt='{html.escape(alt, quote=True)}' "
          f"src='{data_uri(jpeg)}'><figcaption>{html.escape(alt)}</figcaption></figure>")


def is_over(report: Report) -> bool:
  return report.state in (jobs.DONE, jobs.STOPPED, jobs.FAILED)
