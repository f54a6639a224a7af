"""The command that learns a style once, for any number of pictures."""

import sys

from tf_style.cli.launch import launch

if __name__ == "__main__":
  launch("learn", sys.argv[1:])  # and exits: before the imports below, which take a while

import shlex
from collections.abc import Sequence

from tf_style.cli import console, flags, lessons
from tf_style.cli.learning import LearnWatchers
from tf_style.errors import WorkerLost, one_line
from tf_style.learned.settings import LearnConfig
from tf_style.system import machine
from tf_style.system.signals import Signals

INTRO = """\
Learns a style: a small network that repaints any picture in an instant (Johnson et al. 2016).

  tf-style learn --style=painting.jpg --photos=FOLDER --output=models/painting
  tf-style learn --style=one.jpg --style=two.jpg --photos=FOLDER --output=models/both --effort=best
  tf-style learn --resume=logs/RUN

  tf-style --model=models/painting --content=photo.jpg

Photographs are any pictures of the kind that it shall paint. Some are held out, and the network
that paints them best is kept. Ctrl-C ends the training with the best one so far."""

FILES = (
    flags.Flag("style", "FILE|FOLDER", "The job",
               "the picture to learn from; given again, one network learns several",
               repeated=True),
    flags.Flag("photos", "FOLDER", "The job",
               "photographs to train on (default: the samples of this package)"),
    flags.Flag("output", "FOLDER", "The job",
               "where to write the learned style: a new or an empty folder"),
    flags.Flag("logdir", "FOLDER", "The job",
               "each training makes a folder in it, with events for TensorBoard, checkpoints, a "
               "summary and the flags (default: logs)"),
    flags.Flag("resume", "FOLDER", "The job",
               "go on with a training from the last checkpoint in its folder, such as logs/RUN"),
    flags.Flag("verbosity", "-1|0|1", "The job",
               "-1: no progress bar; 1: TensorFlow's own messages too (default: 0)"))


def main(argv: Sequence[str]) -> int:
  """Runs the command and returns its exit code, 2 for a wrong input, which leaves nothing behind.

  It is 130 after SIGINT, 143 after SIGTERM and 129 after SIGHUP, with the best network written if
  there was a step.

  Args:
    argv: the command line without the program's name.
  """
  return console.stoppable(lambda signals: _run(argv, signals))


def known() -> list[flags.Flag]:
  """Returns the flags of this command."""
  return [*FILES, *flags.config_flags(LearnConfig)]


def _run(argv: Sequence[str], signals: Signals) -> None:
  job = lessons.job_of(flags.read(argv, known(), INTRO))
  console.show_log(job.verbosity)
  lessons.check(job)
  machine.start_tensorflow(verbose=job.verbosity > 0, keras=True)
  from tf_style.learned.learning import learn_style

  if job.place.rank:
    _follow(job, signals)
    return
  watchers = LearnWatchers(job, signals, one_line(shlex.join(["tf-style", "learn", *argv])))
  try:
    style = learn_style(
        list(job.styles), job.photos, job.config, on_lesson=watchers.begin,
        on_step=watchers.on_step, on_state=watchers.on_state, resume=job.resume)
  except KeyboardInterrupt:
    watchers.discard()
    raise
  except WorkerLost as error:
    raise WorkerLost(f"{error}; {watchers.to_go_on()}") from error
  finally:
    watchers.close()
  console.show_log(-1)  # TensorFlow has much to say on saving
  style.save(job.output)
  watchers.finish(style.record)
  console.answer(job.output)


def _follow(job: lessons.LearnJob, signals: Signals) -> None:
  """Trains beside the process that writes."""
  from tf_style.learned.learning import learn_style

  console.say(f"process {job.place.rank + 1} of {job.place.processes}: the first one writes")
  learn_style(list(job.styles), job.photos, job.config,
              on_step=lambda step: bool(signals.received), resume=job.resume)
