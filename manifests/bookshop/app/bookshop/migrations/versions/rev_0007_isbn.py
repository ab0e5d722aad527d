"""Books get an ISBN: needed by 1.3.0. Older code works on it."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the column and number the books we have."""
    op.add_column("books", sa.Column("isbn", sa.Text, nullable=False, server_default=""))
    op.execute("UPDATE books SET isbn = '978-0-00-' || lpad(id::text, 6, '0') || '-0'")


def downgrade() -> None:
    """Take the column back."""
    op.drop_column("books", "isbn")
