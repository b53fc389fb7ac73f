"""The table of bench_model.py as SQLAlchemy maps it."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, Numeric, SmallInteger, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """The base of mapped classes."""


class Orders(Base):
    """A row of orders."""

    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    userid: Mapped[int] = mapped_column(BigInteger)
    payment: Mapped[Decimal] = mapped_column(Numeric(20, 2))
    status: Mapped[int] = mapped_column(SmallInteger)
    title: Mapped[str] = mapped_column(String(80))
    create_time: Mapped[datetime]
    update_time: Mapped[datetime | None]
