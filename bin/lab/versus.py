"""Times this package on the pair and at the size at which other programs were timed.

    python bin/lab/versus.py --data=FOLDER [--size=384]

FOLDER holds tubingen.jpg and starry_night.jpg. The first row is the default objective; the second is the loss
of neural-style and neural-style-pt (5 content + 100 Gram + total variation 1e-3, one size), so that its
picture is judged by the number which that program reports for its own.
"""

import argparse
from pathlib import Path

from bench_plain import tv_weight
from measures import Measures

import tf_style
from tf_style import images
from tf_style.config import Config


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
  parser.add_argument("--data", type=Path, required=True)
  parser.add_argument("--size", type=int, default=384)
  given = parser.parse_args()
  content, style = given.data / "tubingen.jpg", given.data / "starry_night.jpg"
  classic = {"style_loss": "gram", "levels": 1,
             "tv_weight": tv_weight(images.load_picture(content, given.size).rgb)}
  print("| flags | loss | style distance | content similarity | seconds | loss (step): seconds |\n"
        "|---|---|---|---|---|---|")
  for options in ({"effort": "draft"}, {"effort": "standard"}, {**classic, "steps": 120}):
    options = {"optimizer": "lbfgs", "image_size": given.size, "network": "vgg16", **options}
    clock: list[tuple[int, float, float]] = []
    result = tf_style.stylize(content, style, Config.of(**options),
                              on_step=lambda step, to=clock: to.append((step.number, step.best_loss,
                                                                        step.seconds)))
    plan = result.plan
    measures = Measures(plan.weights)
    print(f"| {' '.join(f'--{name}={value}' for name, value in options.items())} "
          f"| {result.losses['total']:.4g} "
          f"| {measures.style_distance(result.picture, plan.styles[0].rgb):.3f} "
          f"| {measures.content_similarity(result.picture, plan.content.rgb):.3f} | {result.seconds:.0f} "
          f"| {', '.join(f'{loss:.4g} ({step}): {s:.0f}' for step, loss, s in _some(clock))} |",
          flush=True)


def _some(clock: list[tuple[int, float, float]], every: int = 20) -> list[tuple[int, float, float]]:
  """Returns the first entry at or after each multiple of `every` steps."""
  return [entry for before, entry in zip([(0, 0.0, 0.0), *clock], clock, strict=False)
          if entry[0] // every > before[0] // every]


if __name__ == "__main__":
  main()
