"""The numbers: what Holdfast takes beside what the bare engine takes, measured in the same run."""
