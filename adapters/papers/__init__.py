"""The legal documents that travel with orders, as PDF."""

from adapters.papers.render import Printer, render

__all__ = ["Printer", "render"]
