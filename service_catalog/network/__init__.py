"""Private subnets without a way to the internet, and the endpoints that isolated jobs and builds need there."""
