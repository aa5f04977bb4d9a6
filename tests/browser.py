"""The laboratory in headless Chromium: what it asks of the network, what it says, what it shows."""

import contextlib
import shutil
import threading

import numpy as np
import pytest

from kerasgen.web.server import server

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
# Math.random of a seed, so that a test draws the same in every run (Mulberry32).
SEEDED = """
let state = 1;
Math.random = () => {
  let t = state += 0x6D2B79F5;
  t = Math.imul(t ^ t >>> 15, t | 1);
  t ^= t + Math.imul(t ^ t >>> 7, t | 61);
  return ((t ^ t >>> 14) >>> 0) / 4294967296;
};
"""
# The last call of a signature with its arrays, and a canvas's values in [0, 1], as JSON takes them.
CALL = """name => {
  const plain = arrays => Object.fromEntries(
    Object.entries(arrays).map(([key, value]) => [key, Array.from(value)]));
  const {inputs, outputs} = laboratory.calls[name];
  return {inputs: plain(inputs), outputs: plain(outputs)};
}"""
PIXELS = """canvas => Array.from(
  canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data)"""


class Laboratory:
    """A page of a laboratory; `errors` and `requests` gather what it has logged and asked for."""

    def __init__(self, page, address):
        self.page, self.address = page, address
        self.errors, self.requests = [], []
        page.on("console", lambda said: said.type == "error" and self.errors.append(said.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.add_init_script(SEEDED)

    def open(self, exhibit):
        """Shows an exhibit, and returns once it has drawn."""
        self.page.goto(f"{self.address}#{exhibit}")
        self.page.wait_for_selector(f"section#{exhibit}[aria-busy=false]", timeout=120_000)

    def settle(self):
        """Returns once nothing has been computed for a while."""
        before = -1
        while before != (count := self.page.evaluate("laboratory.count")):
            before = count
            self.page.wait_for_timeout(500)

    def sentence(self):
        """What the page says is wrong."""
        return self.page.locator("[role=alert]").inner_text(timeout=120_000)

    def calls(self):
        return self.page.evaluate("Object.keys(laboratory.calls)")

    def call(self, name):
        return self.page.evaluate(CALL, name)

    def pixels(self, selector):
        """Values of the first canvas that fits, `[height * width, 3]` in [0, 1]."""
        data = self.page.locator(selector).first.evaluate(PIXELS)
        return np.array(data).reshape(-1, 4)[:, :3] / 255


@contextlib.contextmanager
def serving(folder):
    """The address of a folder on loopback."""
    running = server(folder)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{running.server_port}/"
    finally:
        running.shutdown()
        running.server_close()


@contextlib.contextmanager
def chromium():
    """A headless Chromium, or a skip that says what is missing."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="needs kerasgen[web]: Playwright"
    )
    if not CHROMIUM:
        pytest.skip("needs Chromium: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        # Without a sandbox, which a container's root cannot have.
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()
