"""Trained, understandable generative models for Keras 3."""

from kerasgen import bottlenecks, likelihoods, networks, objectives
from kerasgen.families import LatentVariableModel
from kerasgen.model import GenerativeModel

__all__ = ["GenerativeModel", "LatentVariableModel", "bottlenecks", "likelihoods", "networks", "objectives"]
