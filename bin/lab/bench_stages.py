"""A run in a process of its own that tells when it reached which stage, and its memory by then.

Started by `bench_startup` and `bench_memory` as `bench_stages.py SPAWNED STEPS GRAFT FLAGS...`: the
time of its start, the steps after which it stops, 1 to graft VGG19, and flags of tf-style. Prints
JSON.
"""

import json
import sys
import time
from typing import Any

STAGES: dict[str, list[float]] = {}


def mark(stage: str) -> None:
  """Notes seconds since the process was started, and its peak of memory in bytes so far."""
  STAGES[stage] = [time.time() - float(sys.argv[1]), 0.0]
  from tf_style.system import memory
  STAGES[stage][1] = memory.peak_memory()


def main() -> None:
  mark("interpreter")
  steps, grafts = int(sys.argv[2]), sys.argv[3] == "1"
  from tf_style import run
  from tf_style.cli import command_line
  from tf_style.system import machine
  job = command_line.parse(sys.argv[4:])
  run.check_files(job)
  mark("flags and pictures' sizes")
  machine.start_tensorflow()
  mark("import of TensorFlow")
  from tf_style.descent.loop import Descent
  from tf_style.repaint import painter, plan
  from tf_style.vgg.weights import graft_vgg19
  mark("import of the package")
  load, evaluate_with = plan.load_weights, Descent.evaluate_with

  def load_and_mark(*arguments: Any) -> Any:
    mark("pictures")
    weights = load(*arguments)
    if grafts and weights.network.name == "vgg16":
      weights = graft_vgg19(weights)
    mark("weights")
    return weights

  def mark_and_evaluate(*arguments: Any) -> None:
    if "targets" not in STAGES:
      mark("targets")
    evaluate_with(*arguments)

  def on_step(step: Any) -> bool:
    if step.number == 1:
      mark("first step, with its graph")
    return step.number >= steps

  plan.load_weights, Descent.evaluate_with = load_and_mark, mark_and_evaluate
  painter.stylize(job.inputs.content, job.inputs.styles, job.config,
                  on_plan=lambda _: mark("plan"), on_step=on_step)
  mark("last look")
  print(json.dumps(STAGES))


if __name__ == "__main__":
  main()
