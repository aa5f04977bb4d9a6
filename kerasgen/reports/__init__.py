"""What is reported of models: one file a family, found by `functools.singledispatch`.

    report(model).figures(study)        figures with their protocols
    report(model).pictures(folder, given)
    report(model).monitors(...)         callbacks of a training run

A family of one's own registers a subclass of `Report`: `@report.register(MyModel)`.
"""

from kerasgen.reports import (
    adversarial,
    classifier,
    exact,
    latent,
    multimodal,
    self_supervised,
    tokenizer,
    two_stage,
)
from kerasgen.reports.base import Report, Shown, Study, report

__all__ = [
    "Report",
    "Shown",
    "Study",
    "adversarial",
    "classifier",
    "exact",
    "latent",
    "multimodal",
    "report",
    "self_supervised",
    "tokenizer",
    "two_stage",
]
