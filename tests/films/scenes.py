"""Pictures that move by known amounts: a photograph, and a square of another before it."""

import numpy as np
from made_problems import sample

HEIGHT, WIDTH = 80, 112
STEP, OWN = (1, 3), (2, -2)  # rows and columns a frame: of the window, of the square in it
SIDE = 30


def frame(index: int) -> np.ndarray:
  """Frame [1, H, W, 3] of a pan with a square that moves against it."""
  top, left = 4 + STEP[0] * index, 4 + STEP[1] * index
  picture = sample("photo", 160, 240)[:, top:top + HEIGHT, left:left + WIDTH].copy()
  y, x = place(index)
  picture[:, y:y + SIDE, x:x + SIDE] = sample("cat", 96, 96)[:, 30:30 + SIDE, 30:30 + SIDE]
  return picture


def place(index: int) -> tuple[int, int]:
  return 10 + OWN[0] * index, 60 + OWN[1] * index


def truth(index: int, before: int) -> tuple[np.ndarray, np.ndarray]:
  """Returns the flow [H, W, 2] of a frame to one before, and [H, W] bool, what was seen there."""
  past = index - before
  back = np.empty((HEIGHT, WIDTH, 2), np.float32)
  back[...] = np.float32(STEP[::-1]) * past
  front, then = (np.zeros((HEIGHT, WIDTH), bool) for _ in range(2))
  for mask, (y, x) in ((front, place(index)), (then, place(before))):
    mask[y:y + SIDE, x:x + SIDE] = True
  back[front] = -np.float32(OWN[::-1]) * past
  rows, columns = np.mgrid[:HEIGHT, :WIDTH]
  y, x = (rows + back[..., 1]).astype(int), (columns + back[..., 0]).astype(int)
  inside = (y >= 0) & (y < HEIGHT) & (x >= 0) & (x < WIDTH)
  seen = np.zeros_like(front)
  seen[inside] = then[y[inside], x[inside]] == front[inside]
  return back, seen
