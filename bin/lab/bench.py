"""Measures what the README says of speed: prints Markdown tables and writes the same as JSON."""

import argparse
import importlib
import json
import os
import platform
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tf_style.system import devices, machine

SECTIONS = ("operations", "steps", "convergence", "startup", "memory", "watching")
LARGE = ("tiles", "folders", "workers")  # take long, or need Ray: only where they are named


def main(argv: Sequence[str] | None = None) -> None:
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument("sections", nargs="*", choices=[*SECTIONS, *LARGE, []], metavar="section",
                      help=f"what to measure; default: {', '.join(SECTIONS)}; others: "
                      f"{', '.join(LARGE)}")
  parser.add_argument("--data", type=Path, metavar="FOLDER",
                      help="where pictures of --pairs may be, too")
  parser.add_argument("--pairs", type=lambda text: text.split(","), default=[], metavar="A+B,C+D",
                      help="content and style, named without endings, of the package's samples, of "
                      "--data or of skimage.data; default: five pairs that everyone has, and with "
                      "--data tubingen+starry_night and golden_gate+the_scream first")
  parser.add_argument("--ways", type=lambda text: text.split(";"), default=[], metavar="WAY;WAY",
                      help="of 'convergence', as the table names them; default: all")
  parser.add_argument("--size", type=int, default=256,
                      help="longest side in 'convergence'; default: 256")
  parser.add_argument("--rounds", type=int, default=5, help="of timing in turns; default: 5")
  parser.add_argument("--json", type=Path, default=Path("logs/bench.json"),
                      help="default: logs/bench.json")
  parser.add_argument("--plot", type=Path,
                      help="write a plot of the first pair of 'convergence' here")
  parser.add_argument("--quick", action="store_true",
                      help="tiny sizes and counts: shows that all runs")
  arguments = parser.parse_args(argv)

  tf = machine.start_tensorflow()
  from bench_tools import Bench

  from tf_style.vgg.weights import load_weights
  weights = load_weights("vgg19")
  device = devices.choose_device("auto")
  precision = devices.fast_precision(device)
  found = {"network": weights.network.name, "checksum": weights.checksum,
           "tensorflow": tf.__version__,
           "processor": processor(), "cores": os.cpu_count(), "device": device_name(tf, device),
           "precision": precision, "quick": arguments.quick}

  def keep(section: str, values: Any) -> None:
    found[section] = values
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(found, indent=1) + "\n")

  quick = arguments.quick
  bench = Bench(weights, precision, quick, data=arguments.data, pairs=arguments.pairs,
                rounds=1 if quick else arguments.rounds, size=64 if quick else arguments.size,
                ways=arguments.ways, keep=keep)
  print(f"{found['network']}, weights SHA-256 {weights.checksum[:12]}, "
        f"TensorFlow {tf.__version__}, {found['processor']}, {found['cores']} cores, "
        f"on {found['device']}, auto takes {precision}", flush=True)
  for section in arguments.sections or SECTIONS:
    keep(section, importlib.import_module(f"bench_{section}").measure(bench))
  if arguments.plot and "convergence" in found:
    from bench_plot import plot
    plot(found["convergence"], arguments.plot)


def device_name(tf: Any, device: str) -> str:
  """Returns what a GPU is called, or CPU."""
  if "GPU" not in device:
    return "CPU"
  gpu = tf.config.list_physical_devices("GPU")[0]
  return tf.config.experimental.get_device_details(gpu).get("device_name", "GPU")


def processor() -> str:
  """Returns the processor's name."""
  try:
    match = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
  except OSError:
    match = None
  return match[1].strip() if match else platform.processor() or platform.machine()


if __name__ == "__main__":
  main()
