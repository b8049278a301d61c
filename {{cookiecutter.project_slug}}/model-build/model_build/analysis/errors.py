"""The error of data that can't be used."""


class DataError(ValueError):
    """One line: which column or file, what is wrong with it, what would be accepted."""
