"""Folders that a server, or a browser, takes as they are."""

from classwise.export.bundles.bundle import BUNDLES, BundleReport, write_bundle

__all__ = ["BUNDLES", "BundleReport", "write_bundle"]
