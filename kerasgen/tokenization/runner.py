"""How Beam runs the pipeline: its flags, its runner, and the loss of a worker."""

import contextlib
import signal
import threading

from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions


def check(flags):
    """Beam itself lets pass what it does not know, and with it misspelt flags of ours."""
    known = PipelineOptions([]).get_all_options()
    names = [flag.removeprefix("--").partition("=")[0] for flag in flags if flag.startswith("--")]
    unknown = [
        name for name in names if not known.keys() & {name, f"{name}s", name.removeprefix("no_")}
    ]
    if unknown:
        raise ValueError(
            "Expected flags of kerasgen tokenize or of Apache Beam. Received: "
            f"{', '.join(f'--{n}' for n in unknown)}."
        )


def named(flags):
    """Beam's own Python runner, unless another is named: what Beam takes by itself is fetched from
    a network.
    """
    if StandardOptions(list(flags)).runner:
        return None
    from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner

    return FnApiRunner()


@contextlib.contextmanager
def ended_by_a_lost_worker():
    """Ends a run one of whose processes has ended, as for want of memory; Beam's own runner would
    wait for it.

    It takes a signal, which reaches the main thread only, and which Windows lacks: there Beam
    waits.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGUSR1"):
        yield
        return
    main, report, reasons = threading.get_ident(), threading.excepthook, []

    def watch(failure):
        if (
            failure.thread is not None and failure.thread.name == "run_worker"
        ):  # Beam's, which waits for a process
            reasons.append(failure.exc_value)
            signal.pthread_kill(main, signal.SIGUSR1)
        else:
            report(failure)

    def end(*_):
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # the other workers are lost with the run
        raise RuntimeError(
            f"Expected all workers to live. Received: {reasons[0]}. Run the same again, with fewer "
            "workers if memory was short (return code -9 or 137): it goes on where it was."
        )

    before = signal.signal(signal.SIGUSR1, end)
    threading.excepthook = watch
    try:
        yield
    except RuntimeError as error:
        if isinstance(error.__context__, KeyboardInterrupt):  # which the workers received too
            raise error.__context__ from None
        raise
    finally:
        threading.excepthook = report
        signal.signal(signal.SIGUSR1, before)
