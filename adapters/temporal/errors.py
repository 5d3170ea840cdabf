"""What the embedded stack says when it cannot go on."""


class StackError(Exception):
    """One clear sentence for a person, with the remedy."""
