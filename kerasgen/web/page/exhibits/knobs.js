// The units of a code that vary most, one slider each.
import {button, element, row, slider} from '../core/dom.js';
import {contents, latest, run} from '../core/lab.js';
import {picture} from '../core/picture.js';
import {normal} from '../core/random.js';

const MODEL = 'vae_mnist', SHOWN = 8;

export async function knobs(root) {
  const units = (await contents())[MODEL].units;
  const code = new Float32Array(units.length), shown = picture('The digit of forty numbers');
  const decode = latest(async () => shown.show((await run(MODEL, 'decode', {z: code})).images));
  const sliders = units.slice(0, SHOWN).map((unit) =>
    slider(`Number ${unit + 1}`, {min: -3, max: 3, step: 0.05, value: 0}, (value) => {
      code[unit] = value;
      decode();
    }));
  function take(numbers) {
    code.set(numbers);
    sliders.forEach((each, i) => each.set(code[units[i]].toFixed(2)));
    return decode();
  }
  root.append(row(
    element('div', {className: 'side narrow'}, shown, row(
      button('Another code', () => take(normal(code.length))),
      button('All zero', () => take(new Float32Array(code.length))))),
    element('div', {className: 'sliders'}, ...sliders)));
  await take(normal(code.length));
}
