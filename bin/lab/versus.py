"""Runs this package, in four ways, and neural-style-pt on pairs, as whole commands.

    python bin/lab/versus.py [--data=FOLDER] [--pairs=A+B,C+D] [--size=256] [--neural_style=PYTHON]

PYTHON is an interpreter that has the package neural-style (0.5.7 is neural-style-pt) with torch and
torchvision; it gets this package's weights, and all get the pictures at the final size, for each
program resizes them in its own way, which moves the loss more than any optimizer does. Seconds are
of commands from their start to their end. The loss is neural-style's: 5 content + 100 Gram + total
variation 1e-3, of the file, in float32.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from bench_convergence import source
from bench_plain import tv_weight
from bench_tools import OneLevel, show_rows, show_table
from measures import Measures

import tf_style
from tf_style.pictures import images
from tf_style.settings.config import Config
from tf_style.system import devices
from tf_style.vgg.weights import Weights, load_weights

_SAVE = """
import sys, numpy, torch
arrays = numpy.load(sys.argv[1])
torch.save({name: torch.from_numpy(arrays[name]) for name in arrays.files}, sys.argv[2])
"""


def main() -> None:
  parser = argparse.ArgumentParser(
      description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
  parser.add_argument("--data", type=Path, help="a folder of pictures")
  parser.add_argument("--pairs", default="cat+glass,rocket+style,astronaut+waves",
                      help="named as in bench")
  parser.add_argument("--size", type=int, default=256)
  parser.add_argument("--neural_style", type=Path, metavar="PYTHON")
  parser.add_argument("--iterations", type=int, default=300,
                      help="of neural-style; its default is 1000")
  parser.add_argument("--pictures", type=Path, help="a folder to keep the pictures in")
  given = parser.parse_args()
  weights = load_weights("vgg19")
  for pair in given.pairs.split(","):
    compare(given, pair, weights)


def compare(given: argparse.Namespace, pair: str, weights: Weights) -> None:
  """Prints a table of what each command takes and reaches."""
  pictures = [images.load_picture(source(name, given.data), given.size).rgb
              for name in pair.split("+")]
  classic = {"style_loss": "gram", "tv_weight": tv_weight(pictures[0])}
  config = Config.of(network=weights.network.name, precision="float32", tile_size=0, **classic)
  level = OneLevel(weights, config, *pictures)
  measures = Measures(weights)
  show_table(f"{pair}, {given.size} px, {weights.network.name} {weights.checksum[:12]}",
             ["command", "seconds", "neural-style's loss", "style distance",
              "content similarity"], ())
  with tempfile.TemporaryDirectory() as folder:
    output = Path(folder, "out.png")
    files = [Path(folder, "content.png"), Path(folder, "style.png")]
    for path, picture in zip(files, pictures, strict=True):
      tf_style.save_picture(path, picture)
    for name, command in commands(given, *files, weights, classic, output):
      start = time.perf_counter()
      subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL,
                     stderr=subprocess.DEVNULL)
      seconds = time.perf_counter() - start
      if given.pictures:
        given.pictures.mkdir(parents=True, exist_ok=True)
        shutil.copy(output, given.pictures / f"{pair} {name}.png")
      picture = images.resize(images.load_picture(output).rgb, *pictures[0].shape[1:3])
      show_rows([[name, f"{seconds:.0f}", level.value(picture),
                  measures.style_distance(picture, pictures[1]),
                  measures.content_similarity(picture, pictures[0])]])


def commands(given: argparse.Namespace, content: Path, style: Path, weights: Weights, classic: dict,
             output: Path) -> Iterator[tuple[str, list[str]]]:
  """Yields commands that write `output`, by their names."""
  size = str(given.size)
  ours = [sys.executable, "-m", "tf_style.run", f"--content={content}", f"--style={style}",
          f"--image_size={size}", "--optimizer=lbfgs", f"--network={weights.network.name}",
          f"--output={output}"]
  same_loss = [f"--{name}={value}" for name, value in classic.items()]
  yield ("tf_style, its loss, --init=recolored --level_steps=30,20,40",
         [*ours, *same_loss, "--init=recolored", "--level_steps=30,20,40"])
  yield "tf_style --effort=draft", [*ours, "--effort=draft"]
  yield "tf_style --preset=gatys", [*ours, "--preset=gatys"]
  yield "tf_style", ours
  if given.neural_style:
    model = output.with_name(f"{weights.network.name}.pth")
    save_for_torch(weights, model, given.neural_style)
    gpu = "0" if "GPU" in devices.choose_device("auto") else "c"
    yield (f"neural-style -num_iterations {given.iterations}",
           [str(given.neural_style.with_name("neural-style")), "-gpu", gpu, "-image_size", size,
            "-content_image", str(content), "-style_image", str(style),
            "-output_image", str(output),
            "-model_file", str(model), "-disable_check", "-num_iterations", str(given.iterations),
            "-save_iter", "0", "-print_iter", "0", "-seed", "0"])


def save_for_torch(weights: Weights, path: Path, python: Path) -> None:
  """Writes kernels and biases as torchvision names them: it counts ReLUs and pools, too."""
  arrays, index = {}, 0
  for name in weights.network.layers:
    if name in weights.kernels:
      kernel, bias = weights.kernels[name]
      arrays[f"features.{index}.weight"] = np.ascontiguousarray(np.transpose(kernel, (3, 2, 0, 1)))
      arrays[f"features.{index}.bias"] = bias
    index += 1 if name.endswith("pool") else 2
  np.savez(path.with_suffix(".npz"), **arrays)
  subprocess.run([python, "-c", _SAVE, path.with_suffix(".npz"), path], check=True)


if __name__ == "__main__":
  main()
