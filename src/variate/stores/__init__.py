"""Where things are kept: ``ports`` by role, and the backends behind them."""
