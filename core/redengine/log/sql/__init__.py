"""The log in a table of a database, through SQLAlchemy."""
