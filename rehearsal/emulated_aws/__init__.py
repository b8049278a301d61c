"""AWS on the loopback interface: MiniStack and moto in one process, and small modules for what both lack."""
