"""An encoder as in BERT, small enough to be trained from nothing, and a head.

Weights of that family fit where the sizes are equal.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

N_POSITIONS = 512
EPSILON = 1e-12  # BERT's
# BERT's names within a layer -> PyTorch's; the longer ones first.
NAMES = {
    "attention.output.dense": "self_attn.out_proj",
    "attention.output.LayerNorm": "norm1",
    "intermediate.dense": "linear1",
    "output.dense": "linear2",
    "output.LayerNorm": "norm2",
}
QUERY, IN = "attention.self.query.", "self_attn.in_proj_"


class Embeddings(nn.Module):
    """A vector for each token and for its place."""

    def __init__(self, n_words: int, width: int, dropout: float) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(n_words, width, padding_idx=0)
        self.position_embeddings = nn.Embedding(N_POSITIONS, width)
        self.token_type_embeddings = nn.Embedding(2, width)
        for table in (self.word_embeddings, self.position_embeddings, self.token_type_embeddings):
            nn.init.normal_(table.weight, std=0.02)  # as in BERT
        self.LayerNorm = nn.LayerNorm(width, EPSILON)
        self.dropout = dropout

    def forward(self, ids: Tensor) -> Tensor:
        """ids: shape (n, length)."""
        places = self.position_embeddings.weight[: ids.shape[1]]
        kind = self.token_type_embeddings.weight[0]
        x: Tensor = self.LayerNorm(self.word_embeddings(ids) + places + kind)
        return functional.dropout(x, self.dropout, self.training)


class Transformer(nn.Module):
    """The mean of a text's tokens after the last layer, and a linear head.

    Source: Devlin and others (2019), BERT, arXiv:1810.04805; the mean in place of its first token:
    Reimers and Gurevych (2019), Sentence-BERT, arXiv:1908.10084.
    """

    def __init__(
        self, n_outputs: int, n_words: int, width: int, n_layers: int, n_heads: int, dropout: float
    ) -> None:
        super().__init__()
        self.embeddings = Embeddings(n_words, width, dropout)
        sizes = (width, n_heads, 4 * width, dropout, "gelu", EPSILON, True)
        self.layers = [nn.TransformerEncoderLayer(*sizes) for _ in range(n_layers)]
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(self.layers)})
        self.head = nn.Linear(width, n_outputs)

    def forward(self, ids: Tensor) -> Tensor:
        """ids: shape (n, length), 0 behind the end. Returns shape (n, n_outputs)."""
        return self.encoded(self.embeddings(ids), ids != 0)

    def encoded(self, x: Tensor, mask: Tensor) -> Tensor:
        """The outputs for embedded tokens, shape (n, length, width). mask: shape (n, length)."""
        for layer in self.layers:
            x = layer(x, src_key_padding_mask=~mask)
        weight = mask[:, :, None].to(x.dtype)
        outputs: Tensor = self.head((x * weight).sum(dim=1) / weight.sum(dim=1))
        return outputs

    def renamed(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Weights of a file of BERT's family by the names here; the others as they are."""
        found = {}
        for name, value in weights.items():
            if QUERY in name:
                three = [weights[name.replace("query", one)] for one in ("query", "key", "value")]
                found[name.replace(QUERY, IN)] = torch.cat(three)
            elif "attention.self." not in name:
                for theirs, ours in NAMES.items():
                    name = name.replace(theirs, ours)
                found[name] = value
        return found


def check_ids(ids: Tensor, n_words: int) -> None:
    """Raise ValueError where the network cannot take these ids of tokens."""
    key = "conf/default.yaml: models.network.sizes.n_words"
    if int(ids.max()) >= n_words:
        raise ValueError(f"{key} is {n_words}, and the vocabulary has {int(ids.max())} or more")
    if ids.shape[1] > N_POSITIONS:
        raise ValueError(f"conf/default.yaml: data.max_tokens must be at most {N_POSITIONS}")
