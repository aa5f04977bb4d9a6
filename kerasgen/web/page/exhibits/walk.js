// z = (1 - t) z_a + t z_b, and z = z_a + z_b - z_c: straight lines and sums among codes.
import {element, paragraph, row, slider} from '../core/dom.js';
import {latest, run} from '../core/lab.js';
import {binary, centred, pad, realDigit} from '../core/pad.js';
import {picture} from '../core/picture.js';

export const title = 'Walk and calculate';
export const idea = 'Drawings become codes of forty numbers. Every point of the straight line between two codes is a picture too, and codes can be added and subtracted.';

const MODEL = 'vae_mnist', STOPS = 7, NAMES = ['A', 'B', 'C'], FIRST = [0, 1, 2];

export async function mount(root) {
  const line = Array.from({length: STOPS}, (_, i) => picture(`${Math.round(100 * i / (STOPS - 1))} % B`));
  const between = picture('Between A and B'), sum = picture('A + B - C');
  const codes = NAMES.map(() => new Float32Array(40));
  const decode = async (shown, z) => shown.show((await run(MODEL, 'decode', {z})).images);
  const mix = (t) => codes[0].map((each, i) => (1 - t) * each + t * codes[1][i]);
  let share = 0.5;

  const here = latest(() => decode(between, mix(share)));
  const walk = latest(async () => {
    for (let i = 0; i < codes.length; i++) {
      const images = binary(centred(pads[i].values));
      codes[i] = (await run(MODEL, 'encode', {images})).mean;
    }
    await here();
    await decode(sum, codes[0].map((each, i) => each + codes[1][i] - codes[2][i]));
    for (let i = 0; i < STOPS; i++) await decode(line[i], mix(i / (STOPS - 1)));
  });
  const pads = NAMES.map((name) => pad(name, walk));
  const titled = pads.map((each, i) => element('div', {}, element('h3', {textContent: NAMES[i]}), each));
  root.append(element('div', {className: 'row pads'}, ...titled),
    element('h3', {textContent: 'From A to B'}), row(...line),
    row(between, slider('Share of B', {min: 0, max: 1, step: 0.01, value: share}, (t) => { share = t; here(); })),
    element('h3', {textContent: 'A + B - C'}), row(sum), paragraph(
      'Where C is like A, what is left is near B; where C differs from A in style alone, B takes on that style. Far from all codes of digits the decoder draws what is no digit.', 'note'));
  for (let i = 0; i < pads.length; i++) pads[i].set(await realDigit(FIRST[i]));
  await walk();
}
