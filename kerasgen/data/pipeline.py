"""`load`: a set as a `tf.data.Dataset`.

The decoded set is one tensor, of uint8 for images, and a batch is a gather from it, so the pipeline
starts anywhere at no cost. Sprites are drawn batch by batch.
"""

import math

import numpy as np

from kerasgen import backend
from kerasgen.data import sources
from kerasgen.data.batching import Epochs, Options


def load(
    name,
    split="train",
    batch_size=64,
    binarize=None,
    labels=False,
    shuffle=False,
    seed=0,
    drop_remainder=False,
    repeat=False,
    start_step=0,
    data_dir=None,
    download=False,
):
    """Reads a set into memory and gives batches of float32 images `[B, H, W, C]` in [0, 1], or
    points `[B, 2]`.

    Everything random is a function of the seed, the epoch and the position in the epoch: two
        datasets with equal
    arguments give equal batches. Iterating over a finite dataset again gives its next epoch, so
    that `fit` for several epochs sees new orders and new draws; an endless one (`repeat=True`, with
    `steps_per_epoch` in `fit`) starts at the same batch every time, which is what exact resuming
    needs.

    Args:
        name: "digits", embedded; a set of points in the plane: "ring", "moons", "eight_gaussians",
            "grid_gaussians", "pinwheel", "checkerboard" (see `kerasgen.data.synthetic.toys`);
            sprites with known factors: "shapes", "shapes_rgb" (see
            `kerasgen.data.synthetic.shapes`); captioned scenes: "scenes", "scenes_64", or others
            with attributes, to train a judge: "scenes_attributes", "scenes_64_attributes" (see
            `kerasgen.data.synthetic.scenes`); or the TFDS name of a set: "mnist", "fashion_mnist",
            "binarized_mnist", "kmnist", "emnist/letters", "omniglot", "cifar10", ...
        split: as TFDS writes it. "train[50000:]" is the last 10,000 training images of MNIST.
        batch_size: examples in a batch; the last batch of an epoch may hold fewer.
        binarize: None for grey pixels and for points; "dynamic": pixels drawn anew as
            Bernoulli(pixel) at every visit; "fixed": drawn once, the draw of an image depending on
            the seed and its place in the split only.
        labels: give (images, int32 labels `[B]`) instead of images; captions, attributes and
            factors are `[B, K]`.
        shuffle: give every epoch an order of its own.
        seed: of the order and of the binarization, an integer of at least 0.
        drop_remainder: leave out a last batch that is not full.
        repeat: go on over epochs without end.
        start_step: number of batches, over all epochs, to leave out at the start.
        data_dir: the TFDS folder; by default the environment's TFDS_DATA_DIR, or TFDS' own default.
        download: let TFDS download and prepare a set that is not in that folder.

    Returns:
        A prefetching `tf.data.Dataset`, deterministic, with autotuning off.

    Raises:
        ValueError: an unknown set, split or binarization, labels of a set without labels, binarized
            points, too few examples for a batch.
        FileNotFoundError: the set is not in the folder looked in.
        ConnectionError: it could not be downloaded.
    """
    options = Options(
        batch_size, binarize, labels, shuffle, seed, drop_remainder, repeat, start_step
    )
    return batches(sources.read(name, split, data_dir, download), options)


def batches(source, options):
    """The `tf.data.Dataset` of a source."""
    tf = backend.library("tensorflow")
    source, schedule = options.prepare(source)
    num_examples = len(source.images)
    with tf.device("CPU"):
        all_images = tf.constant(source.images) if isinstance(source.images, np.ndarray) else None
        all_labels = tf.constant(np.asarray(source.labels)) if options.labels else None

    def gather(rows):
        if all_images is not None:
            return tf.gather(all_images, rows)
        images = tf.numpy_function(
            lambda rows: source.images[rows], [rows], source.images.dtype, stateful=False
        )
        return tf.ensure_shape(images, (None, *source.images.shape[1:]))

    def batch(epoch, position, order):
        rows = order[position : position + options.batch_size]
        images = tf.cast(gather(rows), "float32") / source.maximum
        if options.binarize == "dynamic":
            noise = _uniform(
                _seed(options.seed, epoch, 1),
                position,
                tf.shape(rows)[0],
                math.prod(images.shape[1:]),
            )
            images = tf.cast(tf.reshape(noise, tf.shape(images)) < images, "float32")
        if options.drop_remainder:
            images = tf.ensure_shape(images, (options.batch_size, *images.shape[1:]))
        return (
            (
                images,
                tf.ensure_shape(
                    tf.gather(all_labels, rows), images.shape[:1] + all_labels.shape[1:]
                ),
            )
            if options.labels
            else images
        )

    def epoch_batches(epoch):
        order = tf.range(num_examples)
        if options.shuffle:
            order = tf.random.experimental.stateless_shuffle(
                order, _seed(options.seed, epoch, 0), alg="philox"
            )
        first_step = tf.where(epoch == schedule.first_epoch, schedule.first_step, 0)
        start = tf.cast(first_step, "int64") * options.batch_size
        positions = tf.data.Dataset.range(start, schedule.examples_per_epoch, options.batch_size)
        return positions.map(lambda position: batch(epoch, position, order), num_parallel_calls=1)

    if options.repeat:
        epochs = tf.data.Dataset.range(schedule.first_epoch, tf.int64.max)
    else:
        epochs = tf.data.Dataset.from_generator(
            Epochs(schedule.first_epoch), output_signature=tf.TensorSpec((), "int64")
        )
    dataset = epochs.flat_map(epoch_batches)
    if options.repeat:
        dataset = dataset.apply(
            tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY)
        )
    elif not schedule.first_step:
        dataset = dataset.apply(tf.data.experimental.assert_cardinality(schedule.steps_per_epoch))
    settings = tf.data.Options()
    settings.autotune.enabled = False
    settings.deterministic = True
    return dataset.prefetch(2).with_options(settings)


def _seed(seed, epoch, stream):
    """A stateless seed for each epoch and each use, so that the order and the noise are independent."""
    import tensorflow as tf

    seed = tf.stack([tf.constant(seed, "int64"), tf.cast(epoch, "int64")])
    return tf.random.experimental.stateless_fold_in(seed, stream)


def _uniform(seed, position, num_examples, size):
    """`[num_examples, size]` in [0, 1): the rows from `position` on of one endless stateless
    matrix.

    Philox is a cipher of a counter, which yields four numbers a count: where a row starts is known
        without the rows
    before it.
    """
    import tensorflow as tf

    counts = -(-size // 4)
    key, counter = tf.raw_ops.StatelessRandomGetKeyCounter(seed=seed)
    counter += tf.stack([tf.cast(position * counts, "uint64"), tf.zeros((), "uint64")])
    shape = tf.stack([num_examples, 4 * counts])
    philox = 1
    return tf.raw_ops.StatelessRandomUniformV2(shape=shape, key=key, counter=counter, alg=philox)[
        :, :size
    ]
