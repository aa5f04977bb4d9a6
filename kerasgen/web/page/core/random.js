// Numbers that a model's noise is made of.

/** n standard normal numbers (Box and Muller). */
export function normal(n) {
  return Float32Array.from({length: n}, () =>
    Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random()));
}

/** The elements in a random order. */
export function shuffled(elements) {
  const order = [...elements];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
