"""Levels: arithmetic alone."""

from tf_style.repaint import pyramid


def test_levels_grow_to_the_wanted_size():
  levels = pyramid.make_levels(384, 512, 200)
  assert [level.width for level in levels] == [128, 181, 256, 362, 512]
  assert [level.steps for level in levels] == [60, 48, 38, 30, 24]
  assert pyramid.make_levels(3072, 4096, 200)[-1] == pyramid.Level(3072, 4096, 4)
  assert pyramid.make_levels(384, 512, 200, levels=1) == [pyramid.Level(384, 512, 200)]
  assert [level.steps for level in pyramid.make_levels(90, 90, 9, level_steps=(5, 7))] == [5, 7]
  assert len(pyramid.make_levels(40, 4000, 100, smallest=32)) == 1
