"""Peak of memory of runs at one size, each in a process of its own."""

from typing import Any

from bench_startup import run_stages
from bench_tools import Bench, show_table

IMPORTED = "import of TensorFlow"


def measure(bench: Bench) -> dict[str, Any]:
  """Measures and prints all of this section, and returns it for JSON."""
  longest = 64 if bench.quick else 512
  runs = [("vgg16", "adam")] if bench.quick else [
      ("vgg16", "adam"), ("vgg19", "adam"), ("vgg19", "lbfgs")]
  found: dict[str, Any] = {}
  for network, optimizer in runs:
    stages = run_stages(2, network == "vgg19", f"--image_size={longest}", "--levels=1",
                        f"--optimizer={optimizer}", f"--network={network}")
    found[f"{network}, {optimizer}"] = {
        "imported": stages[IMPORTED][1], "first_step": stages["first step, with its graph"][1],
        "peak": stages["last look"][1]}
  show_table(f"Peak of memory in GB, {longest} px longest side, sample pair, one size, "
             f"{bench.precision}",
             ["run", "TensorFlow imported", "after the first step", "at the end"],
             [[name, *(f"{value / 1e9:.2f}" for value in each.values())]
              for name, each in found.items()])
  return found
