// Models: each is loaded once, runs one of its signatures at a time, and frees its tensors.

// What tests and benchmarks read: the last call of every signature, how many there were, and
// milliseconds since the runtime's start.
export const record = {calls: {}, count: 0, times: {}};
globalThis.laboratory = record;

const HERE = new URL('..', import.meta.url);
const TYPES = {float32: Float32Array, int32: Int32Array};
const SIMD = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0,
  65, 0, 253, 15, 253, 98, 11];  // a module of one instruction that needs SIMD

/** An error whose message is a sentence for the visitor. */
export class Trouble extends Error {}

async function fetched(path) {
  let answer;
  try {
    answer = await fetch(new URL(path, HERE));
  } catch {
    throw new Trouble(`Expected ${path} from this page's server. It does not answer: start it again, then reload.`);
  }
  if (!answer.ok) {
    throw new Trouble(`Expected the file ${path}. It is missing: write the folder again with "kerasgen web".`);
  }
  return new Uint8Array(await answer.arrayBuffer());
}

const once = (make) => { let made; return () => (made ??= make()); };

/** What the folder holds: `laboratory.json`. */
export const contents = once(async () => {
  const bytes = await fetched('laboratory.json');
  try {
    return JSON.parse(new TextDecoder().decode(bytes)).models;
  } catch {
    throw new Trouble('Expected laboratory.json to list the models. It is damaged: write the folder again with "kerasgen web".');
  }
});

const runtime = once(async () => {
  if (typeof WebAssembly !== 'object' || !WebAssembly.validate(new Uint8Array(SIMD))) {
    throw new Trouble('Expected a browser that runs WebAssembly with SIMD: Chrome 91, Firefox 89, Safari 16.4 or later. Update this one, or use another.');
  }
  const began = performance.now();
  record.times.start = began;
  // The runtime writes all that it does as errors; those that are, exceptions tell too.
  globalThis.Module = {printErr: (text) => console.debug(text)};
  try {
    const litert = await import('../runtime/index.js');
    await litert.loadLiteRt(new URL('runtime/litert.js', HERE).href);
    record.times.runtime = performance.now() - began;
    return litert;
  } catch (error) {
    console.warn(error);
    throw new Trouble('Expected the runtime in runtime/. It is missing or damaged: write the folder again with "kerasgen web --download".');
  }
});

async function isWhole(bytes, wanted) {
  if (bytes.length !== wanted.bytes) return false;
  if (!globalThis.crypto?.subtle) return true;  // pages that are not served securely have none
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('') === wanted.sha256;
}

async function compiled(name) {
  const wanted = (await contents())[name];
  if (!wanted) {
    throw new Trouble(`Expected the model ${name} in laboratory.json. It is not listed: write the folder again with "kerasgen web".`);
  }
  const [litert, bytes] = await Promise.all([runtime(), fetched(wanted.file)]);
  if (!(await isWhole(bytes, wanted))) {
    throw new Trouble(`Expected ${wanted.file} as it was exported. It is damaged, or another file: write the folder again with "kerasgen web".`);
  }
  return {litert, model: await litert.loadAndCompile(bytes, {accelerator: 'wasm'})};
}

const models = new Map();

/** Loads a model before it is needed. */
export function load(name) {
  if (!models.has(name)) models.set(name, compiled(name));
  return models.get(name);
}

let last = Promise.resolve();  // of all calls, which run one after the other

/**
 * What a signature of a model gives for inputs by name, arrays of numbers in any nesting: typed
 * arrays by name.
 */
export function run(name, signature, inputs) {
  const call = last.then(() => called(name, signature, inputs));
  last = call.catch(() => {});
  return call;
}

async function called(name, signature, inputs) {
  const {litert, model} = await load(name);
  const given = {}, held = [];
  try {
    for (const {name: key, dtype, shape} of model.signatures[signature].getInputDetails()) {
      given[key] = TYPES[dtype].from(inputs[key]);
      held.push(new litert.Tensor(given[key], [...shape]));
    }
    const results = await model.signatures[signature].run(held);
    held.push(...results);
    const details = model.signatures[signature].getOutputDetails();
    const outputs = Object.fromEntries(
      details.map(({name: key}, i) => [key, results[i].toTypedArray()]));
    record.calls[`${name}.${signature}`] = {inputs: given, outputs};
    record.count += 1;
    record.times.picture ??= performance.now() - record.times.start;
    return outputs;
  } finally {
    held.forEach((tensor) => tensor.delete());
  }
}

/** Bytes of the runtime's memory. */
export async function memory() {
  const {getGlobalLiteRt} = await runtime();
  return getGlobalLiteRt().liteRtWasm.HEAPU8.length;
}
Object.assign(record, {run, memory});

/**
 * Runs a function with the newest arguments only: of those that come while it runs, the last ones
 * wait. What it returns is done when nothing waits any more.
 */
export function latest(work) {
  let running = null, waiting = null;
  async function rest() {
    try {
      while (waiting) {
        const next = waiting;
        waiting = null;
        await work(...next);
      }
    } finally {
      running = null;
    }
  }
  return (...args) => {
    waiting = args;
    return (running ??= rest());
  };
}
