"""The laboratory in headless Chromium: when it shows its first picture, and whether its memory
grows.

    kerasgen web --download
    python -m benchmarks.web --minutes 5

It opens the page three times in a fresh browser and prints when the runtime was ready and when the
first model had run, in milliseconds since the runtime's start. Then one page goes through all
exhibits over and over, moving what can be moved; a line a minute tells the calls of models, the
JavaScript heap after a collection, and the runtime's memory. It needs Chromium and kerasgen[web].
"""

import argparse
import pathlib
import shutil
import threading
import time

from kerasgen.web.server import server

EXHIBITS = ["map", "draw", "complete", "watch", "walk", "guess", "sentence", "tokens"]
# Every slider to a random place, ten times, and every button once, but those that leave.
ACT = """async () => {
  for (let round = 0; round < 10; round++) {
    for (const input of document.querySelectorAll('section input[type=range]')) {
      input.value = Number(input.min) + Math.random() * (input.max - input.min);
      input.dispatchEvent(new Event('input'));
    }
    await new Promise(done => setTimeout(done, 100));
  }
  for (const button of document.querySelectorAll('section button:enabled')) button.click();
  await new Promise(done => setTimeout(done, 500));
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=pathlib.Path, default="export/web")
    parser.add_argument("--minutes", type=float, default=5)
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    size = sum(path.stat().st_size for path in options.folder.rglob("*") if path.is_file())
    print(f"{options.folder}: {size / 1e6:.1f} MB")
    with server(options.folder) as running, sync_playwright() as playwright:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{running.server_port}/"
        for _ in range(3):
            with launched(playwright) as browser:
                first_picture(browser, address)
        with launched(playwright) as browser:
            soak(browser, address, 60 * options.minutes)
        running.shutdown()


def launched(playwright):
    return playwright.chromium.launch(
        executable_path=shutil.which("chromium"),
        args=["--no-sandbox", "--js-flags=--expose-gc", "--enable-precise-memory-info"],
    )


def first_picture(browser, address):
    page = browser.new_page()
    page.goto(address)
    shown(page, EXHIBITS[0])
    times = page.evaluate("laboratory.times")
    print(f"runtime ready after {times['runtime']:.0f} ms, first picture {times['picture']:.0f} ms")


def shown(page, exhibit):
    """Returns once an exhibit has drawn; with no handle of it, which would keep it in memory."""
    page.locator(f"section#{exhibit}[aria-busy=false]").wait_for(timeout=60_000)


def soak(browser, address, seconds):
    page = browser.new_page()
    page.goto(address)
    print(
        "\n| minutes | calls | JavaScript heap, MB | runtime, MB |\n| ---: | ---: | ---: | ---: |"
    )
    start, lines = time.monotonic(), 0
    while (passed := time.monotonic() - start) < seconds:
        for exhibit in EXHIBITS:
            page.evaluate(f"location.hash = '{exhibit}'")
            shown(page, exhibit)
            page.evaluate(ACT)
        if passed >= 60 * lines:
            lines += 1
            print(line(page, time.monotonic() - start), flush=True)
    print(line(page, time.monotonic() - start))


def line(page, seconds):
    heap = "(gc(), gc(), performance.memory.usedJSHeapSize)"
    calls, js, wasm = page.evaluate(
        f"async () => [laboratory.count, {heap}, await laboratory.memory()]"
    )
    return f"| {seconds / 60:.1f} | {calls:,} | {js / 1e6:.1f} | {wasm / 1e6:.1f} |"


if __name__ == "__main__":
    main()
