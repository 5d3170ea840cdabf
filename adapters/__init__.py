"""The outside, behind ports."""
