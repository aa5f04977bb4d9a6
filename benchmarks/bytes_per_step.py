"""What a worker sends in a step of `kerasgen train --strategy multiworker`, for every preset.

    python benchmarks/bytes_per_step.py [NAME ...] [--workers 4]

Gradients are float32 and summed over the workers by a ring: of B bytes each of n workers sends
2 B (n - 1) / n. Frozen parts, such as the tokenizer of a two-stage model, have no gradients; the
critic of an adversarial model has some in each of its steps. What is left out is small: the
metrics, moving statistics of normalisations and the sums of a codebook.
"""

import argparse

import keras

from kerasgen import families, zoo


def gradient_bytes(model: keras.Model) -> int:
    """Bytes of all gradients of one step."""

    def size(part):
        return sum(4 * keras.ops.size(variable) for variable in part.trainable_variables)

    if not isinstance(model, families.AdversarialModel):
        return int(size(model))
    critic = size(model.critic)
    return int(size(model) - critic + model.critic_steps * critic)


def sent(gradients: int, workers: int) -> float:
    """Bytes that one of several workers sends to sum gradients over all."""
    return 2 * gradients * (workers - 1) / workers


def main(argv=None):
    """Prints the table; returns bytes of gradients by preset."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="presets (default: all)")
    parser.add_argument("--workers", type=int, default=4)
    args = parser.parse_args(argv)
    print(
        f"| preset | gradients | a worker of {args.workers} sends a step |\n| --- | ---: | ---: |"
    )
    found = {}
    for name in args.names or zoo.names():
        model = zoo.load(name)
        if not model.trainable_variables:
            continue  # fitted in one piece
        found[name] = gradient_bytes(model)
        print(f"| {name} | {found[name]:,} B | {sent(found[name], args.workers) / 1e6:.2f} MB |")
        keras.backend.clear_session()
    return found


if __name__ == "__main__":
    main()
