// Pictures: numbers in [0, 1] on a canvas, one pixel for each.
import {element} from './dom.js';

/** A labelled canvas; `show(values)` draws `[height, width, channels]`. */
export function picture(label, height = 28, {width = height, className = ''} = {}) {
  const canvas = element('canvas', {height, width, className: 'picture', role: 'img', aria: {label}});
  const caption = element('figcaption', {textContent: label});
  const figure = element('figure', {className}, canvas, caption);
  figure.canvas = canvas;
  figure.show = (values, text) => {
    paint(canvas, values);
    if (text !== undefined) {
      caption.textContent = text;
      canvas.setAttribute('aria-label', text);
    }
  };
  return figure;
}

/** Draws grey values, or three for each pixel, over a whole canvas. */
export function paint(canvas, values) {
  const {width, height} = canvas, channels = values.length / (width * height);
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) {
      image.data[4 * i + c] = Math.round(255 * values[channels * i + (channels === 3 ? c : 0)]);
    }
    image.data[4 * i + 3] = 255;
  }
  canvas.getContext('2d').putImageData(image, 0, 0);
}

// Black, purple, orange, yellow: also read by those who tell red and green apart badly.
const COLORS = [[0, 0, 4], [87, 16, 110], [188, 55, 84], [249, 142, 9], [252, 255, 164]];

/** The colour of a number in [0, 1], three in [0, 1]. */
export function heat(value) {
  const place = Math.min(Math.max(value, 0), 1) * (COLORS.length - 1);
  const low = Math.min(Math.floor(place), COLORS.length - 2), part = place - low;
  return COLORS[low].map((each, c) => (each + part * (COLORS[low + 1][c] - each)) / 255);
}
