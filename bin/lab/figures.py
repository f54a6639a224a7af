"""Makes the README's pictures from the samples and prints what each took."""

from pathlib import Path

import numpy as np
from measures import Measures

import tf_style
from tf_style import images
from tf_style.config import Config

SAMPLES = Path(tf_style.__file__).parent / "samples"
RESULTS = SAMPLES / "results"


def make(name: str, content: str, style: str, **options) -> np.ndarray:
  """Runs one transfer, writes it as a JPEG and prints a row of the README's table."""
  result = tf_style.stylize(SAMPLES / content, SAMPLES / style, Config.of(**options))
  tf_style.save_picture(RESULTS / f"{name}.jpg", result.picture)
  plan = result.plan
  measures = Measures(plan.weights)
  reached = measures.style_distance(result.picture, plan.styles[0].rgb)
  kept = measures.content_similarity(result.picture, plan.content.rgb)
  print(f"| {name} | {content} + {style} | {' '.join(f'--{k}={v}' for k, v in options.items())} "
        f"| {result.losses['total']:.1f} | {reached:.3f} | {kept:.3f} | {result.seconds:.0f} "
        f"| {plan.weights.network} | {plan.weights.checksum[:12]} |", flush=True)
  return result.picture


def strip(name: str, pictures: list[np.ndarray], height: int = 170) -> None:
  """Writes pictures side by side, all of one height."""
  small = [images.resize(p, height, round(p.shape[2] * height / p.shape[1])) for p in pictures]
  tf_style.save_picture(RESULTS / f"{name}.jpg", np.concatenate(small, axis=2))


def main() -> None:
  print("| picture | pair | flags | loss | style distance | content similarity | seconds | network "
        "| weights |\n"
        "|---|---|---|---|---|---|---|---|---|")
  photo, *styles = (images.load_picture(SAMPLES / f"{name}.jpg", 512).rgb
                    for name in ("photo", "style", "glass"))
  oil = make("oil", "photo.jpg", "style.jpg", optimizer="lbfgs")
  glass = make("glass", "photo.jpg", "glass.jpg", optimizer="lbfgs")
  strip("first", [photo, styles[0], oil, styles[1], glass])
  strip("content_weight", [make(f"weight-{weight}", "photo.jpg", "style.jpg", optimizer="lbfgs",
                                image_size=256, steps=120, content_weight=weight)
                           for weight in (0.005, 0.02, 0.08)])
  strip("init", [make(f"init-{init}", "photo.jpg", "glass.jpg", optimizer="lbfgs", image_size=256, steps=120,
                      init=init) for init in ("content", "recolored", "noise")])


if __name__ == "__main__":
  main()
