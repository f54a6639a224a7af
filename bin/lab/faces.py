"""What becomes of faces with --faces, and how near the style is around them.

    python bin/lab/faces.py [--data=FOLDER] [--pairs=astronaut+style,hopper+waves] [--size=256]
                            [--ways=default,faces2:faces=2] [--landmarks=FILE] [--pictures=FOLDER]

Faces are found in the photograph, and each is compared with the photograph in its box: `landmarks`
is the mean distance of 468 points in percent of the box's side, found by FILE, which is
face_landmark.tflite of the package mediapipe 0.10.14; `edges` is the correlation of edges. vgg,
random and patches are those of `measures`, of what lies outside of all faces.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import evaluate
import numpy as np
import pairs
import tensorflow as tf
from bench_tools import show_rows, show_table
from measures import Measures, closed, edges_correlation

import tf_style
from tf_style.pictures import faces
from tf_style.pictures.faces import Face
from tf_style.vgg.extractor import Extractors
from tf_style.vgg.weights import load_weights

KINDS = ("vgg", "random", "patches")
COLUMNS = ("faces", "landmarks", "edges", *KINDS)
CROP_PX, MESH_PX = 224, 192
AROUND, MESH_AROUND = 1.2, 1.5  # sides of what is cut out, over those of the box

Row = dict[str, float]
Landmarks = Callable[[np.ndarray], np.ndarray]


def crop(picture: np.ndarray, face: Face, around: float, side: int) -> np.ndarray:
  """Cuts a square around a face out of [1, H, W, 3], enlarged to a side; borders go on."""
  height, width = picture.shape[1:3]
  reach = around * max(face.height * height, face.width * width) / 2
  middle = (face.top + face.height / 2) * height, (face.left + face.width / 2) * width
  places = [np.clip(np.linspace(each - reach, each + reach, side), 0, last - 1)
            for each, last in zip(middle, (height, width), strict=True)]
  low = [np.minimum(each.astype(int), last - 2) for each, last in zip(
      places, (height, width), strict=True)]
  down, right = (np.float32(each - begin) for each, begin in zip(places, low, strict=True))
  corner = lambda row, column: picture[:, low[0] + row][:, :, low[1] + column]
  down, right = down[:, None, None], right[:, None]
  return ((1 - down) * ((1 - right) * corner(0, 0) + right * corner(0, 1))
          + down * ((1 - right) * corner(1, 0) + right * corner(1, 1)))


def mesh_of(path: Path) -> Landmarks:
  """Returns what finds the points of a face mesh [468, 2] in a crop, in its shares."""
  model = tf.lite.Interpreter(str(path))
  model.allocate_tensors()

  def find(picture: np.ndarray) -> np.ndarray:
    model.set_tensor(model.get_input_details()[0]["index"], picture)
    model.invoke()
    points: np.ndarray = model.get_tensor(model.get_output_details()[0]["index"])
    return points.reshape(-1, 3)[:, :2] / MESH_PX

  return find


def inside(results: dict[str, np.ndarray], face: Face,
           landmarks: Landmarks | None) -> dict[str, Row]:
  """Measures a face in each result; that of the name `photo` is compared with."""
  crops = {way: crop(each, face, AROUND, CROP_PX) for way, each in results.items()}
  rows: dict[str, Row] = {way: {"edges": edges_correlation(each, crops["photo"])}
                          for way, each in crops.items()}
  if landmarks:
    points = {way: landmarks(crop(each, face, MESH_AROUND, MESH_PX))
              for way, each in results.items()}
    for way, each in points.items():
      far = np.linalg.norm(each - points["photo"], axis=-1).mean()
      rows[way]["landmarks"] = float(100 * MESH_AROUND * far)
  return rows


def outside(boxes: list[Face], size: tuple[int, int]) -> np.ndarray:
  """Returns where no face is, [H, W] bool."""
  return faces.weights(boxes, size, 0.0)[..., 0] > 0.5


def measured(results: dict[str, np.ndarray], style: np.ndarray, boxes: list[Face],
             measures: Measures, landmarks: Landmarks | None) -> dict[str, Row]:
  """Returns the columns of each result: means over the faces, and the style around them."""
  of_faces = [inside(results, face, landmarks) for face in boxes]
  where = outside(boxes, results["photo"].shape[1:3])
  wanted = measures.described(style)
  around = {way: measures.described(each, where) for way, each in results.items()}
  rows = {}
  for way in results:
    means = {column: float(np.mean([each[way][column] for each in of_faces]))
             for column in of_faces[0][way]}
    reached = closed(around[way], around["photo"], wanted)
    rows[way] = {"faces": len(boxes), **means, **{kind: reached[kind] for kind in KINDS}}
  return rows


def main() -> None:
  parser = argparse.ArgumentParser(
      description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
  parser.add_argument("--data", type=Path, help="a folder of photographs")
  parser.add_argument("--pairs", default="astronaut+style,hopper+waves")
  parser.add_argument("--size", type=int, default=256, help="longest side in pixels")
  parser.add_argument("--ways", default="default,faces2:faces=2")
  parser.add_argument("--landmarks", type=mesh_of)
  parser.add_argument("--pictures", type=Path)
  given = parser.parse_args()
  weights = load_weights("vgg19")
  network, measures = Extractors(weights), Measures(weights)
  makers = {way: evaluate.painting(flags, given.size, network)
            for way, flags in evaluate.parsed_ways(given.ways).items()}
  show_table(f"{given.size} px, {weights.network.name} {weights.checksum[:12]}",
             ["pair", "way", *COLUMNS], ())
  for pair in pairs.chosen(given.pairs):
    photo, style = (pairs.picture(name, given.size, given.data)
                    for name in (pair.content, pair.style))
    results = {"photo": photo}
    for way, make in makers.items():
      results[way] = make(pair, photo, style).picture
      if given.pictures:
        given.pictures.mkdir(parents=True, exist_ok=True)
        tf_style.save_picture(given.pictures / f"{pair.name}, {way}.png", results[way])
    rows = measured(results, style, faces.find(photo), measures, given.landmarks)
    show_rows([pair.name, way, *(evaluate.rounded(rows[way].get(column)) for column in COLUMNS)]
              for way in makers)


if __name__ == "__main__":
  main()
