"""An encoder as in BERT, small enough to be trained from nothing, and a head.

Its layers have BERT's names, so that weights of that family fit where the sizes are equal.
"""

from torch import Tensor, nn
from torch.nn import functional

N_POSITIONS = 512
EPSILON = 1e-12  # BERT's


class Attention(nn.Module):
    """Each token sees all tokens of its text. Source: Vaswani and others (2017), section 3.2."""

    def __init__(self, width: int, n_heads: int, dropout: float) -> None:
        super().__init__()
        layers = {name: nn.Linear(width, width) for name in ("query", "key", "value")}
        self.self = nn.ModuleDict(layers)
        self.output = _Output(width, width, dropout)
        self.n_heads, self.dropout = n_heads, dropout

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """x: shape (n, length, width). mask: (n, 1, 1, length), whether there is a token."""
        n, length, width = x.shape
        shape = (n, length, self.n_heads, width // self.n_heads)
        q, k, v = (layer(x).view(shape).transpose(1, 2) for layer in self.self.values())
        dropout = self.dropout if self.training else 0.0
        seen = functional.scaled_dot_product_attention(q, k, v, mask, dropout)
        together: Tensor = self.output(seen.transpose(1, 2).reshape(n, length, width), x)
        return together


class _Output(nn.Module):
    """A linear layer, added to what came in before."""

    def __init__(self, n_inputs: int, width: int, dropout: float) -> None:
        super().__init__()
        self.dense = nn.Linear(n_inputs, width)
        self.LayerNorm = nn.LayerNorm(width, EPSILON)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, before: Tensor) -> Tensor:
        added: Tensor = self.LayerNorm(self.dropout(self.dense(x)) + before)
        return added


class Layer(nn.Module):
    """Attention, and two linear layers for each token."""

    def __init__(self, width: int, n_heads: int, dropout: float) -> None:
        super().__init__()
        self.attention = Attention(width, n_heads, dropout)
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(width, 4 * width)})
        self.output = _Output(4 * width, width, dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Shapes as in Attention."""
        x = self.attention(x, mask)
        y: Tensor = self.output(functional.gelu(self.intermediate["dense"](x)), x)
        return y


class Embeddings(nn.Module):
    """A vector for each token and for its place."""

    def __init__(self, n_words: int, width: int, dropout: float) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(n_words, width, padding_idx=0)
        self.position_embeddings = nn.Embedding(N_POSITIONS, width)
        self.token_type_embeddings = nn.Embedding(2, width)
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
        self.layers = [Layer(width, n_heads, dropout) for _ in range(n_layers)]
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(self.layers)})
        self.head = nn.Linear(width, n_outputs)
        self.apply(_initialise)

    def forward(self, ids: Tensor) -> Tensor:
        """ids: shape (n, length), 0 behind the end. Returns shape (n, n_outputs)."""
        return self.encoded(self.embeddings(ids), ids != 0)

    def encoded(self, x: Tensor, mask: Tensor) -> Tensor:
        """The outputs for embedded tokens, shape (n, length, width). mask: shape (n, length)."""
        for layer in self.layers:
            x = layer(x, mask[:, None, None, :])
        weight = mask[:, :, None].to(x.dtype)
        outputs: Tensor = self.head((x * weight).sum(dim=1) / weight.sum(dim=1))
        return outputs


def _initialise(layer: nn.Module) -> None:
    """Normal numbers with a deviation of 0.02, as in BERT."""
    if isinstance(layer, nn.Linear | nn.Embedding):
        nn.init.normal_(layer.weight, std=0.02)
    if isinstance(layer, nn.Linear):
        nn.init.zeros_(layer.bias)


def check_ids(ids: Tensor, n_words: int) -> None:
    """Raise ValueError where the network cannot take these ids of tokens."""
    key = "conf/default.yaml: models.network.sizes.n_words"
    if int(ids.max()) >= n_words:
        raise ValueError(f"{key} is {n_words}, and the vocabulary has {int(ids.max())} or more")
    if ids.shape[1] > N_POSITIONS:
        raise ValueError(f"conf/default.yaml: data.max_tokens must be at most {N_POSITIONS}")
