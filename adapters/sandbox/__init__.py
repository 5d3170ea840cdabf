"""The practice institutions: an independent process that knows the centre only by the wire."""
