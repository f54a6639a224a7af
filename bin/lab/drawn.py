"""Style pictures drawn here, 640x480: each function is seeded and returns [1, 480, 640, 3].

    python bin/lab/drawn.py FOLDER

writes them all, and the contents of `drawn_contents`. Two start from photographs of scikit-image.
"""

import sys
from pathlib import Path

import drawn_contents
import numpy as np
from drawing import (
  HEIGHT,
  SCALE,
  SHAPE,
  WIDTH,
  Hand,
  Plate,
  around,
  blank,
  blurred,
  colors,
  disc,
  enlarged,
  grid,
  hatched,
  laid,
  line_noise,
  noise,
  polygon,
  printed,
  ramp,
  screened,
  shifted,
  shrunk,
)

import tf_style

# --- Line drawings ---


def engraving() -> np.ndarray:
  """A village under an empty sky, hatched in brown-black on white paper."""
  rng = np.random.default_rng(1525)
  hand = Hand.of(rng)
  y, x = grid()
  ink = np.zeros(SHAPE)
  hill = 262 + 16 * np.sin(x / 95 + 1) + 7 * np.sin(x / 31)
  ink = laid(ink, hatched(hand, 0.26 + 0.1 * np.sin(x / 40), 14, 5.5), np.float64(y > hill))
  ink = laid(ink, 1.0, np.float64(np.abs(y - hill) < 0.7))
  ground = 338 + 9 * np.sin(x / 120 + 2)
  near = np.float64(y > ground)
  ink = laid(ink, hatched(hand, np.clip((y - ground) / 420 + 0.11 * noise(rng, 26, 90), 0, 1),
                          3, 6.5), near)
  for left, top, size in [(455, 232, 0.8), (70, 252, 0.95), (240, 236, 1.25)]:
    ink = house(hand, ink, left, top, size)
  ink = tower(hand, ink, 400, 120)
  far = (y - 340) / 140
  bend = 352 + 26 * np.sin(4.2 * far) - 150 * far ** 2
  wide = 7 + 62 * np.clip(far, 0, 1)
  road = near * (np.abs(x - bend) < wide) * (y > 344)
  ink = laid(ink, hatched(hand, 0.2 * np.float64(x > bend + 0.55 * wide), 3, 6.5), road)
  ink = laid(ink, 1.0, near * (np.abs(np.abs(x - bend) - wide) < 0.7) * (y > 344))
  for left, foot, size in [(35, 352, 60), (212, 344, 38), (560, 362, 84), (620, 350, 50),
                           (398, 338, 30)]:
    ink = tree(rng, hand, ink, left, foot, size)
  ink = np.maximum(ink, grass(rng) * near)
  return shrunk(printed(np.clip(ink, 0, 1), "fbfaf5", "221a16"))


def house(hand: Hand, ink: np.ndarray, left: float, top: float,
          size: float) -> np.ndarray:
  """Lays a house with a lit gable and a long side in the shade."""
  at = lambda *points: [(left + size * a, top + size * b) for a, b in points]
  gable = at((0, 100), (0, 45), (27, 8), (54, 45), (54, 100))
  side = at((54, 45), (150, 45), (150, 100), (54, 100))
  roof = at((27, 8), (124, 8), (157, 48), (58, 48))
  for shape, tone, degrees, pitch in [(gable, 0.1, 88, 5.5), (side, 0.42, 2, 4.5),
                                      (roof, 0.52, -52, 4.4)]:
    ink = laid(ink, hatched(hand, tone, degrees, pitch), polygon(*shape))
  dark = [at((a, b), (a + 12, b), (a + 12, b + 18), (a, b + 18))
          for a, b in [(20, 50), (68, 60), (94, 60), (120, 60)]]
  dark.append(at((30, 100), (30, 76), (43, 76), (43, 100)))
  for shape in dark:
    ink = laid(ink, hatched(hand, 0.8, 40, 3.2), polygon(*shape))
  chimney = at((96, 12), (96, -12), (110, -12), (110, 12))
  ink = laid(ink, hatched(hand, 0.5, 0, 3.5), polygon(*chimney))
  outline = Plate()
  for shape in [gable, side, roof, chimney, *dark]:
    outline.line([*shape, shape[0]], 1.3)
  return np.maximum(ink, outline.ink)


def tower(hand: Hand, ink: np.ndarray, left: float, top: float) -> np.ndarray:
  """Lays a church tower with a spire."""
  lit = [(left, top + 92), (left + 22, top + 92), (left + 22, 340), (left, 340)]
  shade = [(left + 22, top + 92), (left + 40, top + 86), (left + 40, 340), (left + 22, 340)]
  spires = [[(left - 4, top + 94), (left + 20, top), (left + 22, top + 94)],
            [(left + 22, top + 94), (left + 20, top), (left + 44, top + 87)]]
  windows = [[(left + 7, y), (left + 15, y), (left + 15, y + 17), (left + 7, y + 17)]
             for y in (top + 108, top + 148)]
  outline = Plate()
  for shape, tone, degrees in [(lit, 0.12, 0), (shade, 0.6, 0), (spires[0], 0.3, 70),
                               (spires[1], 0.72, 100), (windows[0], 0.85, 30),
                               (windows[1], 0.85, 30)]:
    ink = laid(ink, hatched(hand, tone, degrees, 4.2), polygon(*shape))
    outline.line([*shape, shape[0]], 1.2)
  outline.line([(left + 20, top), (left + 20, top - 16)], 1.2)
  outline.line([(left + 15, top - 10), (left + 25, top - 10)], 1.2)
  return np.maximum(ink, outline.ink)


def tree(rng: np.random.Generator, hand: Hand, ink: np.ndarray, left: float, foot: float,
         size: float) -> np.ndarray:
  """Lays a tree: clusters of leaves drawn in loops, closer together away from the light."""
  y, x = grid()
  trunk = polygon((left - 0.08 * size, foot), (left - 0.05 * size, foot - size),
                  (left + 0.06 * size, foot - size), (left + 0.1 * size, foot))
  ink = laid(ink, hatched(hand, np.clip(0.35 + (x - left) / (0.2 * size), 0.2, 0.9), 86, 3), trunk)
  clusters = [(left + size * rng.uniform(-0.5, 0.5), foot - size * rng.uniform(0.8, 2.0),
               size * rng.uniform(0.28, 0.42)) for _ in range(13)]
  crown, tone, leaves = np.zeros((3, *SHAPE))
  for cx, cy, radius in sorted(clusters, key=lambda c: c[1]):
    part = around(cx, cy, radius)
    across, down = (x[part] - cx) / radius, (y[part] - cy) / (0.8 * radius)
    mask = np.clip((1 - np.hypot(across, down)) * radius * SCALE, 0, 1)
    laid(crown[part], 1.0, mask)
    laid(tone[part], np.clip(0.26 + 0.32 * across + 0.26 * down, 0, 0.85), mask)
    laid(leaves[part], 0.0, mask)
    leaves = np.maximum(leaves, loops(rng, cx, cy, radius))
  return np.maximum(laid(ink, hatched(hand, tone, 35, 3.6), crown), leaves)


def loops(rng: np.random.Generator, cx: float, cy: float, radius: float) -> np.ndarray:
  """Returns small loops around a cluster of leaves, thicker below."""
  plate, start = Plate(), rng.uniform(0, 6.3)
  for angle in np.arange(start, start + 6.28, 4.6 / radius):
    px, py = cx + radius * np.cos(angle), cy + 0.8 * radius * np.sin(angle)
    arc, r = angle + np.linspace(-1.9, 1.9, 9), rng.uniform(2.2, 3.6)
    plate.line([(px + r * np.cos(a), py + r * np.sin(a)) for a in arc],
               1.1 + 0.5 * (np.sin(angle) > 0))
  return plate.ink


def grass(rng: np.random.Generator) -> np.ndarray:
  """Returns tufts of grass, larger towards the lower border."""
  plate = Plate()
  for _ in range(170):
    px, py = rng.uniform(0, WIDTH), 350 + 130 * rng.uniform() ** 0.8
    size = (py - 320) / 13
    for _ in range(5):
      lean = rng.uniform(-0.6, 0.6)
      plate.line([(px, py), (px + 0.4 * lean * size, py - 0.6 * size),
                  (px + lean * size, py - size * rng.uniform(0.8, 1.2))], 1.0)
      px += rng.uniform(0, 3)
  return plate.ink


def vignette() -> np.ndarray:
  """A cat engraved in lines that follow its form, on white paper; from a photograph."""
  from skimage import data
  rng = np.random.default_rng(1863)
  y, x = grid()
  light = enlarged(data.chelsea()) @ (0.3, 0.59, 0.11)
  smooth = blurred(light, 1.5)
  inside = np.clip(1.5 - 1.5 * np.hypot((x - 300) / 290, (y - 240) / 215) ** 3
                   + 0.06 * noise(rng, 30), 0, 1)
  tone = np.clip(1.15 - 1.35 * smooth - 0.9 * (light - blurred(light, 7)), 0, 0.95) * inside
  form = 16 * blurred(light, 12)
  bent = lambda along, pitch: 2 * np.abs(((along + pitch * form) / pitch) % 1 - 0.5)
  lines = lambda share, along, pitch: np.clip(
      (share - bent(along, pitch)) * pitch + 0.5, 0, 1) * (share > 0.04)
  ink = np.maximum(lines(np.minimum(tone, 0.85), 0.8 * y + 0.3 * x, 4.6),
                   lines(1.4 * (tone - 0.45), 0.9 * x - 0.5 * y, 4.4))
  return shrunk(printed(ink, "fcfcf8", "14181c"))


# --- Woodcut ---


def woodcut() -> np.ndarray:
  """Mountains by a lake under a sun, black on white paper."""
  rng = np.random.default_rng(1905)
  hand = Hand.of(rng)
  y, x = grid()
  turn = np.arctan2(y - 118, x - 430) / np.pi * 15
  away = np.hypot(y - 118, x - 430)
  share = np.clip((away - 75) / 240, 0, 0.52) * np.clip((430 - away) / 150, 0, 1)
  rays = np.float64(np.abs(turn % 1 - 0.5) * 2 < share + 0.05 * noise(rng, 20))
  ink = laid(rays * (y < 300), 0.0, np.float64(away < 66))
  ink = laid(ink, 1.0, np.float64(np.abs(away - 60) < 2.6))
  for base, height, length, lit in [(215, 85, 82, 0.45), (268, 60, 60, 0.55)]:
    ridge = base - height * ridged(rng, length)
    slope = np.gradient(ridge) * 2
    shade = np.clip(lit + 0.4 * np.sign(blurred(np.tile(slope > 0, (SHAPE[0], 1)), 3) - 0.5)
                    - 0.15 + 0.0009 * (y - ridge), 0.1, 0.93)
    cuts = hatched(hand, shade, 58, 9, cross=False, wobble=2.5)
    mask = np.float64(y > ridge)
    ink = laid(ink, np.maximum(cuts, np.float64(y - ridge < 4)), mask)
  ink = laid(ink, 0.0, np.float64(y > 318))
  glint = np.exp(-((x - 430) / (26 + 0.5 * np.maximum(y - 318, 0))) ** 2)
  tone = np.clip(0.62 - 0.75 * glint + 0.2 * noise(rng, 8, 90) - 0.0016 * (y - 318), 0, 0.95)
  water = hatched(hand, tone, 0, 9.5, cross=False, wobble=2.2)
  ink = laid(ink, water, np.float64(y > 318))
  ink = laid(ink, 1.0, np.float64(np.abs(y - 318) < 2.2))
  shore = 452 + 8 * np.sin(x / 50) - 70 * np.exp(-(x / 150) ** 2)
  ink = laid(ink, 1 - hatched(hand, 0.2 + 0 * x, -20, 11, cross=False, wobble=3),
             np.float64(y > shore))
  for left, foot, size in [(38, 430, 250), (112, 442, 330), (182, 470, 210), (598, 478, 230)]:
    ink = pine(rng, hand, ink, left, foot, size)
  down, right = 0.9 * noise(rng, 7), 0.9 * noise(rng, 7)
  ink = np.float64(blurred(shifted(ink, down, right), 0.6) > 0.5)
  ink *= 1 - np.float64(noise(rng, 2) > 2.9)
  return shrunk(printed(blurred(ink, 0.3), "f8f6ef", "15130f"))


def ridged(rng: np.random.Generator, length: float) -> np.ndarray:
  """A line of peaks in about [-1, 1], [1280]."""
  return (1.3 - 1.6 * np.abs(line_noise(rng, length))) + 0.12 * line_noise(rng, length / 6)


def pine(rng: np.random.Generator, hand: Hand, ink: np.ndarray, left: float, foot: float,
         size: float) -> np.ndarray:
  """Lays a black pine with white cuts between its branches."""
  border, body = Plate(), Plate()
  rows = int(size / 17)
  for row in range(rows):
    top = foot - size + row * size * 0.94 / rows
    wide = 5 + 0.24 * size * (row + 1) / rows
    for side in (-1, 1):
      reach = wide * rng.uniform(0.8, 1.15)
      branch = [(left, top), (left + side * reach, top + 30),
                (left + 0.55 * side * reach, top + 25), (left, top + 33)]
      border.polygon([(left + 1.25 * (a - left), b + 3 * (b > top)) for a, b in branch])
      body.polygon(branch)
  body.polygon([(left - 4, foot - 20), (left + 4, foot - 20), (left + 5, foot + 6),
                (left - 5, foot + 6)])
  cuts = hatched(hand, 0.17, 64, 10, cross=False, wobble=2)
  return laid(laid(ink, 0.0, border.ink), 1 - cuts, body.ink)


# --- Halftone prints ---


def halftone() -> np.ndarray:
  """Fruit before rays in four screens of dots and black contours, on white paper."""
  y, x = grid()
  turn = np.arctan2(y - 210, x - 320) / np.pi * 9
  rays = np.float64(turn % 1 < 0.5)[..., None]
  picture = rays * colors("ffd23c")[0] + (1 - rays) * (1.0, 1.0, 1.0)
  table = polygon((0, 352), (640, 352), (640, 480), (0, 480))
  cloth = np.where(((x + 1.2 * (y - 352)) // 46 + (x - 1.2 * (y - 352)) // 46)[..., None] % 2,
                   colors("58b7e0")[0], 1.0)
  picture = laid(picture, cloth, table)
  contour = Plate().line([(0, 352), (640, 352)], 3.5)
  for cx, cy, radius, color in [(205, 300, 92, "f0452e"), (415, 318, 78, "ff9d1e"),
                                (318, 372, 62, "8ac63f"), (520, 388, 44, "d8365a")]:
    shadow = disc(cx + 22, cy + 0.9 * radius, 1.05 * radius, 0.26 * radius)
    picture = laid(picture, picture * 0.55, shadow)
    body = disc(cx, cy, radius)
    light = np.clip(1.05 - np.hypot(x - cx + 0.35 * radius, y - cy + 0.4 * radius) / (1.5 * radius),
                    0.0, 1)[..., None]
    tint = colors(color)[0]
    shaded = np.where(light < 0.75, tint * (0.3 + 0.95 * light), tint + (1 - tint) * 4
                      * np.maximum(light - 0.75, 0))
    picture = laid(picture, shaded, body)
    ring = [(cx + radius * np.cos(a), cy + radius * np.sin(a)) for a in np.linspace(0, 6.3, 80)]
    contour.line(ring, 4).line([(cx, cy - 0.86 * radius), (cx + 6, cy - 1.15 * radius),
                                (cx + 16, cy - 1.3 * radius)], 4)
  return shrunk(four_inks(picture, contour.ink, 8.0))


def four_inks(picture: np.ndarray, contour: np.ndarray, pitch: float) -> np.ndarray:
  """Prints a picture [960, 1280, 3] in cyan, magenta, yellow and black dots."""
  dark = 1 - picture.max(-1)
  rest = [np.clip((1 - picture[..., c] - dark) / (1.001 - dark), 0, 1) for c in range(3)]
  out = blank("fbf8f0")
  for share, degrees, ink in zip([*rest, 0.9 * dark], (15, 75, 0, 45),
                                 colors("1fa3dc e5317f fbdc1c 191a1e"), strict=True):
    out = out * (1 - screened(share, degrees, pitch)[..., None] * (1 - ink))
  return laid(out, colors("16171b")[0], contour)


def newsprint() -> np.ndarray:
  """A photograph in black dots, with one flat second ink, on newspaper."""
  from skimage import data
  light = enlarged(data.camera()[30:414])[..., 0]
  light = np.clip((light - 0.06) * 1.12 + 0.5 * (light - blurred(light, 6)), 0, 1)
  dots = screened(1 - light, 45, 6.5)
  y, x = grid()
  sun = disc(505, 112, 78) * np.clip((light - 0.35) * 8, 0, 1)
  out = laid(blank("f4efe2"), colors("e8583a")[0], 0.9 * sun)
  return shrunk(out * (1 - dots[..., None] * (1 - colors("1d1c1f")[0])))


# --- Flat graphics ---


def poster() -> np.ndarray:
  """A travel poster: a bay with sails in eight flat inks, framed by white paper."""
  y, x = grid()
  sky, sun, far, mid, near, sea, foam, deep = colors(
      "f6c667 f26b4e 7fb3a6 3f8d86 1f5f66 2b86a8 f5f1e6 163b4d")
  picture = np.tile(sky, (*SHAPE, 1))
  picture = laid(picture, colors("f9d98c")[0], disc(430, 190, 150))
  picture = laid(picture, sun, disc(430, 190, 92))
  for left, top, wide in [(120, 92, 62), (168, 80, 48), (215, 96, 44), (545, 66, 40),
                          (585, 74, 34)]:
    picture = laid(picture, foam, disc(left, top, wide, 15))
  for ridge, color in [(205 + 34 * np.sin(x / 88 + 0.4), far),
                       (238 + 28 * np.sin(x / 70 + 2.4), mid)]:
    picture = laid(picture, color, np.float64(y > ridge))
  picture = laid(picture, sea, np.float64(y > 272))
  for top, ink in [(300, far), (322, sea), (352, mid), (378, sea)]:
    picture = laid(picture, ink, np.float64(y > top + 6 * np.sin(x / 34 + top)))
  for left, foot, size in [(200, 318, 1.0), (330, 296, 0.6), (262, 372, 1.5)]:
    at = lambda a, b, left=left, foot=foot, size=size: (left + size * a, foot + size * b)
    picture = laid(picture, foam, polygon(at(0, -4), at(0, -78), at(36, -6)))
    picture = laid(picture, sun, polygon(at(-4, -6), at(-4, -66), at(-28, -8)))
    picture = laid(picture, deep, polygon(at(-32, 0), at(40, 0), at(28, 12), at(-22, 12)))
  picture = laid(picture, near, np.float64(y > 400 + 55 * np.sin((x - 330) / 130) - 0.02 * x))
  picture = laid(picture, deep, np.float64(y > 432 + 26 * np.sin((x + 60) / 90)))
  for left, foot, tall in [(560, 420, 250), (602, 430, 190), (524, 425, 160)]:
    cypress = disc(left, foot - tall / 2, 0.1 * tall, tall / 2)
    picture = laid(picture, deep, cypress)
    picture = laid(picture, near, cypress * (x > left + 0.02 * tall))
  frame = polygon((24, 24), (616, 24), (616, 456), (24, 456))
  return shrunk(laid(blank("fffdf7"), picture, frame))


def bauhaus() -> np.ndarray:
  """Circles, bars and a quarter in red, blue, yellow and black on white paper."""
  y, x = grid()
  red, blue, yellow, black, gray, paper = colors("d8312a 1d4f9c f2b916 17181a b9b6ab faf8f2")
  picture = np.tile(paper, (*SHAPE, 1))
  turned = (x - 320) * np.cos(0.6) + (y - 240) * np.sin(0.6)
  across = (y - 240) * np.cos(0.6) - (x - 320) * np.sin(0.6)
  bar = lambda a, b, c, d: np.float64((turned > a) & (turned < b) & (across > c) & (across < d))
  for mask, color in [
      (disc(250, 205, 138), red), (disc(250, 205, 78), paper), (disc(250, 205, 46), black),
      (bar(-330, 330, 96, 118), black), (bar(-60, 210, 130, 170), yellow),
      (bar(-250, -80, 130, 143), blue), (bar(40, 260, -150, -138), black),
      (disc(470, 130, 62) * (x > 470), blue), (disc(470, 130, 62) * (x <= 470), gray),
      (polygon((430, 420), (600, 420), (600, 250)), blue),
      (polygon((470, 420), (600, 420), (600, 290)) * (x + y > 965), yellow),
      (disc(92, 392, 40), yellow), (disc(92, 392, 17), red)]:
    picture = laid(picture, color, mask)
  for step in range(7):
    picture = laid(picture, black, polygon((560, 40 + 14 * step), (622, 40 + 14 * step),
                                           (622, 45 + 14 * step), (560, 45 + 14 * step)))
  return shrunk(picture)


# --- Cubism ---


def cubism(seed: int = 1911, palette: str = "2a2420 5c4632 8f7148 b99a62 d8c496 efe6cf",
           accent: str = "6d7a7c 9aa39c 39484d") -> np.ndarray:
  """A still life with a guitar in planes that fade into each other, ochre and gray."""
  rng = np.random.default_rng(seed)
  y, x = grid()
  warm, cool = colors(palette), colors(accent)
  away = np.hypot((x - 320) / 320, (y - 240) / 240)
  picture = ramp(warm, 0.5 + 0.12 * noise(rng, 90) - 0.25 * away)
  strokes = [noise(rng, 3, 9), noise(rng, 9, 3), noise(rng, 5)]
  for index in range(220):
    spread = 1.3 - index / 220
    cx, cy = 320 + spread * rng.normal(0, 200), 240 + spread * rng.normal(0, 160)
    size = rng.uniform(26, 84) * (0.5 + 0.75 * spread)
    angle = rng.choice([0.35, -0.45, 1.15, 1.95]) + rng.normal(0, 0.08)
    facet(rng, picture, (cx, cy), size, angle, warm if rng.random() < 0.68 else cool,
          strokes[index % 3])
  lines = Plate()
  for left, top, radius, start, end in [(300, 250, 74, 0.4, 3.6), (318, 236, 74, 3.5, 6.0),
                                        (352, 170, 52, 1.8, 5.2), (330, 186, 52, -0.9, 1.4),
                                        (336, 226, 20, 0, 6.3)]:
    lines.line([(left + radius * np.cos(a), top + radius * np.sin(a))
                for a in np.linspace(start, end, 40)], 2.6)
  for offset in range(5):
    lines.line([(312 + 5 * offset, 300), (390 + 4 * offset, 40)], 1.0)
  lines.line([(175, 380), (182, 190), (196, 160), (196, 110)], 2.2)
  lines.line([(236, 385), (236, 196), (220, 160), (220, 112)], 2.2)
  picture = laid(picture, warm[0], 0.85 * shifted(lines.ink, noise(rng, 30), noise(rng, 30)))
  canvas = 1 + 0.035 * noise(rng, 1.6) + 0.02 * strokes[0]
  return shrunk(picture * canvas[..., None])


def facet(rng: np.random.Generator, picture: np.ndarray, middle: tuple[float, float], size: float,
          angle: float, palette: np.ndarray, stroke: np.ndarray) -> None:
  """Lays a plane in place: light on one side, fading out on the other, a dark edge at its back."""
  part = around(*middle, 1.6 * size)
  y, x = (each[part] for each in grid())
  wide = size * rng.uniform(0.35, 0.9)
  along = (x - middle[0]) * np.cos(angle) + (y - middle[1]) * np.sin(angle)
  across = (y - middle[1]) * np.cos(angle) - (x - middle[0]) * np.sin(angle)
  skew = across - rng.uniform(-0.5, 0.5) * along
  long = np.abs(along) < size
  inside = np.float64(long & (np.abs(skew) < wide))
  back = (wide - skew) / 2
  tone = rng.uniform(0.2, 0.8) + 0.3 * (skew / wide - 0.1) + 0.035 * stroke[part]
  beside = long * (skew >= wide) * np.exp(-np.maximum(skew - wide, 0) / 8)
  picture[part] *= 1 - 0.5 * beside[..., None]
  laid(picture[part], ramp(palette, tone), inside * np.clip(0.75 + 0.6 * skew / wide, 0.1, 1))
  laid(picture[part], palette[0], 0.85 * inside * np.clip(1.2 - back, 0, 1))


def collage() -> np.ndarray:
  """Another still life in planes: blue-gray, brick and cream."""
  return cubism(1914, "20242b 3d4a5c 6e8194 a9b3b4 dcd5c2 f4eee0", "7a3b2b b8603c d99a5b")


# --- Washes ---


def wash() -> np.ndarray:
  """Mountains in mist, a pine and a moon, in ink on white paper, with a red seal."""
  rng = np.random.default_rng(1100)
  y, x = grid()
  ink = np.zeros(SHAPE)
  grain = noise(rng, 2.5)
  for base, height, length, dark, mist in [(190, 58, 60, 0.22, 60), (250, 62, 74, 0.34, 62),
                                           (318, 52, 90, 0.5, 66), (425, 34, 120, 0.8, 80)]:
    ridge = base - height * ridged(rng, length) + 2 * line_noise(rng, 3)
    depth = np.maximum(y - ridge, 0)
    tone = dark * np.exp(-depth / mist) * (1 + 0.16 * noise(rng, 12, 40) + 0.05 * grain)
    tone += 0.25 * dark * np.exp(-depth / 2.5)
    ink = laid(ink, tone + 0.12 * ink, np.clip((y - ridge) / 1.5, 0, 1) * np.exp(-depth / 400))
  ink = branch(rng, ink)
  moon = np.hypot(x - 150, y - 92)
  ink = np.maximum(ink, 0.13 * np.exp(-np.abs(moon - 36) / 16) * (moon > 36))
  out = ramp(colors("fbf9f2 b9bab8 6c6f72 2b2d31 111216"), ink + 0.008 * grain)
  seal = polygon((588, 412), (614, 412), (614, 446), (588, 446))
  cut = Plate()
  for a, b, c, d in [(593, 420, 609, 420), (601, 418, 601, 440), (593, 430, 609, 430),
                     (594, 440, 608, 440)]:
    cut.line([(a, b), (c, d)], 1.8)
  worn = 0.86 + 0.06 * noise(rng, 4)
  return shrunk(laid(out, colors("b8322a")[0], seal * (1 - cut.ink) * worn))


def branch(rng: np.random.Generator, ink: np.ndarray) -> np.ndarray:
  """Lays a leaning pine: dry brush for its wood, fans of needles."""
  wood, needles = Plate(), Plate()
  trunk = [(640, 470), (600, 400), (575, 330), (540, 270), (500, 232), (438, 210)]
  for (a, b), (c, d), width in zip(trunk, trunk[1:], (20, 16, 12, 8, 5), strict=False):
    wood.line([(a, b), (c, d)], width).disc(c, d, width / 2)
  for a, b, c, d, width in [(575, 330, 500, 326, 6), (540, 270, 560, 196, 6),
                            (500, 232, 480, 170, 4)]:
    wood.line([(a, b), ((a + c) / 2 + 6, (b + d) / 2 - 6), (c, d)], width)
  for cx, cy in [(500, 322), (522, 318), (470, 332), (560, 192), (538, 206), (585, 204),
                 (480, 165), (460, 178), (438, 208), (418, 216), (452, 200), (505, 226),
                 (598, 372), (618, 350)]:
    for angle in np.linspace(-2.9, -0.2, 26) + rng.normal(0, 0.06, 26):
      reach = rng.uniform(14, 23)
      needles.line([(cx, cy), (cx + 1.25 * reach * np.cos(angle), cy + reach * np.sin(angle))], 1,
                   rng.uniform(0.5, 0.95))
  dry = np.clip(0.86 + 0.25 * noise(rng, 12, 2), 0.25, 1)
  return np.maximum(np.maximum(ink, 0.92 * needles.ink), wood.ink * dry)


def watercolor() -> np.ndarray:
  """Flowers in wet transparent washes with darker rims, on white paper."""
  rng = np.random.default_rng(1870)
  y, x = grid()
  paper = 0.012 * noise(rng, 1.5)
  out = blank("fdfcf8") + paper[..., None]
  ragged, flow = 0.13 * noise(rng, 16) + 0.05 * noise(rng, 4), noise(rng, 24)

  def wet(out: np.ndarray, cx: float, cy: float, long: float, wide: float, angle: float,
          color: np.ndarray, strength: float) -> np.ndarray:
    part = around(cx, cy, 1.5 * max(long, wide))
    dy, dx = y[part] - cy, x[part] - cx
    along, across = dx * np.cos(angle) + dy * np.sin(angle), dy * np.cos(angle) - dx * np.sin(angle)
    depth = (1 - np.hypot(along / long, across / wide) + ragged[part]) * min(long, wide)
    inside = np.clip(depth + 0.5, 0, 1)
    pigment = strength * (0.5 + 0.6 * np.exp(-np.abs(depth - 1) / 1.6) + 0.3 * flow[part]
                          + 0.35 * along / long)
    out[part] *= 1 - np.clip(inside * pigment, 0, 0.95)[..., None] * (1 - color)
    return out

  greens, blooms = colors("4f8a3c 7fa83f 2f6b5a"), colors(
      "d6336c f08a24 7a4fb5 e2574c 3f7fc4 f2c11f")
  for left, top in [(120, 150), (255, 250), (395, 130), (520, 235), (180, 330), (430, 330)]:
    middle = left + 0.3 * (320 - left), (top + 500) / 2
    out = wet(out, *middle, np.hypot(0.3 * (320 - left), (500 - top) / 2), 4.5,
              np.arctan2(500 - top, 0.6 * (320 - left)), greens[2], 0.7)
  for _ in range(20):
    out = wet(out, rng.uniform(90, 560), rng.uniform(300, 470), rng.uniform(24, 62),
              rng.uniform(8, 15), rng.uniform(-2.4, -0.7), greens[rng.integers(3)], 0.62)
  for index, (cx, cy, size) in enumerate([(120, 150, 50), (255, 245, 44), (395, 125, 54),
                                          (520, 230, 46), (180, 330, 34), (430, 325, 38)]):
    start = rng.uniform(0, 6)
    for petal in range(6):
      angle = start + petal * 2 * np.pi / 6 + rng.normal(0, 0.1)
      out = wet(out, cx + 0.62 * size * np.cos(angle), cy + 0.62 * size * np.sin(angle),
                0.62 * size, 0.4 * size, angle, blooms[index], rng.uniform(0.5, 0.75))
    out = wet(out, cx, cy, 0.24 * size, 0.24 * size, 0, colors("5a3a1a")[0], 0.9)
  for _ in range(26):
    out = wet(out, rng.uniform(40, 600), rng.uniform(60, 440), *rng.uniform(1.5, 4, 2), 0,
              blooms[rng.integers(6)], 0.6)
  return shrunk(out)


# --- As in photographs ---


def fire() -> np.ndarray:
  """Flames before a dark background."""
  rng = np.random.default_rng(64)
  y, x = grid()
  rise = (HEIGHT - y) / HEIGHT
  lean = 30 * noise(rng, 130, 60) * (0.3 + rise) + 14 * noise(rng, 60, 26)
  tongues = noise(rng, 150, 34) + 0.55 * noise(rng, 70, 16) + 0.3 * noise(rng, 34, 9)
  tongues = shifted(tongues, 12 * noise(rng, 40), lean)
  wisps = shifted(np.abs(noise(rng, 90, 12)), 8 * noise(rng, 30), lean)
  envelope = 1.5 - 2.1 * rise - 1.1 * ((x - 320) / 330) ** 2 + 0.22 * line_noise(rng, 120)
  heat = envelope + 0.42 * tongues - 0.22 * wisps
  heat = blurred(np.clip(0.2 + 0.5 * heat, 0, 1), 0.8)
  out = ramp(colors("070304 1a0604 4a0d05 9c2306 df5208 f88c18 fdc448 fff0a8 fffbe6"), heat ** 1.15)
  sparks = Plate()
  for _ in range(70):
    px, py = rng.normal(320, 150), rng.uniform(0, 300)
    sparks.line([(px, py), (px + rng.normal(0, 3), py - rng.uniform(1, 7))], rng.uniform(0.5, 1.6))
  glow = sparks.ink + 0.8 * blurred(sparks.ink, 3)
  return shrunk(out + glow[..., None] * colors("ff9a3a")[0] + 0.16 * blurred(heat, 25)[..., None]
                * colors("ff5a10")[0])


def fabric() -> np.ndarray:
  """A woven tartan that lies in folds."""
  rng = np.random.default_rng(1822)
  y, x = grid()
  height = 13 * noise(rng, 120, 200) + 5 * shifted(noise(rng, 60, 150), 0 * x, 0.6 * y)
  down, right = np.gradient(height)
  u, v = x + 1.1 * height + 0.25 * y + 1000, y + 0.8 * height - 0.2 * x + 1000
  def thread(at: np.ndarray) -> np.ndarray:
    sett = np.repeat(np.arange(10), [30, 6, 6, 6, 24, 3, 24, 6, 6, 6])
    inks = colors("8e1b24 15301f 8e1b24 15301f 1c3d6b e9dcb4 1c3d6b 15301f 8e1b24 15301f")
    return inks[sett[np.int64(at) % len(sett)]]
  twill = np.float64(((u + v) / 4.4) % 1 < 0.5)[..., None]
  cloth = thread(u) * twill + thread(v) * (1 - twill)
  rib = 0.86 + 0.2 * np.abs(np.sin(np.pi * (u + v) / 2.2)) * np.abs(np.sin(np.pi * (u - v) / 2.2))
  light = 1.0 - 2.6 * (0.8 * down + 0.6 * right) + 0.05 * noise(rng, 2)
  crease = np.clip(1 + 0.025 * height, 0.55, 1.2)
  return shrunk(cloth * (rib * np.clip(light, 0.16, 1.9) * crease)[..., None] * 1.12)


STYLES = {draw.__name__: draw for draw in (
    engraving, vignette, woodcut, halftone, newsprint, poster, bauhaus, cubism, collage, wash,
    watercolor, fire, fabric)}


def main() -> None:
  folder = Path(sys.argv[1])
  folder.mkdir(parents=True, exist_ok=True)
  for name, draw in {**STYLES, **drawn_contents.CONTENTS}.items():
    tf_style.save_picture(folder / f"{name}.png", draw())


if __name__ == "__main__":
  main()
