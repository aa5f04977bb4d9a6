"""Where a run computes: on one device, on several, on several machines."""

import contextlib

import keras

from kerasgen import backend


def scope(strategy, devices):
    """The strategy's scope, and whether this process writes files.

    >>> _, writes = scope("none", None)
    >>> writes
    True
    """
    if devices is not None and strategy != "mirrored":
        raise ValueError(
            "Expected devices with strategy='mirrored' only. "
            f"Received: devices={devices}, {strategy!r}."
        )
    if strategy == "none":
        return contextlib.nullcontext(), True
    if not backend.HAS_STRATEGIES:
        raise ValueError(
            f"Expected strategy='none' under the {keras.backend.backend()} backend; others need "
            f"TensorFlow. Received: strategy={strategy!r}."
        )
    import tensorflow as tf

    if strategy == "mirrored":
        return tf.distribute.MirroredStrategy(_devices(tf, devices)).scope(), True
    if strategy == "multiworker":
        workers = tf.distribute.MultiWorkerMirroredStrategy()
        resolver = workers.cluster_resolver
        chief = "chief" if "chief" in resolver.cluster_spec().jobs else "worker"
        is_chief = resolver.task_type in (None, chief) and resolver.task_id in (None, 0)
        return workers.scope(), is_chief
    raise ValueError(
        f"Expected strategy to be 'none', 'mirrored' or 'multiworker'. Received: {strategy!r}."
    )


def _devices(tf, count):
    """Names of `count` GPUs, of as many logical CPUs where there is no GPU; None for all GPUs."""
    gpus = tf.config.list_physical_devices("GPU")  # listing logical devices would fix them
    if count is None or gpus:
        if count is not None and count > len(gpus):
            raise ValueError(
                f"Expected at most {len(gpus)} devices: that many GPUs are visible. "
                f"Received: {count}."
            )
        return None if count is None else [f"GPU:{i}" for i in range(count)]
    cpus = tf.config.list_physical_devices("CPU")
    with contextlib.suppress(RuntimeError):  # raised where TensorFlow was in use before
        parts = [tf.config.LogicalDeviceConfiguration()] * count
        tf.config.set_logical_device_configuration(cpus[0], parts)
    names = [cpu.name for cpu in tf.config.list_logical_devices("CPU")]
    if len(names) < count:
        raise ValueError(
            f"Expected {count} logical CPUs. Received: {len(names)}, as TensorFlow was in use "
            "before. Start anew."
        )
    return names[:count]
