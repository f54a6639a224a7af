"""Pictures in and out: the names of this folder that the rest of the package uses."""

from tf_style.pictures.encode import (
  check_output_name,
  check_output_size,
  encoded,
  save_picture,
  to_uint8,
)
from tf_style.pictures.load import (
  MAX_PIXELS,
  Picture,
  Source,
  load_picture,
  pictures_of,
  probe_size,
)
from tf_style.pictures.resize import fitted_size, resize

__all__ = ["MAX_PIXELS", "Picture", "Source", "check_output_name", "check_output_size", "encoded",
           "fitted_size", "load_picture", "pictures_of", "probe_size", "resize", "save_picture",
           "to_uint8"]
