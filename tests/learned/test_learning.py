"""Learning: the loss falls, the best network is kept, a resumed training ends as a whole one."""

import numpy as np
import pytest
import tensorflow as tf
from made_inputs import waves
from made_styles import learn, tiny, write_photographs

from tf_style.errors import InputError
from tf_style.learned import checkpoints
from tf_style.learned.learning import learn_style, make_batches
from tf_style.learned.network import Network, Shape
from tf_style.learned.plan import make_lesson
from tf_style.learned.training import Trainer

STYLE = waves(72, 64, 9)


def weights(style) -> list[np.ndarray]:
  return [variable.numpy() for variable in style.network.variables]


def test_the_loss_falls_and_the_best_network_is_kept(tmp_path):
  steps = []
  style = learn_style(STYLE, write_photographs(tmp_path / "photos"), tiny(steps=12),
                      on_step=lambda step: steps.append(step))
  assert steps[-1].number == steps[-1].steps == 12
  assert steps[0].names[0] == "content/block4_conv2" and steps[0].raw.shape[1] == 6
  losses = dict(style.record.losses)
  assert list(losses) == [0, 2, 4, 6, 8, 10, 12]
  assert style.record.loss == min(losses.values()) < 0.8 * losses[0]
  assert losses[style.record.steps] == style.record.loss
  assert steps[-1].best_loss == style.record.loss
  assert style.record.photographs == 3 and style.example.shape == (1, 64, 2 * 64, 3)
  lesson = make_lesson(STYLE, tmp_path / "photos", tiny(steps=12))
  painted = style(lesson.held_out[0])
  found = make_batches(lesson).value(
      tf.constant(painted), tf.constant(lesson.held_out, tf.float32) / 255, 0)
  assert float(found.total) == pytest.approx(style.record.loss, rel=1e-3)


def test_gradients_by_the_weights_are_right(tmp_path):
  """Along the gradient the loss changes as fast as the gradient is long."""
  lesson = make_lesson(STYLE, write_photographs(tmp_path / "photos"), tiny())
  network, batches = Network(Shape(8, 1, 1)), make_batches(lesson)
  trainer = Trainer(network, batches, lesson.crops, lesson.config)
  contents = tf.constant(lesson.crops.at(0), tf.float32) / 255
  values = [variable.value for variable in network.variables]
  with tf.GradientTape() as tape:
    pictures = trainer._painted(contents, 0)
  terms, by_pictures = batches.value_and_gradient(pictures, contents, 0)
  gradients = tape.gradient(pictures, values, output_gradients=by_pictures)
  length = float(tf.linalg.global_norm(gradients))
  step = 1e-3
  for variable, gradient in zip(network.variables, gradients, strict=True):
    variable.assign_sub(step / length * gradient)
  moved = batches.value(trainer._painted(contents, 0), contents, 0)
  assert float(terms.total - moved.total) == pytest.approx(step * length, rel=0.1)


def test_a_true_value_ends_the_training_with_the_best_network(tmp_path):
  style = learn_style(STYLE, write_photographs(tmp_path / "photos"), tiny(steps=50),
                      on_step=lambda step: step.number >= 3)
  assert style.record.losses[-1][0] <= 5
  assert style(waves(40, 48, 3)).shape == (1, 40, 48, 3)


def test_a_resumed_training_is_an_uninterrupted_one(tmp_path):
  photos, config = write_photographs(tmp_path / "photos"), tiny(steps=8)
  whole = learn_style(STYLE, photos, config)
  kept = []

  def begin(lesson):
    kept.append(checkpoints.TrainingCheckpoints(tmp_path / "run", lesson, {}))

  learn_style(STYLE, photos, config, on_lesson=begin, on_step=lambda step: step.number >= 3,
              on_state=lambda number, state: kept[0].on_state(number, state, at_once=True))
  with pytest.raises(InputError, match="a training that has ended"):
    begin(make_lesson(STYLE, photos, config))
  kept[0].close()
  saved = checkpoints.load(tmp_path / "run")
  assert 3 <= saved.state["step"] < 8 and saved.seconds > 0
  resumed = learn_style(STYLE, photos, resume=saved)
  assert resumed.record.losses == whole.record.losses
  for mine, theirs in zip(weights(resumed), weights(whole), strict=True):
    np.testing.assert_array_equal(mine, theirs)
  with pytest.raises(InputError, match="the styles that the training began with"):
    learn_style(waves(72, 64, 5), photos, resume=saved)
  state = next((tmp_path / "run/training").glob("*/state.npz"))
  state.write_bytes(state.read_bytes()[:-9])
  with pytest.raises(InputError, match="a checkpoint that is whole"):
    checkpoints.load(tmp_path / "run")


def test_several_styles_in_one_network(tmp_path):
  style = learn(tmp_path, styles=2, steps=10)
  picture = waves(48, 64, 3)
  one, other, both = (style(picture, blend) for blend in ((1, 0), (0, 1), None))
  assert np.abs(one - other).mean() > 1e-3
  assert np.abs(both - one).mean() < np.abs(other - one).mean()
  np.testing.assert_array_equal(style(picture, (2, 2)), both)
  for blend in ((1,), (0, 0), (-1, 2), (1, float("nan"))):
    with pytest.raises(InputError, match="--style_blend: expected"):
      style(picture, blend)


@pytest.mark.parametrize(("photos", "message"), [
    ([], "--photos: expected a folder of photographs, received none"),
    ([waves(40, 80, 0)], "--photos: expected photographs with sides of at least 64 pixels")])
def test_wrong_photographs_are_refused(photos, message):
  with pytest.raises(InputError, match=message):
    learn_style(STYLE, photos, tiny())


def test_no_style_is_refused(tmp_path):
  with pytest.raises(InputError, match="--style: expected a picture to learn from"):
    learn_style(None, write_photographs(tmp_path / "photos"), tiny())
