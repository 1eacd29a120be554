"""The dashboard as somebody sees it who has a thousand experiments, and what the same costs without us."""
