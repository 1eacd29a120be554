"""DuckDB: moments from files and exported events, by SQL over Parquet, CSV and Arrow."""
