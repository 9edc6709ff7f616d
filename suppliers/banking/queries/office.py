"""Under whose eyes bank details are read and written.

Note [In the office]: rows about bank details are written, and what a supplier may not read of them is read, under the
company's scope, taken for just that. Who acts stays who acts: it is they whom the audit trail names.
"""

from portal.kernel.actors import Actor, Channel

OFFICE = Actor.system("Bank details", Channel.RULE)
