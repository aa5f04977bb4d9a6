// x -> tokens [7, 7] -> p(x | tokens): an image as a grid of words of a visual language.
import {button, element, live, paragraph, row, slider} from '../core/dom.js';
import {contents, latest, run} from '../core/lab.js';
import {binary, centred, pad, realDigit} from '../core/pad.js';
import {heat, picture} from '../core/picture.js';

export const title = 'Tokens';
export const idea = 'A discrete autoencoder writes a digit as a grid of tokens, as a sentence is written in words. Choose a cell, change its token, and see which pixels it speaks of.';

const MODEL = 'dvae_mnist';

export async function mount(root) {
  const {size, grid: [height, width]} = (await contents())[MODEL].tokens;
  const tokens = new Int32Array(height * width), own = new Int32Array(height * width);
  let original = new Float32Array(0), chosen = 3 * width + 3;
  const large = {className: 'large'}, said = live();
  const shown = picture('The digit of these tokens', 28, large), change = picture('What has changed', 28, large);
  const cells = Array.from(tokens, (_, i) => element('button', {type: 'button', className: 'cell',
    on: {click: () => choose(i)}}));
  const table = element('div', {className: 'tokens', role: 'group', aria: {label: 'Tokens, row by row'},
    style: `grid-template-columns: repeat(${width}, 1fr)`}, ...cells);
  const value = slider('Token of the chosen cell', {min: 0, max: size - 1, step: 1, value: 0}, (token) => {
    tokens[chosen] = token;
    decode();
  });

  function label() {
    cells.forEach((cell, i) => {
      cell.textContent = tokens[i];
      cell.tabIndex = i === chosen ? 0 : -1;
      cell.setAttribute('aria-pressed', i === chosen);
      cell.setAttribute('aria-label', `Row ${Math.floor(i / width) + 1}, column ${i % width + 1}: token ${tokens[i]}`);
      cell.classList.toggle('changed', tokens[i] !== own[i]);
    });
    value.set(tokens[chosen]);
  }
  function choose(i) { chosen = i; label(); }
  table.addEventListener('keydown', (event) => {
    const step = {ArrowLeft: -1, ArrowRight: 1, ArrowUp: -width, ArrowDown: width}[event.key];
    if (!step || !(chosen + step in tokens)) return;
    event.preventDefault();
    choose(chosen + step);
    cells[chosen].focus();
  });

  const decode = latest(async () => {
    label();
    const {images} = await run(MODEL, 'decode', {tokens});
    shown.show(images);
    const moved = images.map((each, i) => Math.abs(each - (original[i] ?? each)));
    change.show(Float32Array.from([...moved].flatMap(heat)));
    said.textContent = `${moved.filter((each) => each > 0.1).length} pixels changed by more than 0.1.`;
  });
  const encode = latest(async () => {
    const read = await run(MODEL, 'encode', {images: binary(centred(drawing.values))});
    own.set(read.tokens);
    original = (await run(MODEL, 'decode', read)).images;
    await back();
  });
  const back = () => { tokens.set(own); return decode(); };
  const random = () => { tokens[chosen] = Math.floor(size * Math.random()); return decode(); };
  const drawing = pad('Your digit', encode);
  root.append(row(drawing, element('div', {className: 'side'}, table, value,
    row(button('Random token', random), button('Undo changes', back)))),
    row(shown, change), said, paragraph(`There are ${size} tokens. Arrow keys move among the cells.`, 'note'));
  drawing.set(await realDigit(3));
  await encode();
}
