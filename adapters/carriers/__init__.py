"""The carriers' gateway: how the centre speaks to telephone companies (rules section 6, docs/wire.md section 5)."""
