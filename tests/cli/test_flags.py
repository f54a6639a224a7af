"""The command line as text: each field has its flag, what is given wins, the help is readable."""

import dataclasses
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tf_style.cli import command_line, flag_files, flags
from tf_style.cli.jobs import Job
from tf_style.errors import InputError
from tf_style.problem.inputs import Inputs
from tf_style.settings.config import Config
from tf_style.settings.presets import EFFORTS, PRESETS, STATISTICS_EFFORTS

PICTURES = ["--content=a.jpg", "--style=b.jpg"]


def parsed(*argv: str) -> Config:
  return command_line.parse([*PICTURES, *argv]).config


def test_defaults():
  assert command_line.parse(PICTURES) == Job(
      Config.of(), Inputs("a.jpg", ("b.jpg",)), output=None, logdir="logs", verbosity=0)


def test_every_field_has_a_flag_with_a_help_text():
  made = {flag.name: flag for flag in flags.config_flags()}
  assert list(made) == [field.name for field in dataclasses.fields(Config)]
  assert all(flag.text and flag.group and flag.values for flag in made.values())


@pytest.mark.parametrize("argv", [
    ["--steps=7"], ["--steps", "7"], ["-steps=7"], ["--steps=3", "--steps=7"]])
def test_forms_of_a_flag(argv):
  assert parsed(*argv).steps == 7


@pytest.mark.parametrize("preset", PRESETS)
def test_an_explicit_flag_beats_a_preset_and_a_preset_beats_the_effort(preset):
  config = parsed(f"--preset={preset}", "--effort=draft", "--content_weight=0.5")
  assert config.content_weight == 0.5
  efforts = STATISTICS_EFFORTS if preset == "statistics" else EFFORTS
  assert config.steps == PRESETS[preset].get("steps", efforts["draft"]["steps"])
  assert parsed(f"--preset={preset}", "--steps=9").steps == 9


def test_the_flags_of_a_configuration_give_it_back():
  config = Config.of(preset="gatys", style_layers="block1_conv1,block3_conv1", tv_weight=1e-7,
                     level_steps=(3, 4), image_size="original", network="vgg16")
  assert parsed(*config.as_flags()) == config


@given(weight=st.floats(0, 1e30), steps=st.integers(1, 10**6), seed=st.integers(0, 2**31 - 1),
       rate=st.floats(1e-30, 10))
def test_numbers_survive_being_written(weight, steps, seed, rate):
  config = Config.of(content_weight=weight, steps=steps, seed=seed, learning_rate=rate)
  assert parsed(*config.as_flags()) == config


def test_init_image_implies_init():
  job = command_line.parse([*PICTURES, "--init_image=start.png"])
  assert (job.config.init, job.inputs.init_image) == ("image", "start.png")


def test_a_style_may_be_given_again():
  assert command_line.parse([*PICTURES, "--style=c.jpg"]).inputs.styles == ("b.jpg", "c.jpg")


def test_home_is_understood(monkeypatch):
  monkeypatch.setenv("HOME", "/home/ada")
  job = command_line.parse(["--content=~/a.jpg", "--style=b.jpg"])
  assert job.inputs.content == "/home/ada/a.jpg"


def test_flag_files(tmp_path):
  (tmp_path / "inner.txt").write_text("--seed=5\n")
  (tmp_path / "flags.txt").write_text(
      f"# a comment\n\n--steps=7\n--content=a picture.jpg\n--flagfile={tmp_path}/inner.txt\n")
  job = command_line.parse([*PICTURES, f"--flagfile={tmp_path}/flags.txt", "--seed=6"])
  assert (job.config.steps, job.config.seed, job.inputs.content) == (7, 6, "a.jpg")


def test_styles_beside_a_flag_file_replace_those_in_it(tmp_path):
  (tmp_path / "flags.txt").write_text(
      "--style=c.jpg\n--style=d.jpg\n--style_mask=m.png\n--seed=4\n")
  job = command_line.parse(["--content=a.jpg", "--flagfile", f"{tmp_path}/flags.txt"])
  assert (job.inputs.styles, job.inputs.style_masks) == (("c.jpg", "d.jpg"), ("m.png",))
  assert job.config.seed == 4
  job = command_line.parse([*PICTURES, f"--flagfile={tmp_path}/flags.txt"])
  assert (job.inputs.styles, job.inputs.style_masks) == (("b.jpg",), ("m.png",))


@pytest.mark.parametrize("content", [
    b"\xef\xbb\xbf--steps=7\r\n--content=c.jpg\r\n",
    b'--steps="7"\n--content="c.jpg"\n', b"--steps='7'\n// more\n  --content='c.jpg'  \n# end"])
def test_flag_files_as_editors_write_them(content, tmp_path):
  """With a byte-order mark, with the line ends of Windows, with quotes, with comments."""
  (tmp_path / "flags.txt").write_bytes(content)
  job = command_line.parse([f"--flagfile={tmp_path}/flags.txt", "--style=b.jpg"])
  assert (job.config.steps, job.inputs.content) == (7, "c.jpg")


@pytest.mark.parametrize(
    "path", ["a b.jpg", ' "a".jpg', '"a.jpg"', "'a'", " a.jpg ", "a=b", "é", '"'])
def test_lines_of_flag_files_read_back(path, tmp_path):
  line = flag_files.line(f"--content={path}")
  (tmp_path / "flags.txt").write_text(line + "\n", "utf-8")
  assert flag_files.expanded([f"--flagfile={tmp_path}/flags.txt"]) == [f"--content={path}"]


def test_a_flag_file_that_no_one_could_read(tmp_path):
  loop, large = tmp_path / "loop.txt", tmp_path / "large.txt"
  loop.write_text(f"--flagfile={loop}\n")
  large.write_text("# much\n" * 2**18)
  for argv, message in (
      ([f"--flagfile={loop}"], "expected a file that does not include itself"),
      ([f"--flagfile={large}"], "expected a text file of flags, received .*larger than"),
      (["--flagfile=/dev/zero"], "expected a text file of flags, received /dev/zero, which is"),
      (["--flagfile"], "expected the path of a text file of flags, received none")):
    with pytest.raises(InputError, match=f"^--flagfile: {message}"):
      command_line.parse(argv)


@pytest.mark.parametrize("flag, value", [
    ("--deterministic", True), ("--nodeterministic", False), ("--deterministic=TRUE", True),
    ("--deterministic=no", False), ("-deterministic=0", False), ("--deterministic=Yes", True),
    ("--deterministic=f", False)])
def test_boolean_flags(flag, value):
  config = parsed(flag, "--seed=3")
  assert (config.deterministic, config.seed) == (value, 3)
  assert parsed(f"--deterministic={not value}", flag).deterministic == value


@pytest.mark.parametrize("argv, message", [
    (["--deterministic=maybe"], "--deterministic: expected true or false, received maybe"),
    (["--deterministic="], "--deterministic: expected true or false, received "),
    (["--nodeterministic=true"], "--nodeterministic=true does not take an argument"),
    (["--deterministic", "true"], "expected flags alone, such as --content=FILE, received 'true'"),
    (["--nosteps"], "--nosteps: expected a flag such as --steps")])
def test_boolean_flags_that_are_wrong(argv, message):
  with pytest.raises(InputError) as error:
    parsed(*argv)
  assert str(error.value).startswith(message)


@pytest.mark.parametrize("name, near", [
    ("stpes", "--steps"), ("image-size", "--image_size"), ("contentweight", "--content_weight"),
    ("optimiser", "--optimizer"), ("log_dir", "--logdir"), ("helpfull", "--help")])
def test_an_unknown_flag_is_answered_with_the_nearest(name, near):
  with pytest.raises(InputError, match=rf"^--{name}: expected a flag such as .*{near}"):
    parsed(f"--{name}=1")


def test_a_flag_far_from_all_points_to_the_help():
  with pytest.raises(InputError, match=r"^--zzz: expected a flag \(--help lists them\)"):
    parsed("--zzz")


@pytest.mark.parametrize("form", ["--help", "-help", "-h"])
def test_help(form, capsys):
  with pytest.raises(SystemExit) as end:
    command_line.parse(["--steps=nonsense", form])
  out, err = capsys.readouterr()
  assert (end.value.code, err) == (0, "")
  for flag in flags.config_flags():
    head = f"--[no]{flag.name}" if flag.boolean else f"--{flag.name}={flag.values}"
    assert f"\n  {head}" in out
  groups = [line for line in out.splitlines() if line.endswith(":") and not line.startswith(" ")]
  assert groups[:2] == ["The job:", "The look:"]


@pytest.mark.parametrize("columns, width", [("20", 80), ("90", 90), ("300", 100)])
def test_the_help_is_wrapped_to_the_terminal(columns, width, monkeypatch, capsys):
  monkeypatch.setenv("COLUMNS", columns)
  with pytest.raises(SystemExit):
    command_line.parse(["--help"])
  body = capsys.readouterr().out.partition("The job:")[2].splitlines()
  assert width - 15 < max(map(len, body)) <= width


def test_version(capsys):
  with pytest.raises(SystemExit) as end:
    command_line.parse(["--version"])
  assert end.value.code == 0 and capsys.readouterr().out == "tf_style 0.1.0\n"


def test_a_reader_may_leave_before_the_help_ends():
  command = f"PYTHONUNBUFFERED=1 {sys.executable} -m tf_style --help | head -1"
  done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True,
                        text=True, check=True)
  assert done.stdout.count("\n") == 1 and done.stderr == ""
