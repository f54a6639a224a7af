"""The names of the style losses, for the settings, which load no TensorFlow."""

STYLE_LOSSES = ("mixed", "wasserstein", "covariance", "gram", "gram_sum")
# Pixels between two positions of a hypercolumn.
GRID = 4
