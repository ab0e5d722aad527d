"""Books get a rating: needed by 1.4.0 and its patches. Older code works on it."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the column; a book that nobody rated has none."""
    op.add_column("books", sa.Column("rating", sa.SmallInteger))
    op.create_check_constraint("books_rating_check", "books", "rating BETWEEN 1 AND 5")


def downgrade() -> None:
    """Take the column back."""
    op.drop_constraint("books_rating_check", "books")
    op.drop_column("books", "rating")
