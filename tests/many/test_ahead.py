"""Making ahead: the same things in the same order, the next one while the last is dealt with."""

import threading

import pytest

from tf_style.many.ahead import ahead


def test_the_next_is_made_while_the_last_is_dealt_with():
  made = [threading.Event() for _ in range(4)]

  def make():
    for number, event in enumerate(made):
      event.set()
      yield number

  found = []
  for number in ahead(make()):
    found.append(number)
    if number < 3:
      assert made[number + 1].wait(20)  # without anybody having asked for it
    assert not any(event.is_set() for event in made[number + 2:])
  assert found == [0, 1, 2, 3]


def test_what_goes_wrong_comes_in_its_place():
  def make():
    yield 1
    raise OSError("the disk is full")

  things = ahead(make())
  assert next(things) == 1
  with pytest.raises(OSError, match="the disk is full"):
    next(things)


def test_a_break_leaves_nothing_running():
  before = threading.active_count()
  things = ahead(iter(range(9)))
  next(things)
  things.close()
  assert threading.active_count() == before and list(ahead(iter(()))) == []
