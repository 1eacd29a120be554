"""Reports for people: Markdown, a page with charts, and the charts."""
