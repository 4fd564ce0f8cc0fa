"""Nearest neighbours: exact for few points, approximate for many."""
