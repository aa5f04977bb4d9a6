"""What is reported of classifiers."""

from kerasgen.families import AttributeClassifier, Classifier
from kerasgen.metrics import classification
from kerasgen.reports.base import Report, report


@report.register(Classifier)
class ClassifierReport(Report):
    """How often it is right."""

    def evaluate(self, examples, condition=None, num_samples=5000, seed=0, progress=False):
        return classification.accuracy(self.model, examples, condition, progress)


@report.register(AttributeClassifier)
class AttributeReport(Report):
    """How often it is right, by attribute and as a whole."""

    def evaluate(self, examples, condition=None, num_samples=5000, seed=0, progress=False):
        return classification.attribute_accuracy(self.model, examples, condition, progress)
