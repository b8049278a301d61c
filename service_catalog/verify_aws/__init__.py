"""`make verify-aws`: tries on a real account what cannot be proved without one, and writes down what came out."""
