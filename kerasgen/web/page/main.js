// The exhibits, one at a time: the part of the address behind # says which.
import {element, paragraph} from './core/dom.js';
import {record, Trouble} from './core/lab.js';

const EXHIBITS = ['map', 'draw', 'complete', 'watch', 'walk', 'guess', 'sentence', 'tokens'];
const main = document.querySelector('main'), nav = document.querySelector('nav ul');

const all = new Map(await Promise.all(
  EXHIBITS.map(async (name) => [name, await import(`./exhibits/${name}.js`)])));
for (const [name, {title}] of all) {
  nav.append(element('li', {}, element('a', {href: `#${name}`, textContent: title})));
}

let leave = null, shown = 0;

async function show() {
  const mine = ++shown;
  const name = all.has(location.hash.slice(1)) ? location.hash.slice(1) : EXHIBITS[0];
  const {title, idea, mount} = all.get(name);
  for (const link of nav.querySelectorAll('a')) {
    if (link.hash === `#${name}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  leave?.();
  leave = null;
  nav.querySelector('[aria-current]').scrollIntoView({block: 'nearest', inline: 'center'});
  document.title = `${title} - kerasgen laboratory`;
  const root = element('section', {id: name, aria: {busy: true}});
  main.replaceChildren(element('h2', {textContent: title, tabIndex: -1}), paragraph(idea, 'idea'), root);
  try {
    const left = await mount(root);
    if (mine === shown) leave = left ?? null;
    else left?.();
    const {runtime, picture} = record.times;
    document.querySelector('#times').textContent =
      `Runtime ready after ${Math.round(runtime)} ms, first picture after ${Math.round(picture)} ms.`;
  } catch (error) {
    tell(error, root);
  }
  root.setAttribute('aria-busy', false);
}

/** An error as a sentence, in the exhibit that it happened in. */
function tell(error, root = main.querySelector('section') ?? main) {
  const text = error instanceof Trouble ? error.message
    : `Expected this exhibit to run. Received: ${error.message}. Reload the page; if it comes again, write the folder again with "kerasgen web".`;
  root.prepend(element('p', {className: 'error', role: 'alert', textContent: text}));
  if (!(error instanceof Trouble)) console.error(error);
}

addEventListener('unhandledrejection', (event) => { event.preventDefault(); tell(event.reason); });
addEventListener('hashchange', async () => { await show(); main.querySelector('h2').focus(); });
await show();
