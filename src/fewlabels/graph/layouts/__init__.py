"""A place in two dimensions for every node of a graph."""
