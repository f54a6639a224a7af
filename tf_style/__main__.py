"""Entry point of `tf-style`, `python -m tf_style` and `python -m tf_style.run`: light, for it comes first."""

import signal
import sys


def cli() -> None:
  """Runs the main command; SIGINT while modules are loaded, or after the end, gives no traceback."""
  signal.signal(signal.SIGINT, signal.SIG_DFL)
  from tf_style.run import main
  sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
  cli()
