"""Examples that are installed with the package, so that ``interlock demo`` runs anywhere."""
