"""What was changed, by whom, when, and how it was before; and whether the log stands as it was written."""
