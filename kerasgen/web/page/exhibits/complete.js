// x_open ~ p(x_open | x_kept before it): the rest of an erased image, drawn several times.
import {button, element, paragraph, row, slider} from '../core/dom.js';
import {latest, run} from '../core/lab.js';
import {binary, pad, realDigit} from '../core/pad.js';
import {picture} from '../core/picture.js';
import {normal} from '../core/random.js';

export const title = 'Erase and complete';
export const idea = 'Erase a part of a digit. A PixelCNN draws it anew, pixel by pixel, given what stays above it and to its left. Every try is another digit that might have been.';

const MODEL = 'gated_pixelcnn_mnist', TRIES = 6, SIDE = 28, NOISE = 14 * 14 * 2;

export async function mount(root) {
  let digit = new Float32Array(SIDE * SIDE);
  const noises = Array.from({length: TRIES}, () => normal(NOISE));
  const tries = noises.map((_, i) => picture(`Try ${i + 1}`));
  const complete = latest(async () => {
    const mask = binary(kept.values);
    for (let i = 0; i < TRIES; i++) {
      const {images} = await run(MODEL, 'complete', {images: digit, mask, noise: noises[i]});
      tries[i].show(images);
    }
  });
  // The pad holds what is kept; it shows the digit where it is, and orange where it is erased.
  const redraw = (values) => Float32Array.from([...values].flatMap((each, i) =>
    (each > 0.5 ? [digit[i], digit[i], digit[i]] : [0.98, 0.56, 0.04])));
  const kept = pad('The digit, to be erased', complete, {ink: 0, radius: 2.5, redraw});
  const keep = (rows) => kept.set(Float32Array.from(kept.values, (_, i) => (i < rows * SIDE ? 1 : 0)));
  const another = async (index) => { digit = binary(await realDigit(index)); keep(SIDE / 2); rows.set(SIDE / 2); };
  const rows = slider('Rows kept', {min: 0, max: SIDE, step: 1, value: SIDE / 2}, keep);
  const again = () => { noises.forEach((each) => each.set(normal(NOISE))); return complete(); };
  kept.querySelector('.row').replaceChildren(
    button('Another digit', () => another()), button('Complete again', again));
  root.append(row(kept, element('div', {className: 'side'}, rows, row(...tries))), paragraph(
    'A pixel that is kept further down cannot change those drawn before it: erase the lower part, and the tries are exact draws.', 'note'));
  await another(2);
  await complete();
}
