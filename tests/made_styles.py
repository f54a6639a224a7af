"""A small learned style: trained for a few steps on small pictures, with real weights."""

from pathlib import Path
from typing import Any

from made_inputs import waves, write_picture

import tf_style
from tf_style.learned.settings import LearnConfig

TINY = {"network": "vgg16", "precision": "float32", "train_size": 64, "image_size": 64, "width": 8,
        "blocks": 1, "steps": 4, "image_every": 2, "batch": 2}


def tiny(**options: Any) -> LearnConfig:
  """Settings of a training of seconds."""
  return LearnConfig.of(**TINY | options)


def write_photographs(folder: Path, count: int = 4) -> Path:
  """Writes photographs of sorts into a folder, which is made."""
  folder.mkdir(exist_ok=True)
  for seed in range(count):
    write_picture(folder / f"{seed}.png", 72, 96, seed=seed)
  return folder


def learn(folder: Path, styles: int = 1, **options: Any) -> tf_style.LearnedStyle:
  """Learns styles in a few steps."""
  pictures = [waves(72, 64, 10 + index) for index in range(styles)]
  return tf_style.learn_style(pictures, write_photographs(folder / "photos"), tiny(**options))
