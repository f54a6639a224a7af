"""The network of a learned style as a TFLite file, for telephones, checked against itself."""

import os
import tempfile
from pathlib import Path

import numpy as np
import tensorflow as tf

from tf_style.errors import InputError, expected
from tf_style.learned.folder import endpoint, in_float32, write_saved_model
from tf_style.learned.network import Network
from tf_style.system.files import write_atomically

_LARGEST_DIFFERENCE = 2.0 / 255  # mean, of colors in [0, 1]


def write_lite(path: str | os.PathLike[str], network: Network, picture: np.ndarray) -> float:
  """Writes a network with weights in float16, after a check of what it paints.

  Like the SavedModel it takes uint8 pictures, and shares where there are several styles, and gives
  uint8 and float32; sides must be multiples of 4 pixels.

  Args:
    path: of the file.
    network: in float32 or bfloat16; features are float32 in the file.
    picture: [1, H, W, 3] uint8, to check it with.
  Returns:
    The mean difference to the network, of colors in [0, 1].
  Raises:
    InputError: TensorFlow cannot convert it, or it paints another picture.
    OSError: from the system.
  """
  data = converted(network)
  function, specs = endpoint(in_float32(network), any_size=False)
  shares = [tf.fill([1, network.shape.styles], 1 / network.shape.styles)] * (len(specs) - 1)
  wanted = function(tf.constant(picture), *shares)["picture"].numpy()
  found = painted_by(data, picture, [share.numpy() for share in shares])
  difference = float(np.abs(found - wanted).mean())
  if not difference <= _LARGEST_DIFFERENCE:
    raise InputError("--format: " + expected(
        "a TFLite file that paints as the network does", f"one that is {difference:.3g} off"))
  write_atomically(path, lambda aside: Path(aside).write_bytes(data))
  return difference


def converted(network: Network) -> bytes:
  """Returns the TFLite file of a network; of a graph alone its variables would be missing.

  Raises:
    InputError: TensorFlow cannot convert it.
  """
  try:
    with tempfile.TemporaryDirectory() as folder:
      write_saved_model(Path(folder), network, any_size=False)
      converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=["paint"])
      converter.optimizations = [tf.lite.Optimize.DEFAULT]
      converter.target_spec.supported_types = [tf.float16]
      data: bytes = converter.convert()
  except Exception as error:  # what it raises depends on what it cannot convert
    raise InputError("--format: " + expected(
        "a TensorFlow that converts to tflite", str(error).partition("\n")[0])) from error
  return data


def painted_by(data: bytes, picture: np.ndarray, shares: list[np.ndarray]) -> np.ndarray:
  """Returns what a TFLite file paints, [1, H, W, 3] float32.

  Args:
    data: of the file.
    picture: [1, H, W, 3] uint8.
    shares: of the styles [1, S], in a list; empty where there is one.
  """
  interpreter = tf.lite.Interpreter(model_content=data)
  for detail in interpreter.get_input_details():
    is_picture = detail["dtype"] == np.uint8
    interpreter.resize_tensor_input(
        detail["index"], picture.shape if is_picture else shares[0].shape)
  interpreter.allocate_tensors()
  for detail in interpreter.get_input_details():
    value = picture if detail["dtype"] == np.uint8 else shares[0]
    interpreter.set_tensor(detail["index"], value)
  interpreter.invoke()
  outputs = [each for each in interpreter.get_output_details() if each["dtype"] == np.float32]
  found: np.ndarray = interpreter.get_tensor(outputs[0]["index"])
  return found
