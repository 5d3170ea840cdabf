"""Accounts where an institution refused a stop or a query and nothing holds the money: a person has to see to them."""

REFUSED = """
    SELECT o.case_id, o.account, o.institution, o.measure, o.code, o.answered_at FROM orders o
    WHERE o.measure IN ('stop', 'query') AND o.account IS NOT NULL
    AND (o.outcome_kind = 'refused' OR (o.outcome_kind = 'held_elsewhere' AND o.measure = 'stop'))
    AND NOT EXISTS (
        SELECT FROM orders l WHERE l.case_id = o.case_id AND l.account = o.account AND l.measure = o.measure
        AND l.sequence > o.sequence)
    AND NOT EXISTS (SELECT FROM measures m WHERE m.account = o.account AND m.ended_at IS NULL)
    AND NOT EXISTS (
        SELECT FROM claims cl WHERE cl.case_id = o.case_id AND cl.account = o.account AND cl.released)
    AND NOT EXISTS (
        SELECT FROM case_accounts ca JOIN statements t ON t.account = ca.account
        WHERE ca.case_id = o.case_id AND ca.account = o.account AND ca.attributed_fen = 0)
"""
"""One row an order, of open and closed cases.

Only the last of its kind counts: asked again, the new answer does. An account that any case's measure holds, that was
let go, or that by its statement has none of the case's money any more is none of them.
"""
