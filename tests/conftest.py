"""Fixtures shared by the tests: `--full`, real weights, and small real pictures."""

import pytest


def pytest_addoption(parser):
  parser.addoption("--full", action="store_true", help="also run the long suites")


def pytest_configure(config):
  config.addinivalue_line("markers", "full: a long test, run with --full only")


def pytest_collection_modifyitems(config, items):
  if not config.getoption("--full"):
    skip = pytest.mark.skip(reason="long; run with --full")
    for item in items:
      if "full" in item.keywords:
        item.add_marker(skip)
