"""What experiments and flags are made with: audiences, metrics, layers and holdouts."""
