"""Models, each behind a small protocol; the libraries they need are extras."""
