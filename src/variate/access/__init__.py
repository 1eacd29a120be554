"""Who may ask: keys, people and their sessions."""
