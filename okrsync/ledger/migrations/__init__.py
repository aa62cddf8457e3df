"""The changes of the schema. Alembic finds them here; schema.py runs them."""
