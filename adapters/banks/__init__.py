"""The platform's messages: how the centre speaks to banks and payment institutions (rules section 5, docs/wire.md)."""
