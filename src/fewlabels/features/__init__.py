"""From data to points: tables, texts, pictures and embeddings, as scikit-learn transformers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fewlabels._lazy import loaded_on_use

if TYPE_CHECKING:
    from fewlabels.features._cache import CacheEntry, cache_entries, cache_folder, clear_cache
    from fewlabels.features.embeddings import Embeddings
    from fewlabels.features.image_distortion import ImageDistortion
    from fewlabels.features.images import Images
    from fewlabels.features.new_points import NewPoints
    from fewlabels.features.oriented_gradients import OrientedGradients
    from fewlabels.features.points import Points, make_points
    from fewlabels.features.tables import Tables
    from fewlabels.features.texts import Texts

__all__ = [
    "CacheEntry",
    "Embeddings",
    "ImageDistortion",
    "Images",
    "NewPoints",
    "OrientedGradients",
    "Points",
    "Tables",
    "Texts",
    "cache_entries",
    "cache_folder",
    "clear_cache",
    "make_points",
]

# Loaded when first used: pictures need Pillow, and not every table holds one.
_HOMES = {
    "CacheEntry": "_cache",
    "Embeddings": "embeddings",
    "ImageDistortion": "image_distortion",
    "Images": "images",
    "NewPoints": "new_points",
    "OrientedGradients": "oriented_gradients",
    "Points": "points",
    "Tables": "tables",
    "Texts": "texts",
    "cache_entries": "_cache",
    "cache_folder": "_cache",
    "clear_cache": "_cache",
    "make_points": "points",
}

__getattr__, __dir__ = loaded_on_use(__name__, _HOMES)
