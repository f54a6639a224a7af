"""Losses of the baseline and of ours against evaluations and seconds, as a small picture."""

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402


def plot(found: dict[str, Any], path: Path) -> None:
  """Draws the first pair of what `bench_convergence` found: the loss of the best picture so far."""
  name, ways = next(iter(found["pairs"].items()))
  figure, axes = pyplot.subplots(1, 2, figsize=(8, 3), sharey=True, layout="constrained")
  for way, each in ways.items():
    losses, evaluations, seconds = each["curve"]
    best = np.fmin.accumulate(np.array(losses, float))  # of coarser levels there are none
    label = "plain Keras loop, Adam" if way == "plain" else way
    for axis, across in zip(axes, (evaluations, seconds), strict=True):
      axis.plot(across, best, label=label, color="0.5" if way == "plain" else None, linewidth=1.4)
  mark = ways["plain"]["mark"]
  for axis, across in zip(axes, ("evaluations of the final size", "seconds of steps"), strict=True):
    axis.axhline(mark, color="0.5", linestyle=":", linewidth=1)
    axis.set(xlabel=across, yscale="log", ylim=(0.8 * mark, 8 * mark), xlim=(0, None))
    axis.spines[["top", "right"]].set_visible(False)
  axes[0].set_ylabel("loss")
  axes[0].legend(frameon=False, fontsize=8)
  title = f"{name.replace('_', ' ')}, {found['size']} px: until the plain loop's best loss"
  figure.suptitle(title, fontsize=10)
  figure.savefig(path, dpi=100)
  pyplot.close(figure)
