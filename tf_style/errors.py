"""The exceptions a user can meet. Each message is one line: what was expected, what was received."""


class InputError(ValueError):
  """Something the user gave is wrong; the commands print it on one line and exit with code 2."""

  def __init__(self, message: str):
    super().__init__(one_line(message))


class ImageError(InputError):
  """A picture file cannot be read, is not a picture, or breaks a limit."""


class WeightsError(InputError):
  """Pretrained weights are missing, damaged, or made for another network."""


class OutputError(InputError):
  """A result cannot be written where the user asked for it."""


def one_line(text: object) -> str:
  """Returns `text` as one printable line: newlines, control and undecodable characters are escaped."""
  return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode()
                 for c in str(text))


def expected(what: str, received: object) -> str:
  """Words every message alike: 'expected <what>, received <received>'."""
  return f"expected {what}, received {one_line(received)}"
