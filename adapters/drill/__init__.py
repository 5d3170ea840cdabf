"""A drill: one scenario file, played in a world of its own, judged by the sandbox's book."""
