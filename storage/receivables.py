"""Invoices as they were imported, with what is open of each.

An import changes what a customer owes, so it writes one movement on the account: the balance always ties back to its
movements. Invoices are facts, not new risk: no ceiling refuses them. What a file says of an invoice never undoes what
payments, credit notes and write-offs took from it here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain

from sqlalchemy import Connection, and_, bindparam, func, insert, or_, select, union

from credit.allocation import reduced_by, settled_on
from credit.money import Money
from storage.conversions import Conversions
from storage.exposure_ledger import Accounts, Movement
from storage.failures import NotAllowed, Refused
from storage.instalments import Numbers, by_number, items_named, unfit
from storage.invoice_rows import CHANGE, INVOICES, Invoice, changed_row, invoice_row, read_invoice
from storage.listed import is_one_of
from storage.prepared import Prepared
from storage.rates import Rate, Rates
from storage.reduction_texts import reduced_after
from storage.tables import account, invoice
from storage.turns import take_turn

__all__ = ["Invoice", "InvoiceCounts", "InvoiceOwner", "Invoices", "Valuing", "with_discount", "with_reductions"]

CUSTOMERS_AT_ONCE = 500
OWNED = (invoice.c.customer_id, invoice.c.currency)
OF_CUSTOMER = Prepared(
    INVOICES.where(invoice.c.customer_id == bindparam("wanted")).order_by(invoice.c.invoiced_on, invoice.c.invoice_id)
)


@dataclass(frozen=True, slots=True)
class InvoiceOwner:
    """Who has to pay the invoice of a number, in which currency."""

    invoice_id: str
    customer_id: str
    currency: str


@dataclass(frozen=True, slots=True)
class InvoiceCounts:
    """What an import did with its invoices; one in instalments counts once."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0


class Valuing:
    """What invoices count as on one day, each rate looked up once."""

    def __init__(self, connection: Connection, as_of: date) -> None:
        """Read rates over the transaction's connection."""
        self._rates, self._as_of = Rates(connection), as_of
        self._known: dict[tuple[str, str], Rate | None] = {}

    def rate(self, currency: str, kept_in: str) -> Rate | None:
        """The rate from one currency into that of an account, however old; None where none was ever told."""
        if (currency, kept_in) not in self._known:
            self._known[currency, kept_in] = self._rates.of_day(currency, kept_in, self._as_of)
        return self._known[currency, kept_in]

    def value(self, one: Invoice, kept_in: str) -> Invoice:
        """The invoice with what it counts as in an account's currency.

        Raises: Refused for a currency without a rate, and for more than an account can hold.
        """
        if one.currency == kept_in:
            return replace(one, carrying_amount=None, rate_id=None, valued_on=None)
        found = self.rate(one.currency, kept_in)
        if found is None:
            told = f"invoice '{one.invoice_id}' is in '{one.currency}'; the account is kept in '{kept_in}'"
            raise Refused(f"{told}, and no rate is known; add one")
        try:
            counted = found.rate.convert(Money(one.amount, one.currency)).minor
        except ValueError as error:
            raise Refused(f"invoice '{one.invoice_id}': {error}") from None
        return replace(one, carrying_amount=counted, rate_id=found.rate_id, valued_on=self._as_of)


class Invoices:
    """The invoices of one transaction."""

    def __init__(self, connection: Connection, accounts: Accounts) -> None:
        """Write over the transaction's connection, and move the accounts that the invoices change."""
        self._connection = connection
        self._accounts = accounts

    def wait_for_turn(self) -> None:
        """Wait until no import and no payment writes: what is read of invoices from here on, none of them changes."""
        take_turn(self._connection)

    def add_many(self, invoices: Sequence[Invoice], as_of: date) -> InvoiceCounts:
        """Store invoices, new or changed, and bring the accounts to what is open on `as_of`.

        One in another currency than its account's counts by the rate of `as_of`, until it is revalued.
        Raises: Refused for an unknown customer, a currency without a rate, or an invoice given twice.
        """
        refuse_repeats(invoices)
        take_turn(self._connection)
        total: Counter[str] = Counter()
        by_customer: dict[str, list[Invoice]] = {}
        for one in invoices:
            by_customer.setdefault(one.customer_id, []).append(one)
        for customers in in_batches(sorted(by_customer)):
            given = [one for customer_id in customers for one in by_customer[customer_id]]
            total += self._add_some(customers, given, as_of)
        return InvoiceCounts(total["added"], total["changed"], total["unchanged"])

    def enter(self, account_id: int, new: Sequence[Invoice]) -> bool:
        """Store an invoice that takes over what an order held, with its movement; False for one that is known already.

        It is given as all of its items: one, or its instalments. Take the account first. What is known is counted in
        the balance already, so it moves nothing.
        Raises: Refused for a known invoice with another amount; NotAllowed for the number of an instalment.
        """
        number, currency, amount = new[0].number, new[0].currency, sum(one.amount for one in new)
        beside = self.beside(new)
        stored = [one for one in beside if one.number == number]
        if any(one.charge_of is not None for one in stored):
            raise NotAllowed("invoice-known", f"'{number}' is the number of a late charge that was billed")
        if stored and (sum(one.amount for one in stored), stored[0].currency) == (amount, currency):
            return False
        if stored:
            raise Refused(f"invoice '{number}' is known with another amount; send that of the invoice")
        if (why := unfit(new, beside)) is not None:
            raise NotAllowed("invoice-known", why)
        self.add_new(account_id, new)
        return True

    def add_new(self, account_id: int, new: Sequence[Invoice]) -> None:
        """Store items of one customer whose numbers nobody has, with one movement. Take the account first."""
        self._connection.execute(insert(invoice), [invoice_row(one) for one in new])
        taken = self._accounts.take(account_id, facts_moved=True)
        counted = sum(one.counted for one in new)
        after = taken.balance + counted
        self._accounts.move(Movement(account_id, taken.version, "invoice", counted, after, None, None, taken.now))
        self._keep(account_id, taken.version, new)

    def named(self, customer_id: str, number: str) -> Sequence[str]:
        """What a customer has under a number: the invoice itself, or the instalments of the whole; else nothing."""
        return items_named(self._connection, customer_id, number)

    def beside(self, given: Sequence[Invoice]) -> tuple[Invoice, ...]:
        """The known invoices of the same customers that share a number with these, of a whole or of an instalment."""
        numbers = {one.number for one in given} | {one.invoice_id for one in given}
        same = or_(is_one_of(invoice.c.invoice_id, numbers), is_one_of(invoice.c.whole_id, numbers))
        mine = is_one_of(invoice.c.customer_id, {one.customer_id for one in given})
        return tuple(read_invoice(row) for row in self._connection.execute(INVOICES.where(mine, same)))

    def instalments_beside(self, given: Sequence[Invoice]) -> tuple[Invoice, ...]:
        """What may keep these from being stored: the instalments of their customers, and what is known beside theirs.

        Two invoices of one due date never hinder each other, so where there are no instalments nothing is read.
        """
        whole = [one for one in given if one.whole_id is not None]
        mine = is_one_of(invoice.c.customer_id, {one.customer_id for one in given})
        rows = self._connection.execute(INVOICES.where(mine, invoice.c.whole_id.is_not(None)))
        return (*map(read_invoice, rows), *(self.beside(whole) if whole else ()))

    def valuing(self, as_of: date) -> Valuing:
        """What invoices would count as on a day."""
        return Valuing(self._connection, as_of)

    def for_customer(self, customer_id: str, as_of: date | None = None) -> tuple[Invoice, ...]:
        """A customer's invoices by date, as a reader on `as_of` knew them: nothing invoiced or settled later."""
        if as_of is None:
            return tuple(read_invoice(row) for row in OF_CUSTOMER.run(self._connection, {"wanted": customer_id}))
        wanted = INVOICES.where(invoice.c.customer_id == customer_id, invoice.c.invoiced_on <= as_of.isoformat())
        rows = self._connection.execute(wanted.order_by(invoice.c.invoiced_on, invoice.c.invoice_id))
        return tuple(known_on(read_invoice(row), as_of) for row in rows)

    def bound(self, customers: Collection[str]) -> Mapping[tuple[str, str], Invoice]:
        """The invoices of some customers of which a file may not say everything: something of it was settled, or its
        discount is fixed. By customer and number.
        """
        fixed = or_(reduced_after(""), invoice.c.discount.is_not(None))
        wanted = INVOICES.where(invoice.c.customer_id.in_(customers), fixed)
        found = (read_invoice(row) for row in self._connection.execute(wanted))
        return {(one.customer_id, one.invoice_id): one for one in found}

    def of_customers(self, customer_ids: Collection[str], as_of: date) -> Mapping[str, tuple[Invoice, ...]]:
        """The invoices of some customers by date, each customer's as `for_customer` gives them."""
        of_some = is_one_of(invoice.c.customer_id, customer_ids)
        wanted = INVOICES.where(of_some, invoice.c.invoiced_on <= as_of.isoformat())
        found: dict[str, list[Invoice]] = {}
        for row in self._connection.execute(wanted.order_by(invoice.c.invoiced_on, invoice.c.invoice_id)):
            found.setdefault(row.customer_id, []).append(known_on(read_invoice(row), as_of))
        return {name: tuple(own) for name, own in found.items()}

    def numbered(self, numbers: Collection[str]) -> tuple[InvoiceOwner, ...]:
        """Whose the invoices and instalments of these numbers are, one for each customer who has such a one."""
        if not numbers:
            return ()
        whole = select(invoice.c.whole_id, *OWNED).where(is_one_of(invoice.c.whole_id, numbers))
        wanted = union(select(invoice.c.invoice_id, *OWNED).where(is_one_of(invoice.c.invoice_id, numbers)), whole)
        found = (InvoiceOwner(*row) for row in self._connection.execute(wanted))
        return tuple(sorted(found, key=lambda one: (one.customer_id, one.invoice_id)))

    def _add_some(self, customers: Sequence[str], given: Sequence[Invoice], as_of: date) -> Counter[str]:
        rows = self._connection.execute(INVOICES.where(invoice.c.customer_id.in_(customers)))
        stored = {(row.customer_id, row.invoice_id): read_invoice(row) for row in rows}
        _refuse_unfit(given, stored)
        given = self._valued(customers, given, stored, as_of)
        added = [one for one in given if (one.customer_id, one.invoice_id) not in stored]
        known = [one for one in given if (one.customer_id, one.invoice_id) in stored]
        changed = [one for one in known if stored[one.customer_id, one.invoice_id] != one]
        if added:
            self._connection.execute(insert(invoice), [invoice_row(one) for one in added])
        if changed:
            self._connection.execute(CHANGE, [changed_row(one) for one in changed])
        self._move(customers, (*added, *changed), as_of)
        return _counted(given, added, changed)

    def _valued(self, customers: Sequence[str], given: Sequence[Invoice],
                stored: Mapping[tuple[str, str], Invoice], as_of: date) -> Sequence[Invoice]:  # fmt: skip
        """The invoices with what they count as; one that is known with its amount keeps what it counts as."""
        rows = self._connection.execute(
            select(account.c.customer_id, account.c.currency).where(account.c.customer_id.in_(customers))
        )
        currencies = {row.customer_id: row.currency for row in rows}
        valuing = Valuing(self._connection, as_of)
        valued = []
        for one in given:
            if one.customer_id not in currencies:
                raise Refused(f"no customer '{one.customer_id}'; put the customer before its invoices")
            known = stored.get((one.customer_id, one.invoice_id))
            if known is not None:
                one = with_discount(with_reductions(one, known) if known.reductions else one, known)
                one = replace(one, dunned_on=known.dunned_on, disputes=known.disputes, terms=one.terms or known.terms,
                              charge_of=known.charge_of, charged_until=known.charged_until,
                              form=one.form or known.form)  # fmt: skip
            if known is not None and (known.amount, known.currency) == (one.amount, one.currency):
                one = replace(one, carrying_amount=known.carrying_amount, rate_id=known.rate_id,
                              valued_on=known.valued_on)  # fmt: skip
            else:
                one = valuing.value(one, currencies[one.customer_id])
            valued.append(one)
        return valued

    def _keep(self, account_id: int, version: int, invoices: Iterable[Invoice]) -> None:
        """Keep how those in another currency were converted."""
        items = [item for one in invoices if (item := one.converted) is not None]
        Conversions(self._connection).keep(account_id, version, items)

    def _move(self, customers: Sequence[str], stored: Sequence[Invoice], as_of: date) -> None:
        touched = {one.customer_id for one in stored}
        open_now = self._open_amounts(customers, as_of)
        rows = self._connection.execute(
            select(account.c.customer_id, account.c.account_id, account.c.open_receivables).where(
                account.c.customer_id.in_(customers)
            )
        ).all()
        moved = [
            row.customer_id
            for row in rows
            if row.customer_id in touched or open_now.get(row.customer_id, 0) != row.open_receivables
        ]
        if not moved:
            return
        ids = {row.customer_id: row.account_id for row in rows}
        self._accounts.lock_in_order(ids[customer_id] for customer_id in moved)
        open_now = self._open_amounts(moved, as_of)  # again: a conversion or a bill may have come before the lock
        for customer_id in sorted(moved):
            taken = self._accounts.take(ids[customer_id], facts_moved=True)
            amount = open_now.get(customer_id, 0) - taken.open_receivables
            after, now = taken.balance + amount, taken.now
            self._accounts.move(Movement(taken.account_id, taken.version, "invoice", amount, after, None, None, now))
            self._keep(taken.account_id, taken.version, (one for one in stored if one.customer_id == customer_id))

    def _open_amounts(self, customers: Sequence[str], as_of: date) -> Mapping[str, int]:
        """What is open on a day for each customer: added up by the database where the day does not matter."""
        day = as_of.isoformat()
        there = and_(invoice.c.customer_id.in_(customers), invoice.c.invoiced_on <= day)
        plain = and_(invoice.c.settled_on.is_(None), invoice.c.carrying_amount.is_(None), ~reduced_after(day))
        still = or_(invoice.c.settled_on.is_(None), invoice.c.settled_on > day)
        total: Counter[str] = Counter()
        sums = select(invoice.c.customer_id, func.sum(invoice.c.open_amount).label("open_amount"))
        for row in self._connection.execute(sums.where(there, plain).group_by(invoice.c.customer_id)):
            total[row.customer_id] += int(row.open_amount)
        for one in map(read_invoice, self._connection.execute(INVOICES.where(there, still, ~plain))):
            total[one.customer_id] += one.counted_on(as_of)
        return total


def _counted(given: Sequence[Invoice], added: Sequence[Invoice], changed: Sequence[Invoice]) -> Counter[str]:
    """How many numbers were added, changed and left as they were."""
    new, other, all_of = ({(one.customer_id, one.number) for one in some} for some in (added, changed, given))
    return Counter(added=len(new), changed=len(other - new), unchanged=len(all_of - new - other))


def _refuse_unfit(given: Sequence[Invoice], stored: Mapping[tuple[str, str], Invoice]) -> None:
    """Refuse what cannot stand beside what is known; without any instalment everything can."""
    if all(one.whole_id is None for one in chain(given, stored.values())):
        return
    known = Numbers(stored.values())
    for items in by_number(given):
        if (why := known.unfit(items)) is not None:
            raise Refused(why)
        known.add(items)


def in_batches(customers: Sequence[str]) -> Iterable[Sequence[str]]:
    """Customers in lots that one statement can name."""
    return (customers[start : start + CUSTOMERS_AT_ONCE] for start in range(0, len(customers), CUSTOMERS_AT_ONCE))


def refuse_repeats(invoices: Sequence[Invoice]) -> None:
    """Refuse a list that gives one invoice twice, as nobody could say which of the two counts."""
    counted = Counter((one.customer_id, one.invoice_id) for one in invoices)
    for (customer_id, invoice_id), times in counted.items():
        if times > 1:
            raise Refused(f"invoice '{invoice_id}' of '{customer_id}' is given {times} times; give it once")


def known_on(one: Invoice, as_of: date) -> Invoice:
    """An invoice as a reader on a day knew it."""
    later = one.settled_on is not None and one.settled_on > as_of
    reductions = tuple(given for given in one.reductions if given.on <= as_of)
    return replace(one, settled_on=None if later else one.settled_on, reductions=reductions)


def with_reductions(told: Invoice, known: Invoice) -> Invoice:
    """What a file says of an invoice, with what settlements took from it; what they settled stays settled by them.

    The rest is settled no earlier than they were.
    Raises: Refused for another currency, for less than they took, and for a later day than theirs.
    """
    taken = reduced_by(known.reductions)
    if taken and told.currency != known.currency:
        raise Refused(f"invoice '{told.invoice_id}' is paid in part in '{known.currency}'; its currency stays")
    if taken > told.amount:
        raise Refused(f"more of invoice '{told.invoice_id}' is settled than its new amount; take that back first")
    if any(told.invoiced_on > one.on for one in known.reductions):
        raise Refused(f"invoice '{told.invoice_id}' was paid in part before its new day; take that back first")
    rest = None if told.settled_on is None else max(told.settled_on, *(one.on for one in known.reductions))
    ended = settled_on(told.amount, known.reductions)
    return replace(told, reductions=known.reductions, settled_on=ended or rest)


def with_discount(told: Invoice, known: Invoice) -> Invoice:
    """What a file says of an invoice, with the discount that was fixed when it was entered; one may still be told where
    none was, while nothing of the invoice is settled.

    Raises: Refused for an amount that is not above the discount.
    """
    if told.early is not None and known.early is None and not known.reductions:
        return told
    if known.discount is not None and known.discount >= told.amount:
        raise Refused(f"invoice '{told.invoice_id}': its discount is not below its new amount")
    return replace(told, discount_until=known.discount_until, discount=known.discount)
