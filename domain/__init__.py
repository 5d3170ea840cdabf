"""What the law and the institutions mean. Pure: no I/O, no Temporal, no SQLAlchemy."""
