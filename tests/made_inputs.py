"""Small inputs made on the spot: pictures with something to see, and a VGG without training."""

from pathlib import Path

import h5py
import numpy as np
from PIL import Image

from tf_style.vgg.network import NETWORKS


def waves(height: int, width: int, seed: int) -> np.ndarray:
  """[H, W, 3] uint8: colored waves in three directions with a little grain."""
  rng = np.random.default_rng(seed)
  y, x = np.mgrid[:height, :width] / 8
  directions = rng.uniform(-1, 1, (3, 2))
  waves = np.stack([np.sin(a * y + b * x + seed) for a, b in directions], axis=-1)
  return np.uint8(np.clip(128 + 90 * waves + rng.normal(0, 8, waves.shape), 0, 255))


def write_picture(path: Path, height: int = 72, width: int = 96, seed: int = 1,
                  alpha: bool = False) -> Path:
  """Writes a picture in the format of the ending, with a transparent left third where asked."""
  pixels = waves(height, width, seed)
  if alpha:
    plane = np.full((height, width, 1), 255, np.uint8)
    plane[:, :width // 3] = 0
    pixels = np.concatenate([pixels, plane], axis=-1)
  Image.fromarray(pixels).save(path)
  return path


def write_weights(path: Path, network: str = "vgg16") -> Path:
  """Writes a Keras `.h5` of random kernels that keep the scale of features (He et al. 2015)."""
  rng = np.random.default_rng(0)
  with h5py.File(path, "w") as file:
    for name, shape in NETWORKS[network].kernel_shapes().items():
      scale = np.float32(np.sqrt(2 / np.prod(shape[:3])))
      kernel = rng.standard_normal(shape, np.float32) * scale
      file[f"{name}/{name}/kernel:0"] = kernel
      file[f"{name}/{name}/bias:0"] = np.zeros(shape[3:], np.float32)
  return path
