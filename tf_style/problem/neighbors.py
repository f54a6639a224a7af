"""What takes the place of the content: at each position the style's nearest hypercolumn."""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tf_style.losses.hypercolumns import hypercolumns, nearest, unit
from tf_style.losses.names import GRID
from tf_style.problem import tiles
from tf_style.problem.banks import Bank, Rows, by_shares, parts_of
from tf_style.problem.compiled import Compiled, Traces
from tf_style.problem.directions import field
from tf_style.problem.paper import is_paper
from tf_style.problem.tiles import Slices, Window
from tf_style.settings.config import Config
from tf_style.vgg.extractor import Extractor
from tf_style.vgg.network import NETWORKS

# Positions of a style's region that are searched; more take time and memory in proportion.
_MOST_ROWS = 8192
# How much cosines of features grow where strokes go the same way, and fall where they cross.
_LEANING = 0.5
_LEAST_KEPT = 0.05  # of a position's own hypercolumn; less is none

# What extracts features, and its hypercolumns of a window.
_Network = tuple[Extractor, Compiled]
_Columns = Callable[[], Iterator[tuple[Slices, np.ndarray]]]


class NeighborTarget(NamedTuple):
  """What hypercolumns are compared with: rows of a bank.

  Attributes:
    banks: [1, 1, M, C] of each layer; rows of all, joined, have unit length.
    rows: [1, h, w] int32, a row of the bank for each position.
    scale: scalar, what cosine distances are multiplied by.
    weights: [1, h, w] float32, what each position counts, in a list; empty where all count alike.
  """

  banks: list[tf.Tensor]
  rows: tf.Tensor
  scale: tf.Tensor
  weights: list[tf.Tensor]


class Match(NamedTuple):
  """What was found for a content.

  Attributes:
    target: of scale 1.
    paper: [S, R], of the positions of each region that take from each style, the share whose
      neighbor is white paper; 0 where there are none.
  """

  target: NeighborTarget
  paper: np.ndarray


class StyleView(NamedTuple):
  """A style as some regions see it.

  Attributes:
    picture: [1, H, W, 3].
    regions: [1, h, w, R] what each position counts in each region, zero in those that do not see
      it so; None is one region.
  """

  picture: np.ndarray
  regions: np.ndarray | None


class Neighbors:
  """Finds the targets of all levels; its two graphs serve pictures of every size."""

  def __init__(self, extractor: Extractor, of_styles: Extractor, config: Config,
               traces: Traces | None = None):
    """Traces nothing yet.

    Args:
      extractor: of the layers of `config`, for contents.
      of_styles: likewise, for styles; mostly the same.
      config: the network, the neighbor layers and the turns of the style are read.
      traces: keeps account of what tracing leaves behind.
    """
    traces = traces or Traces()
    self._network = NETWORKS[config.network]
    self._layers = [self._network.layers[name] for name in config.neighbor_layers]
    self._directed = config.stroke_direction == "content"
    self._turns = range(max(config.style_turns, 2 if self._directed else 1))
    made = lambda each: (each, Compiled(functools.partial(self._own_columns, each), traces))
    self._content: _Network = made(extractor)
    self._style = self._content if of_styles is extractor else made(of_styles)
    self._nearest = Compiled(_nearest, traces)

  def target(self, content: np.ndarray, styles: Sequence[Sequence[StyleView]],
             shares: Sequence[float], *, regions: np.ndarray | None = None,
             weights: np.ndarray | None = None, kept: np.ndarray | None = None,
             tile_size: int = 0) -> Match:
    """Finds for each position of the content the style's nearest one, region by region.

    Both are centred first: the mean over a region's positions is subtracted (Kolkin et al. 2022).
    Of several styles each gets its share of the positions: those that it suits best.

    Args:
      content: [1, H, W, 3].
      styles: the views of each.
      shares: one a style; they sum to 1.
      regions: [1, h, w, R], what each position of the content counts in each region; None is one
        region.
      weights: [1, h, w], what each position counts; None counts all alike.
      kept: [1, h, w] in [0, 1], the share of the content's own hypercolumn, moved to the style's
        mean, in the target of each position; None is 0.
      tile_size: side of a window; 0 looks at each picture at once.
    """
    places, columns = _places(regions, content), self._columns(
        self._content, content, tile_size)
    of_styles = [self._rows_of_views(views, tile_size) for views in styles]
    banks = {region: Bank.of(parts_of(of_styles, region))
             for region in np.unique(places[places >= 0])}
    ways = _LEANING * field(content, everywhere=True) if self._directed else None
    rows = self._search(columns, places, banks, np.array(shares), ways)
    white, owners = (np.concatenate([getattr(bank, name) for bank in banks.values()])[rows]
                     for name in ("paper", "owners"))
    asked = _paper_shares(white, owners, places, len(styles), weights)
    found = [unit(tf.constant(bank.rows)) for bank in banks.values()]
    if kept is not None and np.any(kept > _LEAST_KEPT):
      found.append(_with_own(columns, np.where(kept > _LEAST_KEPT, places, -1), banks,
                             np.concatenate(found), rows, kept))
    joined = tf.concat(found, 0)
    of_layers = tf.split(joined[None, None], [layer.channels for layer in self._layers], -1)
    return Match(NeighborTarget(of_layers, tf.constant(rows), tf.constant(1.0),
                                [] if weights is None else [tf.constant(weights)]), asked)

  def _search(self, columns: _Columns, places: np.ndarray, banks: Mapping[int, Bank],
              shares: np.ndarray, ways: np.ndarray | None) -> np.ndarray:
    """Returns a row of all banks, one after the other, for each position: [1, h, w] int32."""
    styles, centers = range(len(shares)), _centers(columns(), places)
    cosines = np.full((len(styles), *places.shape), -np.inf, np.float32)
    found = np.zeros((len(styles), *places.shape), np.int32)
    for cut, queries in columns():
      for region, bank in banks.items():
        here = places[cut] == region
        for style, directions in bank.directions.items():
          if here.any():
            beside = [] if ways is None else [tf.constant(ways[cut][here]), bank.ways[style]]
            best = self._nearest(tf.constant(queries[here]), directions, centers[region], beside)
            for values, part in zip((found, cosines), best, strict=True):
              values[style][cut][here] = part.numpy()
    rows, size = np.zeros(places.shape, np.int32), 0
    for region, bank in banks.items():
      here = places == region
      chosen = by_shares(cosines[:, here], shares)
      rows[here] = np.take_along_axis(found[:, here] + bank.starts[:, None], chosen[None], 0)[0]
      rows[here] += size
      size += len(bank.rows)
    return rows

  def _columns(self, network: _Network, picture: np.ndarray, tile_size: int) -> _Columns:
    """Returns what walks over a picture as often as it is called; one window is kept instead."""
    extractor, own = network
    height, width = picture.shape[1:3]
    windows = tiles.plan_windows(
        height, width, tile_size, self._network, extractor.layers, extractor.wraps)
    if len(windows) > 1:
      return lambda: _walk(own, picture, windows)
    kept = list(_walk(own, picture, windows))
    return lambda: iter(kept)

  def _own_columns(self, extractor: Extractor, part: tf.Tensor, vector: tf.Tensor) -> tf.Tensor:
    features, window = extractor(part), Window(*tf.unstack(vector))
    own = [tiles.own_cells(features[layer.name], window, layer.stride) for layer in self._layers]
    return hypercolumns(own, [layer.stride for layer in self._layers])

  def _rows_of_views(self, views: Sequence[StyleView], tile_size: int) -> dict[int, Rows]:
    """Returns the positions of each region of a style and its turns, some where many."""
    parts = [self._rows(turned(view.picture, turn),
                        None if view.regions is None else turned(view.regions, turn), tile_size)
             for view in views for turn in self._turns]
    return {region: Rows.of(part[region] for part in parts if region in part)
            for region in sorted(set().union(*parts))}

  def _rows(self, style: np.ndarray, regions: np.ndarray | None,
            tile_size: int) -> dict[int, Rows]:
    """Returns those of one turn."""
    places = _drawn(_places(regions, style), _MOST_ROWS // len(self._turns))
    numbers = np.arange(places.size).reshape(places.shape)
    columns: dict[int, list[np.ndarray]] = {}
    order: dict[int, list[np.ndarray]] = {}
    for cut, values in self._columns(self._style, style, tile_size)():
      for region in np.unique(places[cut][places[cut] >= 0]):
        here = places[cut] == region
        columns.setdefault(region, []).append(values[here])
        order.setdefault(region, []).append(numbers[cut][here])
    white = is_paper(style).ravel()
    ways = field(style).reshape(-1, 2) if self._directed else np.zeros((places.size, 0))
    found = {}
    for region, parts in columns.items():
      there = np.concatenate(order[region])
      first = np.argsort(there)
      found[region] = Rows(
          np.concatenate(parts)[first], white[there[first]], np.float32(ways[there[first]]))
    return found


def _with_own(columns: _Columns, places: np.ndarray, banks: Mapping[int, Bank],
              joined: np.ndarray, rows: np.ndarray, kept: np.ndarray) -> tf.Tensor:
  """Returns rows of their own for the positions that have a place, and puts them into `rows`."""
  centers, size, added = _centers(columns(), places), len(joined), []
  for cut, values in columns():
    for region, bank in banks.items():
      here = places[cut] == region
      if not here.any():
        continue
      own = values[here] - centers[region].numpy() + np.mean(bank.rows, 0, np.float32)
      share = kept[cut][here][:, None]
      mixed = share * unit(tf.constant(np.float32(own))).numpy() + (1 - share) * np.float32(
          joined[rows[cut][here]])
      rows[cut][here] = size + np.arange(len(mixed))
      size += len(mixed)
      added.append(mixed.astype(joined.dtype))
  return unit(tf.constant(np.concatenate(added)))


def _walk(own: Compiled, picture: np.ndarray,
          windows: Sequence[Window]) -> Iterator[tuple[Slices, np.ndarray]]:
  """Yields the hypercolumns [1, h, w, D] of each window, and where they lie in the whole."""
  for window in windows:
    yield (tiles.own_slices(window, GRID, of_picture=True),
           own(tf.constant(tiles.shown(picture, window)), tf.constant(window, tf.int32)).numpy())


def _centers(columns: Iterator[tuple[Slices, np.ndarray]],
             places: np.ndarray) -> dict[int, tf.Tensor]:
  """Returns the mean hypercolumn [D] of each region of the content."""
  sums: dict[int, Any] = {}
  for cut, values in columns:
    for region in np.unique(places[cut][places[cut] >= 0]):
      part = np.sum(values[places[cut] == region], 0, np.float32)
      sums[region] = sums[region] + part if region in sums else part
  return {region: tf.constant(each / np.sum(places == region)) for region, each in sums.items()}


def _paper_shares(white: np.ndarray, owners: np.ndarray, places: np.ndarray, num_styles: int,
                  weights: np.ndarray | None) -> np.ndarray:
  """Returns `Match.paper` from what each position takes, [1, h, w]: paper or not, and whose."""
  counts = (places >= 0) * (1.0 if weights is None else weights)
  cells = (owners * (places.max() + 1) + np.maximum(places, 0)).ravel()
  of_paper, of_all = (np.bincount(cells, each.ravel(), num_styles * (places.max() + 1))
                      for each in (counts * white, counts))
  shares: np.ndarray = of_paper / np.maximum(of_all, 1e-6)
  return shares.reshape(num_styles, -1)


def _nearest(query: tf.Tensor, directions: tf.Tensor, center: tf.Tensor,
             beside: list[tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
  return nearest(query - tf.cast(center, query.dtype), directions, beside)


def _places(regions: np.ndarray | None, picture: np.ndarray) -> np.ndarray:
  """Returns the region that each position of a picture counts most in, [1, h, w]; -1 is none."""
  if regions is None:
    return np.zeros((1, *(side // GRID for side in picture.shape[1:3])), np.int64)
  return np.where(regions.max(-1) > 0, np.argmax(regions, -1), -1)


def turned(picture: np.ndarray, turn: int) -> np.ndarray:
  """Returns [1, H, W, C] turned by so many quarters, from 4 on of its mirror image."""
  return np.rot90(picture[:, :, ::-1] if turn >= 4 else picture, turn % 4, (1, 2))


def _drawn(places: np.ndarray, most: int) -> np.ndarray:
  """Leaves at most so many positions of each region, drawn at random; the others get -1."""
  drawn = np.full(places.size, -1)
  for region in range(places.max() + 1):
    here = np.flatnonzero(places == region)
    if len(here) > most:
      here = np.random.default_rng(0).permutation(here)[:most]
    drawn[here] = region
  return drawn.reshape(places.shape)
