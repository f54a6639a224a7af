"""The page on loopback, in this process, with runs so small that they take a moment."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from made_inputs import write_picture, write_weights

from tf_style.page.server import Server
from tf_style.page.service import Service

SMALL = {"network": "vgg16", "precision": "float32", "style_loss": "gram", "levels": "2",
         "style_layers": "block1_conv1,block2_conv1", "content_layers": "block2_conv1"}


def small_service(folder: Path, **options: str) -> Service:
  """Makes a service whose runs are small and whose pictures lie in a folder."""
  write_picture(folder / "photo.png")
  write_picture(folder / "style.png", seed=2)
  write_picture(folder / "other.png", seed=3)
  weights = write_weights(folder / "vgg16.h5")
  return Service(str(folder / "logs"), {**SMALL, "weights": str(weights), **options})


@contextlib.contextmanager
def served(service: Service, folder: Path, password: str | None = None,
           host: str = "127.0.0.1") -> Iterator[Server]:
  """Serves the page, with its uploads in a folder."""
  names = {"GRADIO_ANALYTICS_ENABLED": "False", "GRADIO_TEMP_DIR": str(folder / "gradio")}
  before = {name: os.environ.get(name) for name in names}
  os.environ |= names
  (folder / "gradio").mkdir()
  server = Server(service, folder / "gradio", host=host, port=0, password=password)
  try:
    yield server
  finally:
    service.jobs.close(60)
    server.close()
    for name, value in before.items():
      if value is None:
        del os.environ[name]
      else:
        os.environ[name] = value
