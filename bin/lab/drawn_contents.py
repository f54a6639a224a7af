"""Content pictures drawn here, 640x480: an object on white, a building in lines, a crowd."""

import numpy as np
from drawing import (
  SHAPE,
  WIDTH,
  Plate,
  blank,
  blurred,
  colors,
  disc,
  grid,
  laid,
  noise,
  polygon,
  ramp,
  shrunk,
)


def vase() -> np.ndarray:
  """A glazed vase and an orange on white, lit from the left, with soft shadows."""
  rng = np.random.default_rng(7)
  y, x = grid()
  heights = [60, 72, 90, 130, 180, 240, 300, 350, 392, 405]
  radii = [44, 40, 32, 36, 68, 104, 112, 92, 60, 56]
  radius = np.interp(y, heights, radii)
  radius = np.where((y > 60) & (y < 405), blurred_rows(radius), 1e-6)
  side = (x - 290) / radius
  body = np.clip((1 - np.abs(side)) * radius, 0, 1) * np.float64((y > 60) & (y < 405))
  slope = np.gradient(radius, axis=0) * 2
  facing = np.sqrt(np.clip(1 - side ** 2, 0, 1))
  normal = np.stack([side, -slope, facing], -1)
  normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
  round_ = np.arcsin(np.clip(side, -1, 1))
  bands = np.float64((np.abs(y - 205) < 5) | (np.abs(y - 330) < 5) | (y < 74))
  leaf = np.float64(np.abs((round_ * 3.2 + 0.35 * np.sin(y / 17)) % 1 - 0.5)
                    < 0.23 * np.sin(np.clip((y - 215) / 105, 0, 1) * np.pi) ** 0.7)
  glaze = laid(blank("dfe8ea"), colors("1f4f8f")[0],
               np.maximum(bands, leaf * (np.abs(y - 267) < 52)))
  picture = np.full((*SHAPE, 3), 0.985)
  shadow = blurred(np.maximum(disc(340, 408, 130, 16), disc(520, 410, 66, 10)), 9)
  picture = picture * (1 - 0.42 * shadow[..., None])
  picture = laid(picture, lit(glaze, normal), body)
  mouth = disc(290, 62, 44, 9)
  picture = laid(picture, colors("41505c")[0] + 0.2 * (x[..., None] - 250) / 80, mouth)
  across, down = (x - 500) / 58, (y - 350) / 56
  ball = np.clip((1 - np.hypot(across, down)) * 57, 0, 1)
  normal = np.stack([across, down, np.sqrt(np.clip(1 - across ** 2 - down ** 2, 0, 1))], -1)
  normal += 0.018 * np.stack([noise(rng, 2), noise(rng, 2), 0 * x], -1)
  peel = blank("f08a1c")
  picture = laid(picture, lit(peel, normal), ball)
  return shrunk(picture + 0.006 * noise(rng, 1)[..., None])


def blurred_rows(radius: np.ndarray) -> np.ndarray:
  """Rounds a profile off, by a mean over 25 rows."""
  padded = np.pad(radius, ((12, 12), (0, 0)), "edge")
  return np.stack([padded[k:k + len(radius)] for k in range(25)]).mean(0)


def lit(color: np.ndarray, normal: np.ndarray) -> np.ndarray:
  """Shades a surface [960, 1280, 3] by its normals (x, y down, towards the viewer)."""
  light = np.array([-0.55, -0.5, 0.67])
  diffuse = np.clip(normal @ light, 0, 1)
  half = (light + (0, 0, 1)) / np.linalg.norm(light + (0, 0, 1))
  gloss = np.clip(normal @ half, 0, 1) ** 50
  back = np.clip(normal @ (0.9, 0.2, 0.1), 0, 1) ** 2
  return color * (0.2 + 0.85 * diffuse + 0.16 * back)[..., None] + 0.75 * gloss[..., None]


def facade() -> np.ndarray:
  """A palace in thin lines with pale washes under an empty sky."""
  lines, shade = Plate(), np.zeros(SHAPE)
  box = lambda a, b, c, d: [(a, b), (c, b), (c, d), (a, d)]

  def outlined(points: list[tuple[float, float]], tone: float = 0.0, width: float = 1.0) -> None:
    nonlocal shade
    lines.line([*points, points[0]], width)
    shade = laid(shade, tone, polygon(*points))

  outlined(box(40, 150, 600, 420), 0.08, 1.4)
  for step in range(4):
    outlined(box(30 - 8 * step, 420 + 9 * step, 610 + 8 * step, 429 + 9 * step), 0.05 + 0.04 * step)
  for top in (140, 262, 270, 410):
    outlined(box(34, top, 222, top + 7), 0.16)
    outlined(box(418, top, 606, top + 7), 0.16)
  for left in (58, 110, 162, 450, 502, 554):
    window(outlined, lines, left, 176, 28, 66)
    window(outlined, lines, left, 296, 28, 84)
  outlined(box(222, 128, 418, 420), 0.04, 1.4)
  outlined([(210, 128), (320, 68), (430, 128)], 0.1, 1.6)
  outlined([(236, 122), (320, 78), (404, 122)], 0.02)
  lines.line([(320 + 15 * np.cos(a), 104 + 13 * np.sin(a)) for a in np.linspace(0, 6.3, 30)], 1)
  outlined(box(210, 128, 430, 142), 0.16)
  window(outlined, lines, 302, 300, 36, 118)
  for left in (232, 270, 352, 390):
    outlined(box(left, 158, left + 18, 408), 0.02, 1.2)
    outlined(box(left - 4, 148, left + 22, 158), 0.14)
    outlined(box(left - 4, 408, left + 22, 420), 0.14)
    for flute in (4, 8, 13):
      lines.line([(left + flute, 160), (left + flute, 406)], 0.6)
    shade = laid(shade, 0.3, polygon(*box(left + 13, 158, left + 18, 408)))
  for left in range(52, 600, 22):
    if not 200 < left < 424:
      outlined(box(left, 124, left + 6, 140), 0.1)
  lines.line([(36, 124), (212, 124)], 1.4).line([(428, 124), (604, 124)], 1.4)
  for left, tall in [(98, 54), (540, 54)]:
    outlined(box(left - 16, 124 - tall / 2, left + 16, 124), 0.12)
    outlined([(left - 19, 124 - tall / 2), (left, 124 - tall), (left + 19, 124 - tall / 2)], 0.25)
  lines.line([(0, 456), (WIDTH, 456)], 1.4)
  out = ramp(colors("fdfcf9 d9cfbb 9d9484 5a5348"), shade * 1.1)
  return shrunk(laid(out, colors("2b2622")[0], 0.92 * lines.ink))


def window(outlined, lines: Plate, left: float, top: float, width: float, height: float) -> None:
  """Draws a window with its frame, its bars and a small gable."""
  right, foot, middle = left + width, top + height, left + width / 2
  outlined([(left - 5, top - 4), (middle, top - 15), (right + 5, top - 4)], 0.14)
  outlined([(left - 3, top - 3), (right + 3, top - 3), (right + 3, foot), (left - 3, foot)], 0.02)
  outlined([(left, top), (right, top), (right, foot), (left, foot)], 0.62)
  outlined([(left - 6, foot), (right + 6, foot), (right + 6, foot + 5), (left - 6, foot + 5)], 0.2)
  lines.line([(middle, top), (middle, foot)], 1.2)
  for share in (0.33, 0.66):
    lines.line([(left, top + share * height), (right, top + share * height)], 1)


def crowd() -> np.ndarray:
  """People in coats and hats, row behind row, in a street."""
  rng = np.random.default_rng(1930)
  y, x = grid()
  picture = ramp(colors("cdd6dc e9e4d8"), y / 220)
  for left, top, width, color in [(0, 40, 130, "a98f7c"), (128, 70, 110, "b7a58f"),
                                  (420, 62, 100, "9d8a80"), (518, 26, 130, "b09a82")]:
    wall = polygon((left, top), (left + width, top), (left + width, 260), (left, 260))
    picture = laid(picture, colors(color)[0] * (1 - 0.0012 * (left > 300) * (x[..., None] - left)),
                   wall)
    panes = np.float64(((x - left) % 27 > 9) & ((x - left) % 27 < 21) & ((y - top) % 42 > 14)
                       & ((y - top) % 42 < 36))
    picture = laid(picture, colors("5d6770")[0], wall * panes)
  picture = laid(picture, ramp(colors("b5ada2 8f877d"), (y - 225) / 250), np.float64(y > 225))
  for row, (foot, size, count) in enumerate([(262, 62, 17), (300, 88, 13), (352, 124, 10),
                                             (425, 172, 8), (545, 250, 6)]):
    places = np.linspace(0, WIDTH, count) + rng.normal(0, 12, count) + 22 * (row % 2)
    for left in rng.permutation(places):
      picture = person(rng, picture, float(left), foot + rng.normal(0, 0.04 * size),
                       size * rng.uniform(0.9, 1.08), haze=0.5 - 0.125 * row)
  return shrunk(picture + 0.006 * noise(rng, 1.2)[..., None])


def person(rng: np.random.Generator, picture: np.ndarray, left: float, foot: float, size: float,
           haze: float) -> np.ndarray:
  """Lays a person from the front: coat, scarf, face, hair or hat."""
  x = grid()[1][:1]
  air = colors("d5d6d4")[0]
  coats = colors("2f3e57 6b2d2a 3c4a3a 1f2023 8a6a42 5a5f6a 7d3b52 c9a13b 2d5f6b b9b2a6")
  pick = lambda palette: palette[rng.integers(len(palette))] * (1 - haze) + haze * air
  at = lambda a, b: (left + a * size, foot - b * size)
  def shaded(color: np.ndarray, wide: float) -> np.ndarray:
    turn = np.clip((x - left) / (wide * size), -1, 1)
    return color * (1.06 - 0.32 * turn - 0.25 * turn ** 2)[..., None]
  coat, skin = pick(coats), pick(colors("e8bd9c d9a47e a8704a f0cdb2 7a4d34"))
  wide = rng.uniform(0.15, 0.19)
  for side in (-1, 1):
    picture = laid(picture, pick(colors("24252a 3a332e")), polygon(
        at(side * 0.02, 0.3), at(side * 0.1, 0.3), at(side * 0.08, 0), at(side * 0.02, 0)))
  picture = laid(picture, shaded(coat, wide), polygon(
      at(-0.1, 0.82), at(0.1, 0.82), at(wide, 0.72), at(wide + 0.03, 0.4), at(wide, 0.22),
      at(-wide, 0.22), at(-wide - 0.03, 0.4), at(-wide, 0.72)))
  details = Plate().line([at(0, 0.8), at(0.01, 0.23)], 0.008 * size)
  details.line([at(-wide + 0.05, 0.66), at(-wide + 0.04, 0.36)], 0.008 * size)
  details.line([at(wide - 0.05, 0.66), at(wide - 0.04, 0.36)], 0.008 * size)
  picture = laid(picture, 0.55 * coat, details.ink)
  picture = laid(picture, skin * 0.8, polygon(at(-0.035, 0.86), at(0.035, 0.86), at(0.04, 0.78),
                                              at(-0.04, 0.78)))
  if rng.random() < 0.6:
    picture = laid(picture, pick(coats), polygon(at(-0.08, 0.83), at(0.08, 0.83), at(0.06, 0.77),
                                                 at(-0.06, 0.77)))
  cx, cy = at(0, 0.92)
  hair = pick(colors("2a1f1a 5a3a22 8f6a3a 1a1a1c b8b0a4"))
  picture = laid(picture, hair, disc(cx, cy - 0.02 * size, 0.078 * size, 0.09 * size))
  picture = laid(picture, shaded(skin, 0.085), disc(cx, cy, 0.063 * size, 0.083 * size))
  face = Plate()
  for side in (-1, 1):
    face.disc(cx + side * 0.025 * size, cy - 0.008 * size, 0.009 * size, 1.0, 0.006 * size)
    face.line([(cx + side * 0.012 * size, cy - 0.026 * size),
               (cx + side * 0.038 * size, cy - 0.028 * size)], 0.007 * size)
  face.line([(cx, cy - 0.005 * size), (cx + 0.008 * size, cy + 0.022 * size)], 0.005 * size)
  face.line([(cx - 0.02 * size, cy + 0.044 * size), (cx + 0.02 * size, cy + 0.044 * size)],
            0.008 * size)
  picture = laid(picture, 0.35 * skin, (1 - haze) * face.ink)
  if rng.random() < 0.65:
    hat = pick(coats)
    picture = laid(picture, 0.8 * hat, disc(cx, cy - 0.052 * size, 0.105 * size, 0.02 * size))
    picture = laid(picture, shaded(hat, 0.1), polygon(
        (cx - 0.066 * size, cy - 0.055 * size), (cx - 0.058 * size, cy - 0.125 * size),
        (cx + 0.058 * size, cy - 0.125 * size), (cx + 0.066 * size, cy - 0.055 * size)))
  return picture


CONTENTS = {draw.__name__: draw for draw in (vase, facade, crowd)}
