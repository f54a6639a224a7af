"""The distances between statistics, by the names that `--style_loss` has for them.

A distance is a file of this folder, an entry of the table here, and its name in `names`.
"""

from collections.abc import Mapping

from tf_style.losses import covariance, gram, mixed, wasserstein
from tf_style.losses.distance import StyleLoss

STYLE_LOSSES: Mapping[str, StyleLoss] = {
    "mixed": mixed.LOSS, "wasserstein": wasserstein.LOSS, "covariance": covariance.LOSS,
    "gram": gram.LOSS, "gram_sum": gram.SUM_LOSS}
