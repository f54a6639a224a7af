"""Operations of a step as traced: each of them delays the first step and, on a GPU, every step."""

import collections
from collections.abc import Iterator
from typing import Any

from bench_tools import Bench, OneLevel, sample_pair, show_table

from tf_style.settings.config import Config

# These compute nothing: constants, reads of variables, and what hands tensors on.
_LEFT_OUT = {"Const", "ReadVariableOp", "Placeholder", "Identity", "IdentityN", "NoOp"}
_STEPS = {"default, L-BFGS": {"optimizer": "lbfgs"}, "default, Adam": {"optimizer": "adam"},
          "statistics, L-BFGS": {"preset": "statistics", "optimizer": "lbfgs"},
          "gatys, Adam": {"preset": "gatys", "optimizer": "adam"}}


def measure(bench: Bench) -> dict[str, Any]:
  """Counts and prints all of this section, and returns it for JSON."""
  found = {name: counts(bench, **options) for name, options in _STEPS.items()}
  show_table(f"Operations of a step, {bench.weights.network.name}", ["step", "operations"],
             [(name, sum(each.values())) for name, each in found.items()])
  first = next(iter(found))
  show_table(f"By kind: {first}", ["kind", "operations"],
             collections.Counter(found[first]).most_common(20))
  return found


def counts(bench: Bench, **options: Any) -> dict[str, int]:
  """Returns how many operations of each kind the graph of a step has, both branches of each
  condition included."""
  config = Config.of(network=bench.weights.network.name, precision=bench.precision, tile_size=0,
                     **options)
  content, style = sample_pair(48, 64)
  graph = OneLevel(bench.weights, config, content, style).descent.step_graph()
  assert graph is not None
  definition = graph.as_graph_def()
  functions = {each.signature.name: each.node_def for each in definition.library.function}
  return dict(collections.Counter(_kinds(definition.node, functions)))


def _kinds(nodes: Any, functions: dict[str, Any]) -> Iterator[str]:
  for node in nodes:
    if node.op not in _LEFT_OUT:
      yield node.op
    for attribute in node.attr.values():
      for called in (attribute.func, *attribute.list.func):
        yield from _kinds(functions.get(called.name, ()), functions)
