"""The pages of bank details: the supplier's own, our queue and case, and the one page behind 'this was not me'.

Note [Money]: whatever moves a change on asks for a second factor that was shown a moment ago (`for_money`); what stops
one asks for none.
"""
