"""The steps from the upload folder to the complementary DSF. Imports ``schemas``, never the reverse."""

__version__ = "0.1.0"
