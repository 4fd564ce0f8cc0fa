"""Graphs in a folder, larger than memory: their format, how they are written, read and checked."""
