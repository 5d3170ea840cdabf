"""Notices on their way to people: the bell that rings them, and one adapter a channel."""
