// Which of five rows is real? Four generators, each with as many samples as there are real digits.
import {button, element, live, paragraph, row} from '../core/dom.js';
import {run} from '../core/lab.js';
import {binary, realDigit} from '../core/pad.js';
import {picture} from '../core/picture.js';
import {normal, shuffled} from '../core/random.js';

export const title = 'Which is real?';
export const idea = 'One group was written by people, four were drawn by models, six digits each. Find the people. All are shown in black and white at one half, because the models draw different kinds of grey.';

const EACH = 6;
const sampled = (model, noise) => async () =>
  binary((await run(model, 'sample', {noise: normal(noise)})).images);
const decoded = async () => binary((await run('vae_mnist', 'decode', {z: normal(40)})).images);
const SOURCES = {
  'People': async () => binary(await realDigit()),
  'GAN': sampled('gan_mnist', 64),
  'WGAN-GP': sampled('wgan_gp_mnist', 66),
  'VAE': decoded,
  'PixelCNN': sampled('gated_pixelcnn_mnist', 2 * 14 * 14),
};

export async function mount(root) {
  const score = {right: 0, asked: 0}, groups = element('div', {className: 'groups'});
  const said = live('big'), next = button('Next round', ask);

  function answer(name, all) {
    score.asked += 1;
    score.right += name === 'People';
    for (const {name: each, choose, box} of all) {
      choose.disabled = true;
      choose.textContent = each;
      box.classList.add(each === 'People' ? 'real' : 'made');
    }
    const verdict = name === 'People' ? 'Right, these are real.' : `No, those are of the ${name}.`;
    said.textContent = `${verdict} Score: ${score.right} of ${score.asked}; guessing gives one in five.`;
    next.hidden = false;
    next.focus();
  }
  async function ask() {
    next.hidden = true;
    said.textContent = 'Which group is real?';
    groups.replaceChildren();
    const all = [];
    for (const [name, draw] of shuffled(Object.entries(SOURCES))) {
      const number = all.length + 1;
      const pictures = Array.from({length: EACH}, () => picture(`Group ${number}`));
      for (const each of pictures) each.show(await draw());
      const choose = button(`Group ${number} is real`, () => answer(name, all));
      const box = element('div', {className: 'group'}, row(...pictures), choose);
      all.push({name, choose, box});
      groups.append(box);
    }
  }
  root.append(said, groups, next, paragraph('The digits of people are from the test set of MNIST (Yann LeCun and Corinna Cortes, CC BY-SA 3.0).', 'note'));
  await ask();
}
