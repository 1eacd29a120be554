"""AWS around the stores: parameters, secrets, keys, and the Lambda handlers."""
