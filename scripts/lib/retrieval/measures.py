"""How good a list of documents is, best first, if these are the ones that answer the question."""

import math
from statistics import fmean


def recall(found, relevant):
    """Which share of what answers it is among the first five."""
    return len(set(found[:5]) & set(relevant)) / len(set(relevant))


def reciprocal_rank(found, relevant):
    """One by the place of the first that answers it, of ten."""
    return next((1 / place for place, document in enumerate(found[:10], 1) if document in relevant), 0.0)


def gain(found, relevant):
    """nDCG of the first ten: each that answers it counts, the further down the less, as a share of the best list there is."""
    best = sum(1 / math.log2(place + 1) for place in range(1, min(len(set(relevant)), 10) + 1))
    here = sum(1 / math.log2(place + 1) for place, document in enumerate(found[:10], 1) if document in relevant)
    return here / best


def figures(questions, found):
    """recall@5, MRR@10 and nDCG@10 over all questions, of what was found for each, by its id."""
    pairs = [(found[question["id"]], question["relevant"]) for question in questions]
    return [fmean(measure(*pair) for pair in pairs) for measure in (recall, reciprocal_rank, gain)]


def self_test():
    """Lists whose figures are known."""
    for found, relevant, expected in [
        (["a", "b"], ["a"], (1, 1, 1)),
        (["b", "a"], ["a"], (1, 1 / 2, 1 / math.log2(3))),
        ([*"bcdefa"], ["a"], (0, 1 / 6, 1 / math.log2(7))),
        ([*"bcdefghijka"], ["a"], (0, 0, 0)),
        (["a", "c"], ["a", "b"], (1 / 2, 1, 1 / (1 + 1 / math.log2(3)))),
        ([], ["a"], (0, 0, 0)),
    ]:
        measured = figures([{"id": 1, "relevant": relevant}], {1: found})
        assert all(math.isclose(a, b) for a, b in zip(measured, expected)), (found, relevant, measured)
