"""The carriers' gateway: how the centre speaks to telephone companies (DOMAIN section 6, docs/wire.md section 5)."""
