// What models say of a drawing: log p(x) = sum of log p(pixel | pixels before it), a class, codes.
import {element, live, paragraph, row} from '../core/dom.js';
import {contents, latest, run} from '../core/lab.js';
import {binary, centred, pad, realDigit} from '../core/pad.js';
import {heat, picture} from '../core/picture.js';

export const title = 'Draw a digit';
export const idea = 'A PixelCNN says exactly how likely your drawing is, step by step: bright cells surprised it. A classifier names it, and three models rebuild it from their codes.';

const MODEL = 'gated_pixelcnn_mnist', MOST = 4;  // nats of the brightest cell
const REBUILT = {
  'from 2 numbers': async (images) => (await run('vae_mnist_2d', 'reconstruct', {images})).images,
  'from 40 numbers': async (images) =>
    (await run('vae_mnist', 'decode', {z: (await run('vae_mnist', 'encode', {images})).mean})).images,
  'from 49 tokens': async (images) =>
    (await run('dvae_mnist', 'decode', await run('dvae_mnist', 'encode', {images}))).images,
};

export async function mount(root) {
  const said = live('big'), likely = live(), seen = picture('As the models see it');
  const map = picture('Surprise', 14);
  const rebuilt = Object.keys(REBUILT).map((name) => picture(name));
  const samples = (await contents())[MODEL].log_prob_of_samples;

  const judge = latest(async () => {
    const grey = centred(drawing.values), images = binary(grey);
    seen.show(images);
    if (!images.some((each) => each)) {
      said.textContent = 'Draw a digit, or take another one.';
      likely.textContent = '';
      return;
    }
    const {probabilities} = await run('classifier_mnist', 'classify', {images: grey});
    const best = probabilities.indexOf(Math.max(...probabilities));
    said.textContent = `A ${best}, with probability ${probabilities[best].toFixed(2)}.`;
    const {log_probs: steps} = await run(MODEL, 'log_prob_by_pixel', {images});
    map.show(Float32Array.from([...steps].flatMap((each) => heat(-each / MOST))));
    likely.textContent = usual(steps.reduce((sum, each) => sum + each, 0), samples);
    const make = Object.values(REBUILT);
    for (let i = 0; i < make.length; i++) rebuilt[i].show(await make[i](images));
  });
  const drawing = pad('Your digit', judge);
  root.append(
    row(drawing, element('div', {className: 'side'}, said, likely)),
    row(seen, map, ...rebuilt), paragraph(
      `Surprise is -log p of each step given those before it: black is 0, bright yellow ${MOST} nats or more. The model decides four pixels, 2 x 2, in one step.`, 'note'));
  drawing.set(await realDigit(0));
  await judge();
}

/** log p(x), and how it lies among those of digits that the model drew. */
function usual(logProb, samples) {
  const less = samples.filter((each) => each <= logProb).length / samples.length;
  const p = Math.min(1, 2 * Math.min(less, 1 - less));
  const least = 2 / samples.length;
  const value = p < least ? `below ${least}` : p.toFixed(2);
  const verdict = p < 0.05 ? (less < 0.5 ? 'unusual: hardly any is so unlikely'
    : 'unusual: hardly any is so likely, as simple as it is') : 'nothing unusual';
  return `log p(x) = ${logProb.toFixed(1)} nats. Of ${samples.length} digits that the model drew, ${Math.round(100 * less)} % are less likely: p-value ${value}, ${verdict}.`;
}
