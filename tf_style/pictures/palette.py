"""Colors alone: the palette of one picture on another, whose edges stay as they are."""

import numpy as np

from tf_style.pictures.color import from_oklab, to_oklab

_TURNS, _QUANTILES = 12, 128
_STEEPEST = 3.0  # what differences of the photograph are multiplied by at most, along a direction
_RADIUS = 1 / 48  # of the shorter side: over how far what is moved is smoothed between edges
_EDGE = 2e-3  # variance of lightness, from which on a place is an edge


def learned_maps(source: np.ndarray, target: np.ndarray,
                 ) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
  """Learns how colors move that those of one picture are distributed as another's.

  Along each of three directions at right angles values go to the same quantile of the target's;
  that is done again along others, until the distributions agree (Pitie et al. 2007, Automated
  colour grading using colour distribution transfer).

  Args:
    source, target: [N, 3] colors in Oklab, of any number.
  Returns:
    Directions [3, 3], and along each the values [3, Q] and where they go, one triple a round.
  """
  rng, maps = np.random.default_rng(0), []
  places = np.linspace(0, 1, _QUANTILES)
  for _ in range(_TURNS):
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    own, wanted = (np.quantile(each @ turn, places, axis=0).T for each in (source, target))
    maps.append((turn, own, _gentle(own, wanted)))
    source = moved(source, maps[-1:])
  return maps


def _gentle(own: np.ndarray, wanted: np.ndarray) -> np.ndarray:
  """Returns where values [3, Q] go, no steeper than a limit: flat areas show no noise, no bands."""
  gaps = np.minimum(np.diff(wanted), _STEEPEST * np.diff(own))
  begun = np.concatenate([np.zeros((3, 1)), np.cumsum(gaps, 1)], 1)
  return begun + np.median(wanted - begun, 1, keepdims=True)


def moved(colors: np.ndarray, maps: list[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> np.ndarray:
  """Returns colors [N, 3] in Oklab moved by maps, one after the other."""
  for turn, own, wanted in maps:
    along = colors @ turn
    colors = np.stack([np.interp(along[:, axis], own[axis], wanted[axis])
                       for axis in range(3)], -1) @ turn.T
  return colors


def recolored(content: np.ndarray, sample: np.ndarray, palette: np.ndarray) -> np.ndarray:
  """Gives a picture another's palette.

  What colors move by is smoothed between the edges of the picture (a guided filter): places that
  are alike move alike, and no edge becomes softer.

  Args:
    content: [1, H, W, 3] float32 in [0, 1].
    sample: [N, 3] colors of it, from which is learned.
    palette: [M, 3] colors of the other.
  """
  maps = learned_maps(*(to_oklab(each.astype(np.float64)) for each in (sample, palette)))
  lab = to_oklab(content[0].astype(np.float64))
  by = moved(lab.reshape(-1, 3), maps).reshape(lab.shape) - lab
  radius = max(1, round(_RADIUS * min(lab.shape[:2])))
  lab += guided(by, lab[..., :1], radius, _EDGE)
  return np.clip(from_oklab(lab), 0, 1).astype(np.float32)[None]


def guided(values: np.ndarray, guide: np.ndarray, radius: int, edge: float) -> np.ndarray:
  """Smooths [H, W, C] between the edges of a guide [H, W, 1] (He et al. 2013, eq. 5 to 8).

  Args:
    values: what is smoothed.
    guide: around each place values become a linear function of it.
    radius: in pixels.
    edge: variance of the guide from which on a place is an edge.
  """
  mean = lambda each: _box(each, radius)
  of_guide, of_values = mean(guide), mean(values)
  slope = (mean(guide * values) - of_guide * of_values) / (
      mean(guide * guide) - of_guide**2 + edge)
  smooth: np.ndarray = mean(slope) * guide + mean(of_values - slope * of_guide)
  return smooth


def _box(values: np.ndarray, radius: int) -> np.ndarray:
  """Returns means of [H, W, C] over squares, cut off at the borders."""
  for axis in (0, 1):
    side = values.shape[axis]
    sums = np.cumsum(values, axis, np.float64)
    sums = np.concatenate([np.zeros_like(np.take(sums, [0], axis)), sums], axis)
    low = np.maximum(np.arange(side) - radius, 0)
    high = np.minimum(np.arange(side) + radius + 1, side)
    counts = (high - low).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
    values = (np.take(sums, high, axis) - np.take(sums, low, axis)) / counts
  return values
