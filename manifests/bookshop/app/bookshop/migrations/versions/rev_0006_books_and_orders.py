"""Books and orders: the schema of 1.2.0. Earlier revisions are folded into this one."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = None

BOOKS = (
    ("Middlemarch", "George Eliot", 1290),
    ("Emma", "Jane Austen", 990),
    ("Bleak House", "Charles Dickens", 1490),
    ("Jane Eyre", "Charlotte Brontë", 1090),
    ("Dracula", "Bram Stoker", 890),
    ("Moby Dick", "Herman Melville", 1390),
    ("Walden", "Henry David Thoreau", 950),
    ("Ulysses", "James Joyce", 1690),
)


def upgrade() -> None:
    """Create the tables and put books on the shelf."""
    books = op.create_table(
        "books",
        sa.Column("id", sa.Integer, sa.Identity(), primary_key=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("price_cents", sa.Integer, nullable=False),
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("book_id", sa.Integer, sa.ForeignKey("books.id"), nullable=False),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.Column("total_cents", sa.Integer, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.bulk_insert(
        books, [{"title": title, "author": author, "price_cents": p} for title, author, p in BOOKS]
    )


def downgrade() -> None:
    """Remove the shop."""
    op.drop_table("orders")
    op.drop_table("books")
