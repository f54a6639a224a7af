"""Entry point of `tf-style` and `python -m tf_style`, which run one of the commands."""

import sys

from tf_style.cli.launch import launch, refuse

COMMANDS = ("run", "learn", "gallery", "export", "board", "studio")


def cli() -> None:
  """Runs the command that the first word names, or `run` where the first word is a flag."""
  words = sys.argv[1:]
  if not words or words[0].startswith("-"):
    launch("run", words)
  elif words[0] in COMMANDS:
    launch(words[0], words[1:])
  else:
    refuse(f"a command ({', '.join(COMMANDS)}) or flags such as --content=FILE", words[0])


if __name__ == "__main__":
  cli()
