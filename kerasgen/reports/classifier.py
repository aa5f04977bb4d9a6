"""What is reported of classifiers."""

from kerasgen.families import AttributeClassifier, Classifier
from kerasgen.metrics import classification
from kerasgen.reports.base import Report, report


@report.register(Classifier)
class ClassifierReport(Report):
    """How often it is right.

    >>> encoder = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(4)])
    >>> model = kerasgen.families.Classifier([4, 4, 1], 3, encoder)
    >>> list(report(model).evaluate(np.zeros((6, 4, 4, 1)), np.arange(6) % 3))
    ['accuracy', 'cross_entropy']
    """

    def evaluate(self, examples, condition=None, num_samples=5000, seed=0, progress=False):
        return classification.accuracy(self.model, examples, condition, progress)


@report.register(AttributeClassifier)
class AttributeReport(Report):
    """How often it is right, by attribute and as a whole.

    >>> encoder = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(4)])
    >>> model = kerasgen.families.AttributeClassifier([4, 4, 1], sizes=[3, 2], encoder=encoder)
    >>> type(report(model)).__name__
    'AttributeReport'
    """

    def evaluate(self, examples, condition=None, num_samples=5000, seed=0, progress=False):
        return classification.attribute_accuracy(self.model, examples, condition, progress)
