"""Say a sentence as another class says it, such as what people dislike as what they like.

The answer is the best of several draws: of the class as the model itself judges, with most of the
sentence's words.
"""

import argparse

from kerasgen.cli import arguments, inputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments.

    >>> parser = argparse.ArgumentParser()
    >>> add_arguments(parser)
    >>> args = parser.parse_args(["text_style_reviews", "slow but cheap", "--to", "positive"])
    >>> args.sentences, args.to
    (['slow but cheap'], 'positive')
    """
    arguments.add_preset(parser)
    sentences = "one or several, each in quotation marks"
    parser.add_argument("sentences", nargs="+", metavar="SENTENCE", help=sentences)
    parser.add_argument("--to", required=True, metavar="CLASS", help="by its name or number")
    draws = "of each sentence, among which the answer is sought (default: %(default)s)"
    parser.add_argument("--draws", type=arguments.positive, default=64, metavar="N", help=draws)
    parser.add_argument("--seed", type=arguments.seed, default=0)


def run(args: argparse.Namespace) -> None:
    """Runs the command.

    >>> run(argparse.Namespace(name="gmm_ring", sentences=["slow"], to="positive"))
    Traceback (most recent call last):
    ValueError: Expected a preset that is told what to draw. Received: 'gmm_ring', ...
    """
    if not inputs.is_conditional(args.name):
        raise ValueError(
            f"Expected a preset that is told what to draw. Received: {args.name!r}, which is not. "
            "Name another, such as text_style_reviews."
        )
    model = inputs.model(args.name, "transfer", lambda known: known.number(args.to))

    from kerasgen.tasks.transfer import transfer

    for answer in transfer(args.sentences, args.to, model, args.draws, seed=args.seed):
        print(answer)
