// Elements: what every exhibit is put together from.

/** An element with properties and children; `on` holds listeners, `aria` and `data` attributes. */
export function element(name, {on = {}, aria = {}, data = {}, ...properties} = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  for (const [event, listener] of Object.entries(on)) made.addEventListener(event, listener);
  for (const [key, value] of Object.entries(aria)) made.setAttribute(`aria-${key}`, value);
  Object.assign(made.dataset, data);
  made.append(...children);
  return made;
}

export const paragraph = (text, className = '') => element('p', {textContent: text, className});

export const row = (...children) => element('div', {className: 'row'}, ...children);

export const button = (text, click) =>
  element('button', {type: 'button', textContent: text, on: {click}});

/** A labelled slider; `change(value)` is called while it moves. */
export function slider(text, {min, max, step, value}, change) {
  const shown = element('output', {textContent: value});
  const input = element('input', {type: 'range', min, max, step, value, on: {
    input: () => { shown.textContent = input.value; change(Number(input.value)); },
  }});
  const label = element('label', {className: 'slider'}, element('span', {textContent: text}), input, shown);
  label.set = (number) => { input.value = number; shown.textContent = input.value; };
  return label;
}

/** What a screen reader reads out when its text changes. */
export const live = (className = '') =>
  element('p', {className: `live ${className}`, aria: {live: 'polite'}});
