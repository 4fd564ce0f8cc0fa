"""The labelling page's server: routes behind a guard, events, and the page's own files."""

from fewlabels.web._serving import Listener, open_listener, serve

__all__ = ["Listener", "open_listener", "serve"]
