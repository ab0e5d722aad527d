"""Books get a publisher: 1.4.3. Fails midway, after real work, on the data that is there."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0007"


def upgrade() -> None:
    """Add and fill the column, then demand of it what the filled-in values cannot meet."""
    op.add_column("books", sa.Column("publisher", sa.Text))
    op.execute("UPDATE books SET publisher = 'unknown'")
    op.create_unique_constraint("books_publisher_key", "books", ["publisher"])


def downgrade() -> None:
    """Take the column back."""
    op.drop_column("books", "publisher")
