// The condition builder where scripts run.
