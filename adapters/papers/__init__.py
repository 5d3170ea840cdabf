"""The legal documents that travel with orders, as PDF."""

from adapters.papers.render import render

__all__ = ["render"]
