"""What an organisation's platform team publishes, versions and governs: the project stack, its form and its seeder."""
