"""Fixtures shared by the tests: `--full`, real weights, and small real pictures."""

import os

import pytest

# As `machine` sets it, which a test file that imports TensorFlow first would come before.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def pytest_addoption(parser):
  parser.addoption("--full", action="store_true", help="also run the long suites")


def pytest_collection_modifyitems(config, items):
  if not config.getoption("--full"):
    skip = pytest.mark.skip(reason="long; run with --full")
    for item in items:
      if item.get_closest_marker("full"):
        item.add_marker(skip)


@pytest.fixture(scope="session")
def vgg16_weights():
  """ImageNet weights from the extra `offline`."""
  from tf_style.vgg.weights import load_weights
  return load_weights("vgg16", "auto", timeout_s=0.5)


@pytest.fixture(scope="session")
def vgg19_weights(vgg16_weights):
  """A VGG19 that computes the features of `vgg16_weights`, through the deeper network."""
  from tf_style.vgg.weights import graft_vgg19
  return graft_vgg19(vgg16_weights)


@pytest.fixture(scope="session")
def vgg16(vgg16_weights):
  """The network of `vgg16_weights`, whose extractors are built once."""
  from tf_style.vgg.extractor import Extractors
  return Extractors(vgg16_weights)


@pytest.fixture(scope="session")
def vgg19(vgg19_weights):
  """The network of `vgg19_weights`, likewise."""
  from tf_style.vgg.extractor import Extractors
  return Extractors(vgg19_weights)
