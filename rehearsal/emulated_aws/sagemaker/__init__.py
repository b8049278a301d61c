"""SageMaker: moto's records, and the behaviour moto lacks."""
