"""Size and budget -> the levels, coarse to fine. Pure arithmetic."""

import math
from collections.abc import Sequence
from typing import NamedTuple

# Longest side of the coarsest level where the number is chosen: there the deep layers see the whole
# picture.
_COARSEST = 128
_RATIO = math.sqrt(2)


class Level(NamedTuple):
  """One size of the picture and the steps it gets."""

  height: int
  width: int
  steps: int


def make_levels(height: int, width: int, steps: int, levels: int = 0,
                level_steps: Sequence[int] = (), smallest: int = 1,
                multiple: int = 1) -> list[Level]:
  """Plans the sizes, each sqrt(2) times the last, and shares the steps out.

  Args:
    height, width: of the finest level, in pixels.
    steps: evaluations in all.
    levels: how many; 0 takes as many as leave the coarsest at 128 pixels or more.
    level_steps: steps of each level, coarsest first; where given, it replaces the two above.
    smallest: no level but the finest has a shorter side than this.
    multiple: of which all sides are.
  Returns:
    Levels, coarsest first, each with at least one step.
  """
  room = 1 + max(0, math.floor(math.log(min(height, width) / smallest, _RATIO)))
  wanted = 1 + max(0, math.floor(math.log(max(height, width) / _COARSEST, _RATIO) + 1e-9))
  count = len(level_steps) or min(levels or wanted, room, steps)
  plan = []
  for index, share in enumerate(level_steps or share_steps(steps, count)):
    scale = _RATIO ** -(count - 1 - index)
    tall, wide = (max(1, round(side * scale / multiple)) * multiple for side in (height, width))
    plan.append(Level(tall, wide, share))
  return plan


def share_steps(steps: int, count: int) -> list[int]:
  """Shares steps out over levels: each gets 2^-1/3, .79, of what the one before it gets.

  So a level takes 1.6 times as long as the one before, not twice, and a large picture gets most of
  its steps where they are cheap: of 200 a picture of 512 pixels gets 24 at its own size, one of
  4096 gets 4.
  """
  weights = [2 ** (-index / 3) for index in range(count)]
  ends = [round(steps * sum(weights[:i + 1]) / sum(weights)) for i in range(count)]
  shares = [max(1, end - begin) for begin, end in zip([0, *ends], ends, strict=False)]
  shares[0] += steps - sum(shares)
  return shares
