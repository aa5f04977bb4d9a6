"""A preset behind HTTP, by FastAPI.

    pip install "kerasgen[serve]"
    python examples/serve.py vae_mnist
    python examples/serve.py vae_mnist --try-for 60

The first serves `GET /sample?n=4&seed=0`, NumPy's file of the samples, and `POST /log_prob` of such
a file, a list of nats. The second starts a server of its own, lets 32 clients ask it for a minute,
and prints how long they waited. Requests run in threads, which share one model and its graphs.
"""

import argparse
import concurrent.futures
import contextlib
import io
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

import numpy as np

MOST = 64  # examples of a request


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("preset", help="name or path")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--try-for", type=float, metavar="SECONDS", help="ask a server, then stop")
    parser.add_argument("--clients", type=int, default=32)
    options = parser.parse_args(argv)
    if options.try_for:
        with server(options.preset, options.port) as url:
            print(tried(url, options.try_for, options.clients))
    else:
        import uvicorn

        uvicorn.run(application(options.preset), port=options.port, log_level="warning")


def application(preset: str):
    """The service of a preset, its graphs compiled before the first request."""
    from fastapi import FastAPI, HTTPException, Query, Request, Response

    import kerasgen

    app, model = FastAPI(title=preset), kerasgen.zoo.load(preset)
    for power in range(MOST.bit_length()):
        model.log_prob(model.sample(2**power))

    @app.get("/sample")
    def sample(n: int = Query(1, ge=1, le=MOST), seed: int | None = None) -> Response:
        file = io.BytesIO()
        np.save(file, np.asarray(model.sample(n, seed=seed)))
        return Response(file.getvalue(), media_type="application/octet-stream")

    @app.post("/log_prob")
    async def log_prob(request: Request) -> list[float]:
        from starlette.concurrency import run_in_threadpool

        try:
            x = np.load(io.BytesIO(await request.body()), allow_pickle=False)
            return (await run_in_threadpool(lambda: np.asarray(model.log_prob(x)))).tolist()
        except ValueError as error:  # what was sent, and what was expected
            raise HTTPException(422, str(error)) from None

    return app


@contextlib.contextmanager
def server(preset: str, port: int) -> Iterator[str]:
    """A server in a process of its own, ready; it stops at the end."""
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen([sys.executable, __file__, preset, "--port", str(port)])
    try:
        while True:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{url}/sample").close()
                break
            if process.poll() is not None:
                raise SystemExit("the server stopped before it answered")
            time.sleep(0.2)
        yield url
    finally:
        process.terminate()
        process.wait()


def tried(url: str, seconds: float, clients: int) -> str:
    """How long requests took, in a line, from clients that ask without a pause."""
    end = time.monotonic() + seconds

    def client(number):
        waits, errors, rng = [], 0, np.random.default_rng(number)
        while (start := time.monotonic()) < end:
            n = int(rng.integers(1, 9))
            try:
                with urllib.request.urlopen(f"{url}/sample?n={n}", timeout=60) as answer:
                    samples = answer.read()
                if rng.random() < 0.2:
                    urllib.request.urlopen(f"{url}/log_prob", samples, timeout=60).close()
            except OSError:
                errors += 1
            waits.append(time.monotonic() - start)
        return waits, errors

    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        waits, errors = zip(*pool.map(client, range(clients)))
    waits = np.concatenate(waits)
    p50, p90, p99 = 1000 * np.percentile(waits, [50, 90, 99])
    return (
        f"{clients} clients, {seconds:.0f} s: {len(waits) / seconds:.0f} requests a second, "
        f"{sum(errors)} errors; p50 {p50:.0f} ms, p90 {p90:.0f} ms, p99 {p99:.0f} ms"
    )


if __name__ == "__main__":
    main()
