"""Measures what watching costs a run of the studio: previews, curve and reports.

    python bin/lab/studio_cost.py

Prints, for some sizes, the share of a run's seconds that goes to the page; what any run writes
(events, checkpoints) is left out.
"""

import json
import tempfile
from unittest import mock

from bench_tools import timed

from tf_style.cli.run_folder import RunFolder
from tf_style.page import repainting
from tf_style.page.places import SAMPLES
from tf_style.page.service import Service

SIZES, STEPS, RUNS = (128, 256, 384), 60, 2


def main() -> None:
  watching: list[float] = []
  writing: list[float] = []
  with (tempfile.TemporaryDirectory() as folder,
        mock.patch.object(repainting._Watcher, "on_step",
                          timed(repainting._Watcher.on_step, watching)),
        mock.patch.object(RunFolder, "on_step", timed(RunFolder.on_step, writing))):
    service = Service(folder)
    for size in SIZES:
      for number in range(RUNS):
        watching.clear()
        writing.clear()
        job = service.paint({
            "content": str(SAMPLES / "photo.jpg"), "style": [str(SAMPLES / "style.jpg")],
            "image_size": str(size), "steps": str(STEPS)})
        job.wait(3600)
        summary = json.loads((service.places.run(job.report.run) / "summary.json").read_text())
        seconds = summary["seconds"]
        share = (sum(watching) - sum(writing)) / seconds
        print(f"{size} pixels, run {number + 1}: {100 * share:.2f} % of {seconds:.1f} s, "
              f"{job.previews} previews")


if __name__ == "__main__":
  main()
