"""Keys, people, and one's own account."""
