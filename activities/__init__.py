"""What workflows ask of the world: one file a counterpart, and the ports the adapters fill."""
