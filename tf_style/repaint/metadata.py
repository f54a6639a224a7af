"""What is written of a run's origin: configuration, versions, weights, losses."""

import math
import os
from typing import TYPE_CHECKING, Any

from tf_style.system import machine

if TYPE_CHECKING:
  from tf_style.repaint.plan import Plan


def picture_metadata(plan: "Plan", losses: dict[str, float]) -> dict[str, Any]:
  """Returns what a picture file says of its making: no paths, for pictures are passed on."""
  return {**origin(plan), "losses": plain(losses)}


def origin(plan: "Plan") -> dict[str, Any]:
  """Returns configuration, versions and weights of a run, fit for JSON."""
  config = plan.config.as_dict()
  return {
      "configuration": config | {"weights": os.path.basename(config["weights"])},
      "versions": machine.versions(),
      "weights": {"source": plan.weights.source, "checksum": plan.weights.checksum,
                  "licence": plan.weights.licence}}


def plain(losses: dict[str, float]) -> dict[str, float | str]:
  """Returns losses for JSON, which has no infinities: they become texts."""
  return {name: value if math.isfinite(value) else str(value) for name, value in losses.items()}
