"""Losses of others, as their papers have them; in the study only."""

import dataclasses

import numpy as np
from keras import ops

from bench.studies.rivals.criterion import Criterion, cross_entropy, glorot, signs


def directions(count: int, code_length: int, random: np.random.Generator) -> np.ndarray:
    return random.normal(size=(count, code_length)).astype(np.float32)


@dataclasses.dataclass(frozen=True)
class HashNet(Criterion):
    """Computes HashNet's weighted loss of pairs, whose outputs come near signs step by step.

    Formula, over all pairs i != j of a batch, with s_ij = 1 for one class and 0 otherwise,
    g = tanh(beta h), and S1, S0 the pairs of one class and of two:

        theta_ij = (scale / L) g_i . g_j
        loss     = mean over S1 of l_ij + mean over S0 of l_ij,
        l_ij     = log(1 + exp(theta_ij)) - s_ij theta_ij

    The means are the paper's weights |S| / |S1| and |S| / |S0|. beta goes from 1 to `steepest` by
    the epoch, the paper's continuation.

    Args:
        scale: alpha L. The authors' code has 10.
        steepest: beta of the last epoch.

    Reference: HashNet: Deep Learning to Hash by Continuation, arXiv 1702.00758.
    """

    scale: float = 10.0
    steepest: float = 10.0

    def loss(self, labels, embeddings, weights, centers, progress):
        relaxed = ops.tanh((1 + (self.steepest - 1) * progress) * embeddings)
        theta = self.scale / embeddings.shape[-1] * ops.matmul(relaxed, ops.transpose(relaxed))
        alike = ops.cast(labels[:, None] == labels[None], "float32")
        one_class, two = alike - ops.eye(embeddings.shape[0]), 1 - alike
        losses = ops.softplus(theta) - alike * theta
        means = [
            ops.sum(pairs * losses) / ops.maximum(ops.sum(pairs), 1) for pairs in (one_class, two)
        ]
        return means[0] + means[1]


class Classifier(Criterion):
    """An objective with a layer that tells classes, of embeddings or codes."""

    def weights(self, num_classes, code_length, random):
        return {
            "kernel": glorot(code_length, num_classes, random),
            "bias": np.zeros(num_classes, np.float32),
        }

    def logits(self, embeddings, weights):
        """Computes what the layer says of every class, `[B, C]`."""
        return ops.matmul(embeddings, weights["kernel"]) + weights["bias"]


@dataclasses.dataclass(frozen=True)
class GreedyHash(Classifier):
    """Computes GreedyHash's loss: a softmax classifier of the code itself.

    Formula, with b = sgn(h), whose gradient is taken for that of h:

        loss = mean_i CE(y_i, b_i W + c) + penalty_weight mean_ik |h_ik - b_ik|^3

    Args:
        penalty_weight: alpha. The authors' code has 0.1 for CIFAR-10.

    Reference: Greedy Hash: Towards Fast Optimization for Accurate Hash Coding in CNN, NeurIPS 2018.
    """

    penalty_weight: float = 0.1

    def loss(self, labels, embeddings, weights, centers, progress):
        bits = signs(embeddings)
        code = embeddings + ops.stop_gradient(bits - embeddings)
        found = cross_entropy(labels, self.logits(code, weights))
        distance = ops.abs(embeddings - bits)
        return found + self.penalty_weight * ops.mean(distance * distance * distance)


@dataclasses.dataclass(frozen=True)
class ProxyAnchor(Criterion):
    """Computes the Proxy-Anchor loss: every class's proxy against all images of a batch.

    Formula, with cosines s_ic of image i and the proxy of class c, P all C proxies and P+ those of
    classes that the batch has:

        loss = 1/|P+| sum_{c in P+} log(1 + sum_{i of c}     exp(-alpha (s_ic - delta)))
             + 1/|P|  sum_{c in P}  log(1 + sum_{i not of c} exp( alpha (s_ic + delta)))

    Args:
        alpha: 32 in the paper.
        delta: the margin, 0.1 in the paper.

    Reference: Proxy Anchor Loss for Deep Metric Learning, arXiv 2003.13911.
    """

    alpha: float = 32.0
    delta: float = 0.1

    def weights(self, num_classes, code_length, random):
        return {"proxies": directions(num_classes, code_length, random)}

    def loss(self, labels, embeddings, weights, centers, progress):
        proxies = ops.normalize(weights["proxies"], axis=-1)
        cosines = ops.matmul(ops.normalize(embeddings, axis=-1), ops.transpose(proxies))
        own = ops.one_hot(labels, proxies.shape[0], dtype="float32")
        near = ops.sum(own * ops.exp(-self.alpha * (cosines - self.delta)), axis=0)
        far = ops.sum((1 - own) * ops.exp(self.alpha * (cosines + self.delta)), axis=0)
        present = ops.sum(ops.cast(ops.sum(own, axis=0) > 0, "float32"))
        return ops.sum(ops.log1p(near)) / present + ops.mean(ops.log1p(far))


@dataclasses.dataclass(frozen=True)
class NormalizedSoftmax(Criterion):
    """Computes the normalized softmax loss: cross-entropy of cosines to trained class vectors.

    Formula, with h standardized over its L values as layer normalization does, without weights:

        z = h / |h|,    loss = mean_i CE(y_i, z_i . p_c / (temperature |p_c|))

    Args:
        temperature: sigma. 0.05 in the paper.

    Reference: Classification is a Strong Baseline for Deep Metric Learning, arXiv 1811.12649.
    """

    temperature: float = 0.05

    def weights(self, num_classes, code_length, random):
        return {"proxies": directions(num_classes, code_length, random)}

    def embedding(self, outputs):
        centered = outputs - ops.mean(outputs, axis=-1, keepdims=True)
        variance = ops.mean(ops.square(centered), axis=-1, keepdims=True)
        return centered / ops.sqrt(variance + 1e-5)

    def loss(self, labels, embeddings, weights, centers, progress):
        proxies = ops.normalize(weights["proxies"], axis=-1)
        cosines = ops.matmul(ops.normalize(embeddings, axis=-1), ops.transpose(proxies))
        return cross_entropy(labels, cosines / self.temperature)


@dataclasses.dataclass(frozen=True)
class Softmax(Classifier):
    """Computes the cross-entropy of a linear classifier of the hash layer's L outputs.

    Formula, with labels t smoothed by e:

        loss = mean_i CE((1 - e) t_i + e / C, h_i W + c)

    Args:
        smoothing: e, from 0 on and below 1.
    """

    smoothing: float = 0.0

    def loss(self, labels, embeddings, weights, centers, progress):
        return cross_entropy(labels, self.logits(embeddings, weights), self.smoothing)
