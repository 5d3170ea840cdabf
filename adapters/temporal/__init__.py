"""The engine: connecting to it, its converter, and the embedded stack."""
