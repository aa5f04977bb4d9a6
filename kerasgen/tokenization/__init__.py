"""Images to ids at scale: an exported tokenizer in an Apache Beam pipeline, on one machine or on
many.

Needs Apache Beam, which `pip install 'kerasgen[tokenize]'` brings.
"""

from kerasgen.tokenization.pipeline import tokenize

__all__ = ["tokenize"]
