"""Evaluations and seconds until the loss that the plain loop reaches in 300 steps, way by way.

That is the loss of its best picture, though the loop itself ends with its last one: Adam's losses
have spikes, and a mark that is one would soon be reached.

The loss is neural-style's (`bench_plain`); every loss that is compared is that of the best picture
so far as 8 bits, in float32, at the final size. Evaluations are counted in those of the final size:
one at a coarser level counts as its share of the pixels. Seconds are of the runs one after another;
beside them stands how many times sooner the mark is reached by evaluations times the seconds of
single steps taken in turns, which other work on the machine slows alike.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from bench_plain import PlainLoop, tv_weight
from bench_tools import SAMPLES, Bench, OneLevel, in_turns, medians, show_rows, show_table

import tf_style
from tf_style.descent.step import Step
from tf_style.pictures import images
from tf_style.settings.config import Config

PAIRS = ("photo+style", "cat+glass", "astronaut+waves", "rocket+style", "hubble_deep_field+glass")
DATA_PAIRS = ("tubingen+starry_night", "golden_gate+the_scream")


class Way(NamedTuple):
  """How to get there: the optimizer, where it starts, and the steps at coarser levels."""

  optimizer: str
  init: str
  coarse: tuple[int, ...] = ()


WAYS = {"L-BFGS": Way("lbfgs", "content"), "L-BFGS, recolored": Way("lbfgs", "recolored"),
        "L-BFGS, recolored, coarse to fine": Way("lbfgs", "recolored", (30, 20)),
        "Adam": Way("adam", "content"), "Adam, recolored": Way("adam", "recolored")}
HEAD = ("pair", "way", "loss", "evaluations", "seconds of steps", "with set-up", "times sooner",
        "by steps in turns")
# A loss in bfloat16 is within this share of that in float32: closer to the mark, float32 is asked.
_NEAR = 1.05
_MOST_STEPS = 200  # ours; the default's


class Trail:
  """An `on_step` callback that notes losses and seconds and stops the run at a mark.

  Attributes:
    losses: [n] of the best picture so far, as the run sees it; those of coarser levels are of other
      problems.
    pixels: [n] of the picture.
    seconds: [n] since the call of `stylize`, without what the looks at the mark took.
    reached: whether the mark was.
  """

  def __init__(self, level: OneLevel, mark: float):
    self._level, self._mark = level, mark
    self._paused = 0.0
    self._start = time.perf_counter()
    self.losses: list[float] = []
    self.pixels: list[int] = []
    self.seconds: list[float] = []
    self.reached = False

  @property
  def evaluations(self) -> list[float]:
    """[n] so far, counted in those of the final size."""
    return (np.cumsum(self.pixels) / self.pixels[-1]).tolist()

  @property
  def finest_losses(self) -> list[float | None]:
    """None at coarser levels."""
    return [loss if pixels == self.pixels[-1] else None
            for loss, pixels in zip(self.losses, self.pixels, strict=True)]

  def __call__(self, step: Step) -> bool:
    now = time.perf_counter()
    finest = step.level == step.levels - 1
    better = finest and (not self.losses or self.pixels[-1] < step.height * step.width
                         or step.best_loss < self.losses[-1])
    self.losses.append(step.best_loss)
    self.pixels.append(step.height * step.width)
    self.seconds.append(now - self._start - self._paused)
    if better and step.best_loss < _NEAR * self._mark:
      self.reached = self._level.value(step.picture()) <= self._mark
    self._paused += time.perf_counter() - now
    return self.reached


def stepping_seconds(clock: list[float]) -> np.ndarray:
  """Returns seconds of the steps alone; the first, which compiles, is taken for a median one."""
  later = np.diff(clock)
  return np.cumsum(np.append(np.median(later), later)) if len(later) else np.zeros(len(clock))


def source(name: str, users: Path | None) -> Any:
  """Returns a picture by its name: of the samples, of the user's folder, or scikit-image's."""
  for folder in filter(None, (SAMPLES, users)):
    for path in sorted(folder.glob(f"{name}.*")):
      return path
  from skimage import data
  if not hasattr(data, name):
    raise SystemExit("--pairs: expected names of pictures in the samples, --data or skimage.data, "
                     f"received {name}")
  return getattr(data, name)()


def plain_run(bench: Bench, content: np.ndarray, style: np.ndarray,
              ours: OneLevel) -> dict[str, Any]:
  """Runs the baseline; the loss of its best picture is the mark."""
  start = time.perf_counter()
  loop = PlainLoop(bench.weights, "float32", content, style)
  losses, clock, best = [], [], content
  for _ in range(6 if bench.quick else 300):
    picture = loop.image.numpy()
    losses.append(loop.step())
    if losses[-1] == min(losses):
      best = picture
    clock.append(time.perf_counter() - start)
  seconds = stepping_seconds(clock)
  return {"mark": ours.value(best), "last": ours.value(loop.image.numpy()),
          "evaluations": len(losses), "seconds": float(seconds[-1]),
          "seconds_with_setup": clock[-1],
          "curve": [losses, list(range(1, len(losses) + 1)), seconds.tolist()]}


def our_run(pair: tuple[Any, Any], config: Config, level: OneLevel, mark: float) -> dict[str, Any]:
  """Runs ours until the mark."""
  trail = Trail(level, mark)
  tf_style.stylize(*pair, config, on_step=trail)
  seconds = stepping_seconds(trail.seconds)
  return {"reached": trail.reached, "evaluations": round(trail.evaluations[-1], 1),
          "seconds": float(seconds[-1]), "seconds_with_setup": trail.seconds[-1],
          "curve": [trail.finest_losses, trail.evaluations, seconds.tolist()]}


def compare(bench: Bench, name: str) -> dict[str, Any]:
  """Runs a pair in all ways."""
  pair = tuple(source(part, bench.data) for part in name.split("+"))
  content, style = (images.load_picture(each, bench.size).rgb for each in pair)
  options = {"style_loss": "gram", "tv_weight": tv_weight(content), "image_size": bench.size,
             "levels": 1, "image_every": 1, "checkpoint_every": 0, "tile_size": 0,
             "network": bench.weights.network.name, "steps": 6 if bench.quick else _MOST_STEPS}
  level = OneLevel(bench.weights, Config.of(**options, precision="float32"), content, style)
  plain = plain_run(bench, content, style, level)
  found = {"plain": plain}
  for way in bench.ways or WAYS:
    optimizer, init, coarse = WAYS[way]
    levels = {"level_steps": (*coarse, options["steps"])} if coarse else {}
    config = Config.of(**options, optimizer=optimizer, init=init, **levels)
    found[way] = our_run(pair, config, level, plain["mark"])
  for way, seconds in steps_in_turns(bench, content, style, options).items():
    found[way]["seconds_a_step"] = seconds
  return found


def steps_in_turns(bench: Bench, content: np.ndarray, style: np.ndarray,
                   options: dict[str, Any]) -> dict[str, float]:
  """Returns the median seconds of a step of the baseline and of each way."""
  ways, ours = bench.ways or list(WAYS), {}
  for optimizer in dict.fromkeys(WAYS[way].optimizer for way in ways):
    config = Config.of(**options, optimizer=optimizer, precision=bench.precision)
    ours[optimizer] = OneLevel(bench.weights, config, content, style).step
  plain = PlainLoop(bench.weights, "float32", content, style).step
  seconds = medians(in_turns({"plain": plain, **ours}, bench.rounds).seconds)
  return {"plain": seconds["plain"], **{way: seconds[WAYS[way].optimizer] for way in ways}}


def rows(name: str, found: dict[str, Any]) -> Iterator[list[Any]]:
  """Yields a row for the baseline and for each way."""
  for way, each in found.items():
    times = [f"{each['seconds']:.1f}", f"{each['seconds_with_setup']:.1f}"]
    if way == "plain":
      yield [name, "plain Adam, float32", f"{each['mark']:.3e}", each["evaluations"], *times,
             "", ""]
    elif each["reached"]:
      yield ["", way, "", each["evaluations"], *times, f"{sooner(found, way):.1f}",
             f"{sooner_in_turns(found, way):.1f}"]
    else:
      yield ["", way, "", f"not in {each['evaluations']}", *(f"not in {t}" for t in times), "", ""]


def sooner(found: dict[str, Any], way: str, seconds: str = "seconds") -> float:
  """Returns how many times sooner than the baseline a way is at the mark; 0 where it never is."""
  return found["plain"][seconds] / found[way][seconds] if found[way]["reached"] else 0.0


def sooner_in_turns(found: dict[str, Any], way: str) -> float:
  """Returns the same by evaluations times the median seconds of a step."""
  plain, ours = (found[each]["evaluations"] * found[each]["seconds_a_step"]
                 for each in ("plain", way))
  return plain / ours if found[way]["reached"] else 0.0


def measure(bench: Bench) -> dict[str, Any]:
  """Measures and prints all of this section, and returns it for JSON."""
  if wrong := set(bench.ways) - set(WAYS):
    raise SystemExit(
        f"bench: --ways: expected some of {'; '.join(WAYS)}, received {'; '.join(wrong)}")
  pairs: dict[str, Any] = {}
  show_table(f"Until the plain loop's loss: {bench.size} px, {bench.weights.network.name}, ours in "
             f"{bench.precision}", HEAD, ())
  usual = (DATA_PAIRS if bench.data else ()) + PAIRS
  for name in PAIRS[:1] if bench.quick else bench.pairs or usual:
    pairs[name] = compare(bench, name)
    show_rows(rows(name, pairs[name]))
    bench.keep("convergence", {"size": bench.size, "pairs": pairs})
  found = {way: median_of(list(pairs.values()), way) for way in bench.ways or WAYS}
  show_table(f"Median of {len(pairs)} pairs", ["way", "evaluations", *HEAD[-2:], "with set-up"],
             [[way, *(f"{value:.3g}" for value in each.values())] for way, each in found.items()])
  return {"size": bench.size, "pairs": pairs, "median": found}


def median_of(pairs: list[dict[str, Any]], way: str) -> dict[str, float]:
  """Returns medians over pairs; what never is at the mark takes infinitely many evaluations."""
  evaluations = [found[way]["evaluations"] if found[way]["reached"] else np.inf for found in pairs]
  return {"evaluations": float(np.median(evaluations)),
          "sooner": float(np.median([sooner(found, way) for found in pairs])),
          "sooner_in_turns": float(np.median([sooner_in_turns(found, way) for found in pairs])),
          "sooner_with_setup": float(np.median([sooner(found, way, "seconds_with_setup")
                                                for found in pairs]))}
