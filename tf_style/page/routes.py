"""The files that the page gives out by itself: pictures of its jobs, photographs, masks."""

import io
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tf_style.errors import InputError
from tf_style.page.service import Service
from tf_style.pictures import images
from tf_style.pictures.load import load_picture

_TYPES = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp", "tif": "image/tiff"}
_BESIDE_PX = 1600


def make_routes(service: Service) -> list[BaseRoute]:
  """Returns the routes; each name is that of a job or a run, never a path."""
  def route(kind: str, answer: Callable[[Service, str, str], Response]) -> Route:
    async def endpoint(request: Request) -> Response:
      name, _, ending = request.path_params["name"].rpartition(".")
      try:
        return await run_in_threadpool(answer, service, name, ending)
      except (InputError, OSError, KeyError):
        return Response("there is no such picture", 404)

    return Route(f"/{kind}/{{name}}", endpoint)

  return [route("picture", _picture), route("photograph", _photograph), route("mask", _mask)]


def _picture(service: Service, name: str, ending: str) -> Response:
  """Answers with the picture of a job, in any format, with what the PNG says of its making."""
  job = service.jobs.find(name)
  if job is None or job.report.picture is None or ending not in _TYPES:
    raise KeyError(name)
  path = job.report.picture
  data = path.read_bytes() if ending == "png" else converted(path, ending)
  run = job.report.run or "picture"
  return Response(data, media_type=_TYPES[ending], headers={
      "content-disposition": f'inline; filename="{run}.{ending}"', "cache-control": "no-cache"})


def converted(path: Path, ending: str) -> bytes:
  """Returns a PNG of ours in another format, with the same metadata."""
  picture = load_picture(path)
  with Image.open(path) as image:
    text = image.info.get("Description", "") or getattr(image, "text", {}).get("Description", "")
  with tempfile.TemporaryDirectory() as folder:
    made = images.save_picture(Path(folder) / f"picture.{ending}", picture.rgb, picture.alpha,
                               json.loads(text) if text else None)
    return made.read_bytes()


def _photograph(service: Service, name: str, ending: str) -> Response:
  """Answers with the photograph of a job, of the shape of its picture."""
  job = service.jobs.find(name)
  if job is None or ending != "jpg":
    raise KeyError(name)
  rgb = load_picture(job.given["content"], _BESIDE_PX).rgb
  file = io.BytesIO()
  Image.fromarray(np.asarray(images.to_uint8(rgb))).save(file, "JPEG", quality=88)
  return Response(file.getvalue(), media_type="image/jpeg")


def _mask(service: Service, name: str, ending: str) -> Response:
  job = service.jobs.find(name)
  if job is None or ending != "png":
    raise KeyError(name)
  return Response(Path(job.given["content_mask"]).read_bytes(), media_type="image/png")
