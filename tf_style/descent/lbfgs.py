"""L-BFGS without a line search, in float32 on the device."""

import tensorflow as tf

_AT_ONCE = 4  # so many vectors of the variable's size are in memory where the history is combined


class LBFGS(tf.Module):
  """Limited-memory BFGS (Nocedal 1980) with step 1 and Armijo backtracking.

  The two-loop recursion runs on inner products: history times vectors first, then 2 m coefficients,
  then one combination of the history (Chen et al. 2014, vector-free L-BFGS). A pair is kept where
  its curvature is positive. Losses are scaled by the first one, so that they are O(1).
  """

  def __init__(self, variable: tf.Variable, memory: int = 20, first_change: float = 0.1):
    """Begins with no history.

    Args:
      variable: what is varied, any shape, float32.
      memory: pairs remembered; each takes 8 bytes an entry of the variable.
      first_change: root mean square of the first step, in the variable's units.
    """
    super().__init__(name="lbfgs")
    self._variable, self._memory, self._first_change = variable, memory, first_change
    make = lambda shape, name: tf.Variable(
        tf.zeros([side or 0 for side in shape]), trainable=False, shape=shape, name=name)
    self.point, self.gradient, self.direction = (
        make([None], name) for name in ("point", "gradient", "direction"))
    # One variable a pair, the newest last: reading rows of a large one, once it was written to by
    # rows, would copy all of it.
    self.history = [make([2, None], f"pair{slot}") for slot in range(memory)]
    self.products = make([2, memory, 2, memory], "products")
    self.value, self.slope, self.length, self.scale = (
        make([], name) for name in ("value", "slope", "length", "scale"))
    self.pairs, self.tries, self.accepted = (
        tf.Variable(0, trainable=False, name=name) for name in ("pairs", "tries", "accepted"))
    self.begin(0)

  def forget(self) -> None:
    """Does nothing: `begin` forgets the history of every level."""

  def begin(self, steps: int) -> None:
    """Takes the variable's size and forgets the history."""
    del steps
    size = tf.size(self._variable)
    for vector in (self.point, self.gradient, self.direction):
      vector.assign(tf.zeros([size]))
    nothing = tf.zeros([2, size])  # in memory once, for all pairs that are not there yet
    for pair in self.history:
      pair.assign(nothing)
    for number in (self.products, self.value, self.slope, self.length, self.scale,
                   self.pairs, self.tries, self.accepted):
      number.assign(tf.zeros_like(number))

  def update(self, value: tf.Tensor, gradient: tf.Tensor) -> tf.Tensor:
    gradient = tf.reshape(gradient, [-1])
    first = tf.equal(self.accepted, 0)
    self.scale.assign(tf.where(first, 1 / tf.maximum(tf.abs(value), 1e-30), self.scale))
    value, gradient = value * self.scale, gradient * self.scale
    taken = self.length.value()
    enough = value <= self.value + 1e-4 * self.length * self.slope
    tf.cond(first | enough | (self.tries.value() >= 6),
            lambda: self._accept(value, gradient), lambda: self._shorten(value))
    self._move()
    return taken

  def recover(self, safe: tf.Tensor) -> tf.Tensor:
    """Takes a tenth of the step from the last accepted point; after that, forgets the history."""
    del safe
    taken = self.length.value()
    self.length.assign(taken * 0.1)
    self.tries.assign_add(1)

    def forget() -> None:
      self.pairs.assign(0)
      self._point(self._downhill())

    tf.cond(self.tries.value() > 1, forget, lambda: None)
    tf.cond(self.accepted.value() > 0, self._move, lambda: None)
    return taken

  def _move(self) -> None:
    point = self.point + self.length * self.direction
    self._variable.assign(tf.reshape(point, tf.shape(self._variable)))

  def _shorten(self, value: tf.Tensor) -> None:
    curvature = 2 * (value - self.value - self.length * self.slope)
    minimum = -self.slope * self.length**2 / tf.maximum(curvature, 1e-30)
    self.length.assign(tf.clip_by_value(minimum, 0.1 * self.length, 0.5 * self.length))
    self.tries.assign_add(1)

  def _accept(self, value: tf.Tensor, gradient: tf.Tensor) -> None:
    point = tf.reshape(self._variable, [-1])
    pair = tf.stack([point - self.point, gradient - self.gradient])
    (changes, curvature), (_, bends) = map(tf.unstack, tf.unstack(
        tf.matmul(pair, pair, transpose_b=True)))
    curved = curvature > 1e-8 * tf.sqrt(changes * bends)
    tf.cond((self.accepted.value() > 0) & curved, lambda: self._remember(pair), lambda: None)
    self.point.assign(point)
    self.gradient.assign(gradient)
    self.value.assign(value)
    self._point(tf.cond(tf.equal(self.pairs, 0), self._downhill, lambda: self._newton(gradient)))
    self.length.assign(1.0)
    self.tries.assign(0)
    self.accepted.assign_add(1)

  def _point(self, direction: tf.Tensor) -> None:
    self.direction.assign(direction)
    self.slope.assign(tf.tensordot(direction, self.gradient, 1))

  def _downhill(self) -> tf.Tensor:
    size = tf.sqrt(tf.reduce_mean(tf.square(self.gradient)))
    return -self.gradient * self._first_change / tf.maximum(size, 1e-30)

  def _remember(self, pair: tf.Tensor) -> None:
    for older, newer in zip(self.history, self.history[1:], strict=False):
      older.assign(newer.value(), read_value=False)  # hands its memory on
    self.history[-1].assign(pair, read_value=False)
    inner = self._along(pair)
    kept = tf.concat([self.products[:, 1:, :, 1:], inner[:, :-1, :, None]], 3)
    self.products.assign(tf.concat([kept, tf.transpose(inner, [2, 0, 1])[:, None]], 1))
    self.pairs.assign(tf.minimum(self.pairs + 1, self._memory))

  def _along(self, vectors: tf.Tensor) -> tf.Tensor:
    """Returns inner products [2, m, k] of the history, changes first, with vectors [k, N]."""
    return tf.stack([tf.matmul(pair, vectors, transpose_b=True) for pair in self.history], 1)

  def _newton(self, gradient: tf.Tensor) -> tf.Tensor:
    gradient = gradient[None]
    along = self._along(gradient)[:, :, 0]
    by_history, by_gradient = two_loop(self.products, along, self.pairs)
    ascent = by_gradient * gradient
    shares = tf.split(tf.transpose(by_history), self._memory)
    for begin in range(0, self._memory, _AT_ONCE):
      part = slice(begin, begin + _AT_ONCE)
      with tf.control_dependencies([ascent]):
        ascent = tf.add_n([ascent, *map(tf.matmul, shares[part], self.history[part])])
    return -ascent[0]


def two_loop(products: tf.Tensor, along: tf.Tensor,
             pairs: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
  """The two-loop recursion (Nocedal & Wright 2006, algorithm 7.4) on coefficients of [S; Y] and g.

  Its loops are back substitutions in R, the upper triangle of S Y^T, and in R^T: with D the
  diagonal of R, q = R^-1 S g and p = R^-T ((D + gamma Y Y^T) q - gamma Y g), H g = gamma g + S^T p
  - gamma Y^T q (Byrd, Nocedal & Schnabel 1994, theorem 2.2).

  Args:
    products: [2, m, 2, m] inner products of the history's rows, changes S before bends Y, the
      newest last.
    along: [2, m] inner products of the history with the gradient g.
    pairs: how many of the newest are in use, at least one.
  Returns:
    Coefficients [2, m] of the history and the coefficient of g, for the product H g.
  """
  memory = along.shape[1]
  used = tf.cast(tf.range(memory) >= memory - pairs, along.dtype)
  both = used[:, None] * used[None]
  upper = tf.linalg.band_part(both * products[0, :, 1], 0, -1)
  diagonal, bends = tf.linalg.diag_part(upper), both * products[1, :, 1]
  along_changes, along_bends = tf.unstack((used * along)[:, :, None])
  gamma = products[0, -1, 1, -1] / products[1, -1, 1, -1]
  solve = lambda right, adjoint: tf.linalg.triangular_solve(
      upper + tf.linalg.diag(1 - used), right, lower=False, adjoint=adjoint)
  q = solve(along_changes, adjoint=False)
  p = solve(diagonal[:, None] * q + gamma * (bends @ q - along_bends), adjoint=True)
  return tf.stack([p[:, 0], -gamma * q[:, 0]]), gamma
