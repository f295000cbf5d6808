"""The vocabulary of trade credit, and the facts of one order: the only file that knows credit records and policy names.

A client may send only facts from "request"; the rest comes from the ledger, the customer's master record and bureaus,
or is computed here from those.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from credit.currencies import MINOR_DIGITS
from credit.escalation import CHANNELS
from credit.receivables import FORMS
from credit.security import INSTRUMENTS, ISSUED
from credit.terms import parse_terms
from policy.kinds import Value
from policy.meaning import GROUP_FACTS
from policy.vocabulary import FactDeclaration, ListDeclaration, TermsLiteral, Vocabulary
from rules.calendars import is_calendar

TRADE = "trade-credit-1"
LOOK_BACK_DAYS = 60  # as far as the ledger hands earlier orders to a decision

_BETTER = {  # which values speak for the customer; a promise about another fact says so itself
    "customer.score": "higher", "customer.months_trading": "higher", "customer.annual_revenue": "higher",
    "customer.average_days_late": "lower", "order.prepaid": "higher", "limit.granted": "higher",
    "account.exposure": "lower", "account.open_amount": "lower", "account.overdue_amount": "lower",
    "account.oldest_overdue_days": "lower", "account.dunning_level": "lower", "account.late_invoices": "lower",
    "account.days_late_total": "lower",
}  # fmt: skip
_NEVER_NEGATIVE = (  # what the doors refuse, and what the ledger counts, is never below zero
    "order.prepaid", "order.credit_amount", "order.unsecured_amount", "order.requested_days", "limit_request.amount",
    "customer.months_trading", "customer.average_days_late", "account.open_amount", "account.overdue_amount",
    "account.oldest_overdue_days", "account.average_invoice", "account.invoices", "account.paid_invoices",
    "account.late_invoices", "account.days_late_total", "account.dunning_level",
)  # fmt: skip
_LEAST = {**dict.fromkeys(_NEVER_NEGATIVE, 0), "order.amount": 1}  # an order is worth more than nothing


def _declared(name: str, kind: str, source: str, en: str, zh: str, *choices: str) -> FactDeclaration:
    return FactDeclaration(name, kind, source, {"en": en, "zh": zh}, "refer", choices, _BETTER.get(name, ""),
                           least=_LEAST.get(name))  # fmt: skip


_FACTS = (
    _declared("as_of", "date", "computed", "the day of the decision", "决策日"),
    _declared("order.amount", "money", "request", "the value of the order", "订单金额"),
    _declared("order.prepaid", "money", "request", "what is paid in advance", "预付金额"),
    _declared("order.credit_amount", "money", "computed", "the amount that is not prepaid", "未预付金额"),
    _declared("order.unsecured_amount", "money", "computed", "neither prepaid nor secured", "未预付且无担保"),
    _declared("order.requested_terms", "terms", "request", "the payment terms asked for", "申请的付款条件"),
    _declared("order.requested_days", "days", "computed", "days until the last payment asked for", "申请的账期"),
    _declared("order.placed_on", "date", "request", "the day the order was placed", "下单日"),
    _declared("order.deliver_by", "date", "request", "the day of delivery, the expected invoice date", "交货日"),
    _declared("limit_request.amount", "money", "request", "the limit that is asked for", "申请的额度"),
    _declared("limit_request.valid_until", "date", "request", "the last day it is asked for", "申请额度的截止日"),
    _declared("customer.id", "text", "ledger", "the customer's number", "客户编号"),
    _declared("customer.group", "text", "master", "the group that the customer belongs to", "所属集团"),
    _declared("customer.score", "count", "bureau", "credit score, higher is better", "信用评分"),
    _declared("customer.months_trading", "months", "master", "months since the first trade", "合作月数"),
    _declared("customer.average_days_late", "days", "ledger",
              "average days late of paid invoices, rounded up to a whole day", "已付发票平均逾期天数（向上取整）"),
    _declared("customer.insolvent", "flag", "bureau", "insolvency proceedings are open", "已进入破产程序"),
    _declared("customer.annual_revenue", "money", "master", "revenue of the last full year", "年营业额"),
    _declared("customer.country", "text", "master", "country code, ISO 3166", "国家代码"),
    _declared("customer.type", "choice", "master", "what kind of customer", "客户类型",
              "company", "school", "government", "hospital", "person"),
    _declared("limit.granted", "limit", "ledger", "the limit that a person granted", "批准的信用额度"),
    _declared("group.limit", "limit", "ledger", "the limit of the customer's group", "所属集团的信用额度"),
    _declared("group.exposure", "money", "ledger", "all that the whole group owes or has reserved, before this order",
              "集团当前信用敞口"),
    _declared("account.exposure", "money", "ledger", "all that is owed or reserved, before this order", "当前信用敞口"),
    _declared("account.open_amount", "money", "ledger", "invoices not yet paid", "未付发票金额"),
    _declared("account.overdue_amount", "money", "ledger", "invoices past their due date", "逾期金额"),
    _declared("account.oldest_overdue_days", "days", "ledger", "days overdue of the oldest open one", "最长逾期天数"),
    _declared("account.dunning_level", "count", "ledger",
              "steps after the due date that the ladder took of an open invoice, of the one with the most",
              "未付发票已执行的到期后催收步骤数（取最多者）"),
    _declared("account.invoices", "count", "ledger", "invoices written so far", "发票总数"),
    _declared("account.paid_invoices", "count", "ledger", "invoices paid so far", "已付发票数"),
    _declared("account.late_invoices", "count", "ledger", "paid invoices that were paid late", "迟付发票数"),
    _declared("account.days_late_total", "days", "ledger", "days late of all paid invoices together", "累计逾期天数"),
    _declared("account.orders_held", "flag", "ledger", "a hold stops new orders, of the account or of orders alone",
              "新订单已被冻结（订单冻结或账户冻结）"),
    _declared("account.held", "flag", "ledger", "a hold stops the whole account", "账户已被冻结"),
    _declared("account.average_invoice", "money", "ledger", "average amount of an invoice", "平均发票金额"),
)  # fmt: skip

_LISTS = (
    ListDeclaration("invoices", {field.name: field for field in (
        _declared("invoice_id", "text", "ledger", "the number of the invoice", "发票号"),
        _declared("amount", "money", "ledger", "the invoiced amount", "发票金额"),
        _declared("open_amount", "money", "ledger", "what is still to be paid", "未付金额"),
        _declared("invoiced_on", "date", "ledger", "the date of the invoice", "开票日"),
        _declared("due_on", "date", "ledger", "the day it must be paid", "到期日"),
        _declared("days_overdue", "days", "ledger", "days since the due date, 0 before", "逾期天数"),
        _declared("disputed", "flag", "ledger", "the customer disputes it", "有争议"),
        _declared("dunning_level", "count", "ledger", "steps after its due date that the ladder took",
                  "到期后已执行的催收步骤数"),
        _declared("form", "choice", "ledger", "how the invoice was sent", "发票形式（电子或纸质）", *FORMS),
    )}, {"en": "open invoices of this customer", "zh": "该客户的未付发票"}, dated_by="invoiced_on"),
    ListDeclaration("payments", {field.name: field for field in (
        _declared("invoice_id", "text", "ledger", "the number of the invoice that was paid", "所付发票号"),
        _declared("amount", "money", "ledger", "what was paid: the amount of the invoice", "付款金额（即发票金额）"),
        _declared("invoiced_on", "date", "ledger", "the date of the invoice", "开票日"),
        _declared("due_on", "date", "ledger", "the day it had to be paid", "到期日"),
        _declared("paid_on", "date", "ledger", "the day it was paid", "付款日"),
        _declared("days_late", "days", "ledger", "days from the due date to the payment, 0 in time", "迟付天数"),
    )}, {"en": "paid invoices of this customer, each one payment", "zh": "该客户已付的发票，每张计一次付款"},
        dated_by="paid_on"),
    ListDeclaration("earlier_orders", {field.name: field for field in (
        _declared("amount", "money", "ledger", "the value of the order", "订单金额"),
        _declared("unsecured_amount", "money", "ledger", "what it held of the limit", "占用额度"),
        _declared("placed_on", "date", "ledger", "the day it was decided", "决策日"),
    )}, {"en": f"orders approved in the {LOOK_BACK_DAYS} days before this one, never this order itself",
         "zh": f"此前 {LOOK_BACK_DAYS} 天内已批准的订单（不含本单）"}, days=LOOK_BACK_DAYS, dated_by="placed_on"),
    ListDeclaration("holds", {field.name: field for field in (
        _declared("placed_on", "date", "ledger", "the day the account was put on hold", "冻结日"),
        _declared("released_on", "date", "ledger", "the day the hold ended, missing while it lasts", "解冻日"),
    )}, {"en": "holds of this account, those that ended too", "zh": "该账户的冻结记录（含已解除的）"},
        dated_by="placed_on"),
)
_LATER_LISTS = {"orders": f"use earlier_orders, which holds the last {LOOK_BACK_DAYS} days"}  # fmt: skip


@cache
def trade_vocabulary() -> Vocabulary:
    """Every word that a trade credit policy may use without declaring it."""
    return Vocabulary(
        name=TRADE,
        facts={fact.name: fact for fact in _FACTS},
        lists={listing.name: listing for listing in _LISTS},
        later_lists=_LATER_LISTS,
        currencies=MINOR_DIGITS,
        instruments=INSTRUMENTS,
        issued=ISSUED,
        read_terms=read_terms,
        built_in=files("rules").joinpath("built_in.yaml").read_text("utf-8"),
        built_in_of=((GROUP_FACTS, files("rules").joinpath("built_in_groups.yaml").read_text("utf-8")),),
        built_in_of_holds=files("rules").joinpath("built_in_holds.yaml").read_text("utf-8"),
        items={"invoice": "invoices"},
        channels=CHANNELS,
        is_calendar=is_calendar,
        together=can_be_one_order,
    )


def can_be_one_order(facts: Mapping[str, Value]) -> bool:
    """Whether facts can be those of one order: not more prepaid than it is worth, days that its terms have."""
    derived = ("order.credit_amount", "order.requested_days")
    follow = computed_facts({name: value for name, value in facts.items() if name not in derived})
    amount, prepaid, credit, unsecured = (
        value if isinstance(value, int) else None
        for value in (facts.get("order.amount"), facts.get("order.prepaid", 0),
                      facts.get("order.credit_amount"), facts.get("order.unsecured_amount"))
    )  # fmt: skip
    rising = [value for value in (0, unsecured, credit, amount) if value is not None]
    if rising != sorted(rising) or (amount is not None and prepaid is not None and prepaid > amount):
        return False
    return all(name not in follow or facts.get(name, follow[name]) == follow[name] for name in derived)


@cache
def read_terms(text: str) -> TermsLiteral | None:
    """Payment terms as engines see them, None where the text is none."""
    try:
        terms = parse_terms(text)
    except ValueError:
        return None
    spelling = str(terms)
    return TermsLiteral(spelling, terms.net_days, terms.is_plain, terms.is_prepaid)


def computed_facts(given: Mapping[str, Value | None]) -> dict[str, Value | None]:
    """The given facts and those that follow from them; what is given wins over what would be computed."""
    facts = dict(given)
    amount, prepaid = facts.get("order.amount"), facts.get("order.prepaid")
    if isinstance(amount, int):
        facts.setdefault("order.credit_amount", amount - (prepaid if isinstance(prepaid, int) else 0))
    credit_amount = facts.get("order.credit_amount")
    if isinstance(credit_amount, int):
        facts.setdefault("order.unsecured_amount", credit_amount)  # the register of securities is a later issue
    requested = facts.get("order.requested_terms")
    if isinstance(requested, str) and (terms := read_terms(requested)) is not None:
        facts.setdefault("order.requested_days", terms.net_days)
    return facts
