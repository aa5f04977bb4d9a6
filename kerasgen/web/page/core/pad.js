// Where a digit is drawn: by pointer, by arrow keys, or taken from real ones.
import {button, element, row} from './dom.js';
import {paint} from './picture.js';

const SIDE = 28;
let real = null;  // the real digits, once they are there

/** One of a hundred real digits, `[28, 28]` in [0, 1]. */
export async function realDigit(index = Math.floor(100 * Math.random())) {
  real ??= decoded();
  const {data, width} = await real;
  const top = SIDE * Math.floor(index / 10), left = SIDE * (index % 10);
  return Float32Array.from({length: SIDE * SIDE}, (_, i) =>
    data[4 * ((top + Math.floor(i / SIDE)) * width + left + i % SIDE)] / 255);
}

async function decoded() {
  const image = new Image();
  image.src = new URL('../digits.png', import.meta.url);
  await image.decode();
  const canvas = element('canvas', {width: image.width, height: image.height});
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  return context.getImageData(0, 0, image.width, image.height);
}

/**
 * A pad; `pad.values` is the drawing, and `change()` is called when it has changed. `ink` is what a
 * stroke leaves: 1, or 0 for an eraser. `redraw(values)` gives what is shown.
 */
export function pad(label, change, {ink = 1, radius = 1.4, redraw = (values) => values} = {}) {
  const values = new Float32Array(SIDE * SIDE);
  const help = `${label}. Draw with a pointer, or move with the arrow keys and hold space to draw.`;
  const canvas = element('canvas', {
    width: SIDE, height: SIDE, tabIndex: 0, className: 'picture pad', role: 'application',
    aria: {label: help},
  });
  const at = {x: SIDE / 2, y: SIDE / 2, down: false};

  function dot(x, y) {
    for (let i = 0; i < values.length; i++) {
      const distance = Math.hypot(i % SIDE + 0.5 - x, Math.floor(i / SIDE) + 0.5 - y);
      const covered = Math.min(Math.max(radius + 0.5 - distance, 0), 1);
      values[i] = ink ? Math.max(values[i], covered) : values[i] * (1 - covered);
    }
  }
  function line(x, y) {
    const steps = Math.max(1, Math.ceil(2 * Math.hypot(x - at.x, y - at.y)));
    for (let s = 1; s <= steps; s++) dot(at.x + (x - at.x) * s / steps, at.y + (y - at.y) * s / steps);
    Object.assign(at, {x, y});
    shown();
    change();
  }
  const shown = () => paint(canvas, redraw(values));
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [SIDE * (event.clientX - box.left) / box.width, SIDE * (event.clientY - box.top) / box.height];
  };

  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId);
    const [x, y] = place(event);
    Object.assign(at, {x, y, down: true});
    line(x, y);
  });
  canvas.addEventListener('pointermove', (event) => { if (at.down) line(...place(event)); });
  for (const end of ['pointerup', 'pointercancel']) {
    canvas.addEventListener(end, () => { at.down = false; });
  }
  let pen = false;  // whether space is held
  canvas.addEventListener('keyup', (event) => { if (event.key === ' ') pen = false; });
  canvas.addEventListener('keydown', (event) => {
    const step = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[event.key];
    if (event.key === ' ') pen = true;
    else if (!step) return;
    event.preventDefault();
    const [x, y] = [at.x, at.y].map((value, axis) =>
      Math.min(Math.max(value + (step?.[axis] ?? 0), 0.5), SIDE - 0.5));
    if (pen) line(x, y);
    else { Object.assign(at, {x, y}); shown(); mark(); }
  });
  const mark = () => {  // where the keys are
    const context = canvas.getContext('2d');
    context.fillStyle = '#f98e09';
    context.fillRect(Math.floor(at.x), Math.floor(at.y), 1, 1);
  };
  canvas.addEventListener('blur', shown);

  const made = element('div', {className: 'pad-box'}, canvas);
  made.canvas = canvas;
  made.values = values;
  made.set = (drawing) => { values.set(drawing); shown(); change(); };
  const empty = () => made.set(new Float32Array(SIDE * SIDE));
  const another = async () => made.set(await realDigit());
  made.append(row(button('Another digit', another), ...(ink ? [button('Clear', empty)] : [])));
  shown();
  return made;
}

/** A drawing moved so that its mass is in the middle, as MNIST's digits are. */
export function centred(values) {
  let mass = 0, x = 0, y = 0;
  values.forEach((value, i) => {
    mass += value; x += value * (i % SIDE + 0.5); y += value * (Math.floor(i / SIDE) + 0.5);
  });
  if (!mass) return values;
  const right = Math.round(SIDE / 2 - x / mass), down = Math.round(SIDE / 2 - y / mass);
  return values.map((_, i) => {
    const column = i % SIDE - right, line = Math.floor(i / SIDE) - down;
    const inside = column >= 0 && column < SIDE && line >= 0 && line < SIDE;
    return inside ? values[SIDE * line + column] : 0;
  });
}

/** Black and white at one half. */
export const binary = (values) => values.map((value) => (value > 0.5 ? 1 : 0));
