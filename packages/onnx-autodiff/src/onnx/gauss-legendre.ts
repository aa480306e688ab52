/** Nodes and weights of Gauss-Legendre quadrature on [-1, 1], by Newton's method on the Legendre polynomial. */
export function gaussLegendre(order: number): { readonly node: number; readonly weight: number }[] {
  return Array.from({ length: order }, (_, i) => {
    let x = Math.cos((Math.PI * (i + 0.75)) / (order + 0.5));
    let derivative = 1;
    for (let iteration = 0; iteration < 20; iteration++) {
      let [previous, current] = [1, x];
      for (let k = 2; k <= order; k++)
        [previous, current] = [current, ((2 * k - 1) * x * current - (k - 1) * previous) / k];
      derivative = (order * (x * current - previous)) / (x * x - 1);
      x -= current / derivative;
    }
    return { node: x, weight: 2 / ((1 - x * x) * derivative * derivative) };
  });
}
