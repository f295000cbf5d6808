"""One transaction, and everything a caller may read or write in it.

`Database.write()` and `Database.read()` (storage/engine.py) hand out a `Work`; leaving their block commits, an
exception takes everything back. The repositories share the transaction: what one writes, the others see.

    with database.write() as work:
        claim = work.decisions.claim(client, idempotency_key, body_hash)
        locked = work.accounts.lock(customer_id)
        ...                                        # evaluate: no I/O
        work.decisions.record(locked, new_decision)
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from storage.answers import Answers
from storage.blocks import Blocks
from storage.clock import read_clock
from storage.contacts import Contacts
from storage.conversions import Conversions
from storage.customers import Customers
from storage.decisions import Decisions
from storage.documents import Documents
from storage.erasures import Erasures
from storage.escalation import Escalation
from storage.events import Events
from storage.exposure_ledger import Accounts
from storage.grants import Grants
from storage.group_movements import GroupMovements
from storage.groups import Groups
from storage.holds import Holds
from storage.identities import Identities
from storage.imports import Imports
from storage.invoice_days import InvoiceDays
from storage.keys import Keys
from storage.late_charges import LateCharges
from storage.legal_cases import LegalCases
from storage.letter_erasures import LetterErasures
from storage.letters import KeptLetters
from storage.limits import Limits
from storage.log_entries import LogEntries
from storage.messages import Messages
from storage.open_items import OpenItems
from storage.origins import Origins
from storage.outbox import Outbox
from storage.people import People
from storage.policies import Policies
from storage.policy_approvals import Submissions
from storage.policy_challenges import Challenges
from storage.policy_drafts import Drafts
from storage.policy_simulations import Simulations
from storage.proofs import Proofs
from storage.rates import Rates
from storage.receivables import Invoices
from storage.referrals import Referrals
from storage.reservations import Reservations
from storage.retention import Retention
from storage.revaluation import Revaluation
from storage.reviews import Reviews
from storage.settlements import Settlements
from storage.states import States
from storage.told_facts import ToldFacts
from storage.transparency import TransparencyLog
from storage.waiting import Queues


class Work:
    """The repositories of one transaction."""

    def __init__(self, connection: Connection) -> None:
        """Give every repository the transaction's connection."""
        self._connection = connection
        self.customers = Customers(connection)
        self.accounts = Accounts(connection)
        self.limits = Limits(connection)
        self.told_facts = ToldFacts(connection)
        self.rates = Rates(connection)
        self.conversions = Conversions(connection)
        self.invoices = Invoices(connection, self.accounts)
        self.revaluation = Revaluation(connection, self.accounts)
        self.log_entries = LogEntries(connection)
        self.events = Events(connection, self.log_entries)
        self.reservations = Reservations(connection, self.accounts, self.events)
        self.decisions = Decisions(connection, self.accounts, self.reservations, self.log_entries)
        self.group_movements = GroupMovements(connection, self.limits)
        self.groups = Groups(connection, self.accounts)
        self.grants = Grants(connection, self.accounts)
        self.referrals = Referrals(connection)
        self.answers = Answers(connection)
        self.states = States(connection, self.events)
        self.policies = Policies(connection)
        self.holds = Holds(connection, self.events)
        self.documents = Documents(connection, self.events)
        self.blocks = Blocks(connection, self.events)
        self.invoice_days = InvoiceDays(connection, self.events)
        self.settlements = Settlements(connection, self.accounts, self.events)
        self.late_charges = LateCharges(connection, self.invoices, self.events)
        self.open_items = OpenItems(connection)
        self.origins = Origins(connection)
        self.legal_cases = LegalCases(connection, self.events)
        self.reviews = Reviews(connection, self.events)
        self.escalation = Escalation(connection)
        self.outbox = Outbox(connection, self.log_entries, self.events)
        self.messages = Messages(connection)
        self.contacts = Contacts(connection, self.events)
        self.proofs = Proofs(connection, self.events)
        self.letters = KeptLetters(connection, self.log_entries)
        self.challenges = Challenges(connection)
        self.drafts = Drafts(connection, self.events)
        self.simulations = Simulations(connection, self.events)
        self.submissions = Submissions(connection, self.events, self.policies)
        self.keys = Keys(connection, self.events)
        self.people = People(connection, self.events)
        self.identities = Identities(connection, self.events)
        self.letter_erasures = LetterErasures(connection)
        self.erasures = Erasures(connection, self.events)
        self.retention = Retention(connection)
        self.imports = Imports(connection)
        self.queues = Queues(connection)
        self.log = TransparencyLog(connection)

    def now(self) -> datetime:
        """What the database's clock says."""
        return read_clock(self._connection)
