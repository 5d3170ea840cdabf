"""What an institution refused and a person has to see to: money not held or not followed, holds that nothing ends."""

REFUSED = """
    SELECT o.case_id, o.account, o.institution, o.measure, o.code, o.answered_at FROM orders o
    WHERE o.measure IN ('stop', 'query') AND o.account IS NOT NULL
    AND (o.outcome_kind = 'refused' OR (o.outcome_kind = 'held_elsewhere' AND o.measure = 'stop'))
    AND NOT EXISTS (
        SELECT FROM orders l WHERE l.case_id = o.case_id AND l.account = o.account AND l.measure = o.measure
        AND l.sequence > o.sequence)
    AND (
        NOT EXISTS (SELECT FROM measures m WHERE m.account = o.account AND m.ended_at IS NULL)
        OR (o.measure = 'query' AND EXISTS (
                SELECT FROM claims cl
                WHERE cl.case_id = o.case_id AND cl.account = o.account AND cl.attributed_fen > cl.frozen_fen)
            AND NOT EXISTS (
                SELECT FROM statements t JOIN holds h ON h.account = t.account AND h.stop_order = t.stop_order
                WHERE t.account = o.account AND t.complete)))
    AND NOT EXISTS (
        SELECT FROM claims cl WHERE cl.case_id = o.case_id AND cl.account = o.account AND cl.released)
    AND NOT EXISTS (
        SELECT FROM case_accounts ca JOIN statements t ON t.account = ca.account
        WHERE ca.case_id = o.case_id AND ca.account = o.account AND ca.attributed_fen = 0)
"""
"""One row an order, of open and closed cases.

Only the last of its kind counts: asked again, the new answer does. An account that any case's measure holds, that was
let go, or that by its statement has none of the case's money any more is none of them; but of a refused query one that
is held is, while the case's freezes do not cover its money there and no statement taken under the stop says what left.
"""

ENDS = "e.measure IN ('lift', 'unfreeze') AND (e.outcome_kind IN ('executed', 'partial') OR e.code = '1900')"
"""Whether order `e` has ended its original: done, or too late because that had ended by itself."""

NOT_ENDED = """
    SELECT o.case_id, o.account, o.institution, o.measure, o.code, o.answered_at, m.expires, m.amount_fen FROM orders o
    JOIN measures m ON m.application_id = o.original
    WHERE o.measure IN ('lift', 'unfreeze') AND o.outcome_kind IN ('refused', 'held_elsewhere') AND m.ended_at IS NULL
    AND NOT EXISTS (
        SELECT FROM orders l WHERE l.original = o.original AND l.measure = o.measure
        AND (l.written_at, l.application_id) > (o.written_at, o.application_id))
    AND NOT (m.kind = 'stop' AND EXISTS (
        SELECT FROM claims cl JOIN cases c ON c.case_id = cl.case_id
        WHERE cl.account = m.account AND NOT cl.released AND cl.attributed_fen > cl.frozen_fen
        AND c.status <> 'closed'))
"""
"""One row an order that an institution refused although it was to let go, of open and closed cases; `expires`: until
when the measure holds the account by itself, `amount_fen`: of a freeze.

Asked again, the new answer counts. A stop that an open case wants again meanwhile is none of them.
"""
