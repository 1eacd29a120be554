"""The management API over the whole service: a real socket, SQLite behind."""
