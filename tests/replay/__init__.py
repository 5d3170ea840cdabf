"""Committed histories, replayed on this code."""
