"""JPEGs that were cut short, and those with several pictures."""

import io

import numpy as np
import pytest
from made_inputs import waves
from PIL import Image

from tf_style.errors import ImageError
from tf_style.pictures import images

FORMS = {"baseline": {}, "progressive": {"progressive": True},
         "restarts": {"restart_marker_rows": 2}, "sharp": {"quality": 95, "subsampling": 0}}


def encoded(height: int = 240, width: int = 320, **options) -> bytes:
  file = io.BytesIO()
  Image.fromarray(waves(height, width, 1)).save(file, "JPEG", **options)
  return file.getvalue()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("cut", [1, 2, 10, 60])
def test_a_jpeg_without_its_last_bytes_is_taken_with_a_note(form, cut, tmp_path):
  data = encoded(**FORMS[form])
  whole = images.load_picture(data)
  path = tmp_path / "photo.jpg"
  path.write_bytes(data[:-cut])
  picture = images.load_picture(path)
  note, = picture.notes
  assert note.startswith("photo.jpg is cut short: less than ")
  assert note.endswith(" % of the picture is missing") and int(note.split()[6]) <= 6
  assert np.abs(picture.rgb - whole.rgb).mean() < 0.01
  if cut <= 2:  # the end marker alone
    np.testing.assert_array_equal(picture.rgb, whole.rgb)
  small = images.load_picture(path, 40)
  assert small.rgb.shape == (1, 30, 40, 3) and small.notes == picture.notes


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("share", [0.9, 0.5, 0.2])
@pytest.mark.parametrize("size", [(240, 320), (1200, 1600)])
def test_a_jpeg_that_lacks_more_is_refused(form, share, size):
  data = encoded(*size, **FORMS[form])
  for longest in (None, 60):
    with pytest.raises(ImageError, match=r"image file is truncated\)$"):
      images.load_picture(data[:int(len(data) * share)], longest)


def test_of_several_pictures_the_first_is_taken_without_a_note():
  """MPO, as cameras write it for previews and for depth."""
  first, second = (Image.fromarray(waves(60, 80, seed)) for seed in (1, 2))
  file = io.BytesIO()
  first.save(file, "MPO", save_all=True, append_images=[second], quality=95)
  picture = images.load_picture(file)
  assert picture.notes == () and np.abs(picture.rgb[0] * 255 - np.asarray(first)).mean() < 8
