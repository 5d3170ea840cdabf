"""The codec endpoint: the Temporal Web UI reads and writes sealed payloads through it, for officers who logged in."""
