"""Entry point of `tf-style` and `python -m tf_style`: `tf-style [run|gallery|export|board] FLAGS`."""

import sys

from tf_style.cli.launch import launch

COMMANDS = ("run", "gallery", "export", "board")


def cli() -> None:
  """Runs the command that the first word names, or `run` where it names none."""
  words = sys.argv[1:]
  if words and words[0] in COMMANDS:
    launch(words[0], words[1:])
  launch("run", words)


if __name__ == "__main__":
  cli()
