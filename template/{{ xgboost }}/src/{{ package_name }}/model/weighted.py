"""XGBoost's classifier with weights of classes, as scikit-learn's classifiers have them."""

from typing import Any

from numpy.typing import NDArray
from sklearn.utils.class_weight import compute_sample_weight
from xgboost import XGBClassifier


class WeightedXGBClassifier(XGBClassifier):
    """class_weight: None, `balanced`, or code of a class -> weight."""

    def __init__(self, class_weight: Any = None, **parameters: Any) -> None:
        super().__init__(**parameters)
        self.class_weight = class_weight

    def fit(
        self, X: NDArray[Any], y: NDArray[Any], sample_weight: NDArray[Any] | None = None
    ) -> "WeightedXGBClassifier":
        """X: shape (n, n_features). y: codes, shape (n,)."""
        weight = compute_sample_weight(self.class_weight, y)
        weight = weight if sample_weight is None else weight * sample_weight
        super().fit(X, y, sample_weight=weight)
        return self

    def get_xgb_params(self) -> dict[str, Any]:
        """What the trees are grown with; the weights are in the rows."""
        found: dict[str, Any] = super().get_xgb_params()
        return {name: value for name, value in found.items() if name != "class_weight"}
