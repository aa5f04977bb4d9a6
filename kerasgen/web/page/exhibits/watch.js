// x_1 ~ p(x_1), x_2 ~ p(x_2 | x_1), ...: an image while it is drawn, and what it may become.
import {button, element, live, paragraph, row, slider} from '../core/dom.js';
import {latest, run} from '../core/lab.js';
import {picture} from '../core/picture.js';
import {normal} from '../core/random.js';

export const title = 'Watch it draw';
export const idea = 'A PixelCNN draws from the upper left to the lower right, four pixels a step, and never goes back. On the right: what might still become of it. The futures agree more and more.';

const MODEL = 'gated_pixelcnn_mnist', SIDE = 28, GRID = 14, STEPS = GRID * GRID, FUTURES = 3;
const NOISE = STEPS * 2, GREY = 0.35;

/** A mask of the pixels that the first steps decide: patches of 2 x 2 in raster order. */
const decided = (steps) => Float32Array.from({length: SIDE * SIDE}, (_, i) =>
  (GRID * Math.floor(i / SIDE / 2) + Math.floor(i % SIDE / 2) < steps ? 1 : 0));

export async function mount(root) {
  let image = new Float32Array(SIDE * SIDE), timer = null, step = 0;
  const futures = Array.from({length: FUTURES}, (_, i) => picture(`Future ${i + 1}`));
  const shown = picture('Drawn so far', SIDE, {className: 'large'}), said = live();

  const show = latest(async () => {
    const mask = decided(step);
    shown.show(image.map((each, i) => (mask[i] ? each : GREY)), `Drawn so far: step ${step} of ${STEPS}`);
    for (const future of futures) {
      const given = {images: image, mask, noise: normal(NOISE)};
      future.show((await run(MODEL, 'complete', given)).images);
    }
  });
  const place = slider('Step', {min: 0, max: STEPS, step: 1, value: 0}, (value) => { stop(); step = value; show(); });
  const go = (value) => { step = value; place.set(value); return show(); };
  const play = button('Play', () => (timer ? stop() : start()));
  function stop() {
    clearInterval(timer);
    timer = null;
    play.textContent = 'Play';
  }
  function start() {
    if (step === STEPS) step = 0;
    play.textContent = 'Pause';
    timer = setInterval(() => {
      if (step === STEPS) { stop(); said.textContent = 'Finished.'; } else go(step + 1);
    }, 60);
  }
  async function another() {
    image = (await run(MODEL, 'sample', {noise: normal(NOISE)})).images;
    said.textContent = 'A new digit.';
    return go(0);
  }
  root.append(row(shown, ...futures), row(play, button('Another digit', another)), place, said,
    paragraph('Futures are new draws of the open pixels, given those that are there.', 'note'));
  await another();
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  if (calm) await go(STEPS / 2); else start();
  return stop;
}
