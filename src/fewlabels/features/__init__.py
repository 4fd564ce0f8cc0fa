"""From data to points: pictures, and what pretrained models make of texts and pictures.

All are scikit-learn transformers, and none needs labels.
"""

from fewlabels.features._cache import CacheEntry, cache_entries, cache_folder, clear_cache
from fewlabels.features.embeddings import Embeddings
from fewlabels.features.oriented_gradients import OrientedGradients

__all__ = [
    "CacheEntry",
    "Embeddings",
    "OrientedGradients",
    "cache_entries",
    "cache_folder",
    "clear_cache",
]
