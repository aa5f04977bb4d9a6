// z in the plane, and what a decoder makes of every point: a picture p(x | z) of all codes.
import {element, paragraph, row, slider} from '../core/dom.js';
import {latest, run} from '../core/lab.js';
import {paint, picture} from '../core/picture.js';
import {knobs} from './knobs.js';

export const title = 'A map of digits';
export const idea = 'Every point of this map is a code of two numbers, and the decoder turns any code into a digit. Nearby codes give similar digits: walk from one to another.';

const MODEL = 'vae_mnist_2d', TILES = 15, SIDE = 28, REACH = 2.5;  // of the standard normal prior

export async function mount(root) {
  const shown = picture('The digit of this code');
  const map = element('canvas', {
    width: TILES * SIDE, height: TILES * SIDE, className: 'picture map', tabIndex: 0,
    role: 'application', aria: {label: 'Map of codes. Move with the pointer or the arrow keys.'},
  });
  const cross = element('div', {className: 'cross'});
  const holder = element('div', {className: 'map-box'}, map, cross);
  const code = [0, 0];

  const decode = latest(async () => {
    const {images} = await run(MODEL, 'decode', {z: code});
    shown.show(images, `The digit of the code (${code.map((each) => each.toFixed(2)).join(', ')})`);
  });
  const range = {min: -REACH, max: REACH, step: 0.01, value: 0};
  const sliders = ['First number', 'Second number'].map((text, axis) =>
    slider(text, range, (value) => { code[axis] = value; moved(); }));
  function moved() {
    sliders.forEach((each, axis) => each.set(code[axis].toFixed(2)));
    cross.style.left = `${50 + 50 * code[0] / REACH}%`;
    cross.style.top = `${50 - 50 * code[1] / REACH}%`;
    return decode();
  }
  function go(x, y) {
    [x, y].forEach((value, axis) => { code[axis] = Math.min(Math.max(value, -REACH), REACH); });
    return moved();
  }
  const follow = (event) => {
    const box = map.getBoundingClientRect();
    go(REACH * (2 * (event.clientX - box.left) / box.width - 1),
      REACH * (1 - 2 * (event.clientY - box.top) / box.height));
  };
  for (const event of ['pointerdown', 'pointermove']) map.addEventListener(event, follow);
  map.addEventListener('keydown', (event) => {
    const step = {ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1]}[event.key];
    if (!step) return;
    event.preventDefault();
    go(code[0] + step[0], code[1] + step[1]);
  });

  root.append(row(holder, element('div', {className: 'side'}, shown, ...sliders)));
  await moved();
  await drawn(map);
  root.append(element('h3', {textContent: 'Forty numbers'}),
    paragraph('vae_mnist has a code of forty numbers, and its digits are sharper. These are the eight that vary most.'));
  await knobs(root);
}

async function drawn(map) {
  const tile = element('canvas', {width: SIDE, height: SIDE}), context = map.getContext('2d');
  const place = (i) => REACH * (2 * (i + 0.5) / TILES - 1);
  for (let y = 0; y < TILES && map.isConnected; y++) {
    for (let x = 0; x < TILES; x++) {
      const {images} = await run(MODEL, 'decode', {z: [place(x), -place(y)]});
      paint(tile, images);
      context.drawImage(tile, x * SIDE, y * SIDE);
    }
  }
}
