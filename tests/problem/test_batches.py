"""Batches of changing contents: the loss of a repaint, picture by picture."""

import numpy as np
import pytest
import tensorflow as tf
from made_problems import make_problem, sample

from tf_style.problem.batches import Batches
from tf_style.problem.problem import Problem

SMALL = {"style_layers": "block1_conv1,block2_conv1", "content_layers": "block2_conv2",
         "tv_weight": 0.5}
CONTENTS = ("photo", "cat")
STYLES = ("waves", "style")


def batches(vgg16, styles) -> tuple[Batches, list[Problem]]:
  with_content = [[make_problem(vgg16, sample(content, 48, 64), sample(style, 40, 64), **SMALL)
                   for content in CONTENTS] for style in styles]
  graphs = with_content[0][0].graphs
  without = [Problem(vgg16, first.config, first.loaded._replace(content=None), graphs=graphs)
             for first, _ in with_content]
  return Batches(without, 48, 64), [problem for row in with_content for problem in row]


def test_the_loss_of_a_batch_is_the_mean_of_its_pictures_losses_as_repaints(vgg16):
  made, repaints = batches(vgg16, STYLES)
  contents = tf.constant(np.concatenate([sample(name, 48, 64) for name in CONTENTS]))
  pictures = contents[:, ::-1]
  for style in range(2):
    terms, gradient = made.value_and_gradient(pictures, contents, style)
    alone = [problem.at(48, 64).value_and_gradient(pictures[index][None])
             for index, problem in enumerate(repaints[2 * style:2 * style + 2])]
    raw = np.mean([each.raw for each, _ in alone], 0)
    np.testing.assert_allclose(terms.raw, raw, rtol=1e-4)
    assert float(terms.total) == pytest.approx(
        np.mean([each.total for each, _ in alone]), rel=1e-5)
    for index, (_, own) in enumerate(alone):
      np.testing.assert_allclose(gradient[index], own[0] / 2, rtol=1e-3, atol=1e-4)
    assert float(made.value(pictures, contents, style).total) == pytest.approx(
        float(terms.total), rel=1e-5)


def test_a_graph_chooses_the_style(vgg16):
  made, _ = batches(vgg16, STYLES)
  contents = tf.constant(sample("photo", 48, 64))
  pictures = contents[:, ::-1]
  graph = tf.function(made.value_and_gradient, autograph=False)
  for style in range(2):
    chosen = graph(pictures, contents, tf.constant(style))
    expected = made.value_and_gradient(pictures, contents, style)
    assert float(chosen[0].total) == pytest.approx(float(expected[0].total), rel=1e-5)
    np.testing.assert_allclose(chosen[1], expected[1], rtol=1e-3, atol=1e-4)
