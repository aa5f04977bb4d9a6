// p(tokens | words): a sentence, word by word, then the tokens of a picture, then its pixels.
import {button, element, live, row} from '../core/dom.js';
import {contents, run} from '../core/lab.js';
import {picture} from '../core/picture.js';
import {normal} from '../core/random.js';

export const title = 'Say a scene';
export const idea = 'A transformer reads a sentence and writes the tokens of a picture. It knows few words: shapes, colours, sizes and places.';

const MODEL = 'text_to_image_shapes', EACH = 4, SIDE = 32, NOISE = 2 * 64;

export async function mount(root) {
  const {words, sentence_length: length, sentences} = (await contents())[MODEL];
  const input = element('input', {type: 'text', value: sentences[0], maxLength: 200, autocomplete: 'off',
    spellcheck: false});
  const said = live(), remedies = row();
  const pictures = Array.from({length: EACH}, (_, i) => picture(`Scene ${i + 1}`, SIDE));

  async function draw() {
    const said_words = input.value.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
    remedies.replaceChildren();
    const unknown = said_words.filter((word) => !words.includes(word));
    if (unknown.length) return explain(unknown);
    if (said_words.length < 1 || said_words.length > length) {
      said.textContent = `Expected 1 to ${length} words. Received: ${said_words.length}. ${said_words.length ? 'Say it shorter.' : 'Write some.'}`;
      return;
    }
    const numbers = Array.from({length}, (_, i) => (i < said_words.length ? words.indexOf(said_words[i]) + 1 : 0));
    said.textContent = 'Drawing ...';
    for (const each of pictures) {
      each.show((await run(MODEL, 'sample', {words: numbers, noise: normal(NOISE)})).images);
    }
    said.textContent = `Four scenes of: ${said_words.join(' ')}.`;
  }
  function explain([word]) {
    const near = [...words].sort((a, b) => distance(word, a) - distance(word, b)).slice(0, 3);
    said.textContent = `The model does not know "${word}". Near words: ${near.join(', ')}. It knows: ${words.join(', ')}.`;
    remedies.append(...near.map((each) => button(each, () => {
      input.value = input.value.toLowerCase().replace(word, each);
      return draw();
    })));
  }
  const form = element('form', {on: {submit: (event) => { event.preventDefault(); draw(); }}},
    element('label', {className: 'sentence'}, 'Sentence ', input), element('button', {textContent: 'Draw'}));
  const examples = sentences.map((each) => button(each, () => { input.value = each; return draw(); }));
  root.append(form, said, remedies, row(...pictures),
    element('h3', {textContent: 'Examples'}), element('div', {className: 'examples'}, ...examples));
  await draw();
}

/** How many letters to insert, delete or replace from one word to another (Levenshtein). */
export function distance(from, to) {
  let before = Array.from({length: to.length + 1}, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const line = [i];
    for (let j = 1; j <= to.length; j++) {
      line.push(Math.min(before[j] + 1, line[j - 1] + 1, before[j - 1] + (from[i - 1] !== to[j - 1])));
    }
    before = line;
  }
  return before[to.length];
}
